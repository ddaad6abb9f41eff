package pgxtrace

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/monthend/monthend/trace"
)

// longWait is how long a wait for the pool must be before it is told.
const longWait = 10 * time.Millisecond

type (
	acquireKey struct{}
	prepareKey struct{}
)

// prepare is a statement being prepared: on its own, or by pgx on behalf of the query that needs it.
type prepare struct {
	query *call // nil on its own
	began time.Time
}

// TracePrepareStart begins the subsegment of a Prepare that was asked for. The one that pgx makes within a query gives no
// document of its own, only a figure in the query's.
func (t *Tracer) TracePrepareStart(ctx context.Context, conn *pgx.Conn, data pgx.TracePrepareStartData) context.Context {
	if trace.ID(ctx) == "" {
		return ctx
	}
	if query := traced(ctx); query != nil {
		return context.WithValue(ctx, prepareKey{}, &prepare{query, time.Now()})
	}
	return begin(ctx, endpointOf(conn), data.SQL, "statement")
}

// TracePrepareEnd ends it.
func (t *Tracer) TracePrepareEnd(ctx context.Context, _ *pgx.Conn, data pgx.TracePrepareEndData) {
	if p, _ := ctx.Value(prepareKey{}).(*prepare); p != nil {
		if !data.AlreadyPrepared {
			p.query.sub.Metadata("prepare_ms", milliseconds(p.began))
		}
		return
	}
	if c := traced(ctx); c != nil {
		c.end(-1, data.Err)
	}
}

// TraceAcquireStart takes the time of a wait for the pool.
func (t *Tracer) TraceAcquireStart(ctx context.Context, _ *pgxpool.Pool, _ pgxpool.TraceAcquireStartData) context.Context {
	if trace.ID(ctx) == "" {
		return ctx
	}
	return context.WithValue(ctx, acquireKey{}, time.Now())
}

// TraceAcquireEnd tells a long wait as metadata of the subsegment that waited, the latest one where there were several: a
// document for each wait would use up what a job may send.
func (t *Tracer) TraceAcquireEnd(ctx context.Context, _ *pgxpool.Pool, _ pgxpool.TraceAcquireEndData) {
	if began, ok := ctx.Value(acquireKey{}).(time.Time); ok && time.Since(began) >= longWait {
		trace.Metadata(ctx, "pool_wait_ms", milliseconds(began))
	}
}

func milliseconds(since time.Time) float64 {
	return float64(time.Since(since).Microseconds()) / 1000
}
