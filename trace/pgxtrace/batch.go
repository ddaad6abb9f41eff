package pgxtrace

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/monthend/monthend/trace"
)

// TraceBatchStart begins the one subsegment of a batch; its statements stand in it in order.
func (t *Tracer) TraceBatchStart(ctx context.Context, conn *pgx.Conn, data pgx.TraceBatchStartData) context.Context {
	if trace.ID(ctx) == "" || data.Batch == nil {
		return ctx
	}
	var all strings.Builder
	for i, q := range data.Batch.QueuedQueries {
		if i > 0 {
			all.WriteString(";\n")
		}
		if all.WriteString(q.SQL); all.Len() > 4*maxQuery { // at most 4 bytes a character: the rest would be cut
			break
		}
	}
	ctx = begin(ctx, endpointOf(conn), all.String(), "")
	traced(ctx).sub.Metadata("statements", len(data.Batch.QueuedQueries))
	return ctx
}

// TraceBatchQuery takes note of the result of one statement.
func (t *Tracer) TraceBatchQuery(ctx context.Context, _ *pgx.Conn, data pgx.TraceBatchQueryData) {
	if c := traced(ctx); c != nil {
		c.rows += max(0, rows(data.CommandTag))
		if c.err == nil {
			c.err = data.Err
		}
	}
}

// TraceBatchEnd ends the subsegment with the first error of a statement, or else the batch's own.
func (t *Tracer) TraceBatchEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceBatchEndData) {
	if c := traced(ctx); c != nil {
		if c.err == nil {
			c.err = data.Err
		}
		c.end(c.rows, c.err)
	}
}
