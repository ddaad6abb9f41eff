package trace_test

import (
	"context"
	"testing"

	"github.com/monthend/monthend/trace"
)

func TestBriefFromNowOn(t *testing.T) {
	d, tracer, ctx, seg := begin(t, context.Background())
	query := func(name string) {
		_ = trace.Remote(ctx, name, func(context.Context) error { return nil })
	}
	query("before@localhost")
	trace.Brief(ctx)
	query("after@localhost")
	_ = trace.Span(ctx, "phase", func(context.Context) error { return nil })
	seg.End(nil)

	all := d.documents(tracer)
	byName(t, all, "before@localhost")
	byName(t, all, "phase")
	if got := aggregated(t, byName(t, all, "worker"))["after@localhost"]; got.Count != 1 {
		t.Errorf("aggregated %+v, want the query after", got)
	}
}

func TestBriefWithoutASegment(t *testing.T) {
	trace.Brief(context.Background())
	trace.Brief(trace.Silent(context.Background()))
}
