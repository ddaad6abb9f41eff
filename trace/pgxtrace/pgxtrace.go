// Package pgxtrace tells of PostgreSQL calls made with pgx as subsegments called database@host. It stands beside trace on the
// ground floor and is handed to pgx as a tracer. It is silent outside a segment and under trace.Silent, and it never tells an
// argument, a row or a password: queries keep their placeholders.
package pgxtrace

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/monthend/monthend/trace"
)

// Tracer is a pgx tracer for any number of connections and pools.
type Tracer struct{}

var (
	_ pgx.QueryTracer       = (*Tracer)(nil)
	_ pgx.BatchTracer       = (*Tracer)(nil)
	_ pgx.CopyFromTracer    = (*Tracer)(nil)
	_ pgx.PrepareTracer     = (*Tracer)(nil)
	_ pgx.ConnectTracer     = (*Tracer)(nil)
	_ pgxpool.AcquireTracer = (*Tracer)(nil)
)

// New gives a Tracer to set as pgx.ConnConfig.Tracer.
func New() *Tracer { return &Tracer{} }

// call is a pgx call being traced; pgx hands the context that holds it from start to end.
type call struct {
	sub   *trace.Subsegment // nil outside a segment
	began time.Time
	rows  int64 // of a batch so far
	err   error // the first of a batch
}

type callKey struct{}

func begin(ctx context.Context, at endpoint, query, preparation string) context.Context {
	ctx, sub := trace.StartRemote(ctx, at.name)
	if sub == nil {
		return ctx
	}
	sub.SetSQL(at.sql(query, preparation))
	return context.WithValue(ctx, callKey{}, &call{sub: sub, began: time.Now()})
}

func traced(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

// end tells how many rows there were, unless the call brings none by nature (-1).
func (c *call) end(rows int64, err error) {
	if rows >= 0 && err == nil {
		c.sub.Metadata("rows", rows)
	}
	c.sub.End(err)
}

// rows is how many rows a command returned or changed, -1 for commands that know no rows.
func rows(tag pgconn.CommandTag) int64 {
	if tag.Select() || tag.Insert() || tag.Update() || tag.Delete() || tag.RowsAffected() > 0 {
		return tag.RowsAffected()
	}
	return -1
}

// TraceQueryStart begins the subsegment of a Query, QueryRow or Exec. It ends when the rows are closed, so it covers what the
// caller does between rows.
func (t *Tracer) TraceQueryStart(ctx context.Context, conn *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	if trace.ID(ctx) == "" {
		return ctx
	}
	return begin(ctx, endpointOf(conn), data.SQL, "")
}

// TraceQueryEnd ends it.
func (t *Tracer) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryEndData) {
	if c := traced(ctx); c != nil {
		c.end(rows(data.CommandTag), data.Err)
	}
}

// TraceCopyFromStart begins the subsegment of a CopyFrom.
func (t *Tracer) TraceCopyFromStart(ctx context.Context, conn *pgx.Conn, data pgx.TraceCopyFromStartData) context.Context {
	if trace.ID(ctx) == "" {
		return ctx
	}
	return begin(ctx, endpointOf(conn), copyStatement(data), "")
}

// TraceCopyFromEnd ends it.
func (t *Tracer) TraceCopyFromEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceCopyFromEndData) {
	if c := traced(ctx); c != nil {
		c.end(data.CommandTag.RowsAffected(), data.Err)
	}
}

// TraceConnectStart begins the subsegment of a connection being made.
func (t *Tracer) TraceConnectStart(ctx context.Context, data pgx.TraceConnectStartData) context.Context {
	if trace.ID(ctx) == "" {
		return ctx
	}
	ctx = begin(ctx, newEndpoint(data.ConnConfig), "", "")
	traced(ctx).sub.Metadata("operation", "connect")
	return ctx
}

// TraceConnectEnd ends it.
func (t *Tracer) TraceConnectEnd(ctx context.Context, data pgx.TraceConnectEndData) {
	if c := traced(ctx); c != nil {
		c.end(-1, data.Err)
	}
}
