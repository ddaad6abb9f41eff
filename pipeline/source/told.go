package source

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/monthend/monthend/trace"
)

// told is what the tracer learns of an extract query: when its first row came, and its end. The queries go below the driver's
// own rows, so its tracer is called from here, in the driver's way.
type told struct {
	first func()
	end   func(pgconn.CommandTag, error) // once
}

// tell begins. sql has placeholders; the values bound to them are never told.
func tell(ctx context.Context, tracer pgx.QueryTracer, conn *pgx.Conn, sql string) (context.Context, *told) {
	if tracer == nil {
		return ctx, &told{first: func() {}, end: func(pgconn.CommandTag, error) {}}
	}
	began := time.Now()
	inside := tracer.TraceQueryStart(ctx, conn, pgx.TraceQueryStartData{SQL: sql})
	first := func() { trace.Metadata(inside, "first_row_ms", time.Since(began).Milliseconds()) }
	if inside == ctx { // the tracer says nothing of this query: what is open here is somebody else's
		first = func() {}
	}
	return inside, &told{first: first, end: func(tag pgconn.CommandTag, err error) {
		tracer.TraceQueryEnd(inside, conn, pgx.TraceQueryEndData{CommandTag: tag, Err: err})
	}}
}
