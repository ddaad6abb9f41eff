package trace_test

import (
	"context"
	"testing"

	"github.com/monthend/monthend/trace"
)

func TestGuard(t *testing.T) {
	d, tracer, ctx, seg := begin(t, context.Background())
	func() {
		defer func() {
			if got := recover(); got != "index out of range" {
				t.Errorf("got %v, want the panic to go on", got)
			}
		}()
		defer seg.Guard()
		_, _ = trace.Start(ctx, "left open")
		panic("index out of range")
	}()
	doc := d.one(tracer)
	if !doc.Fault || doc.Cause.Exceptions[0].Type != "panic" || doc.Cause.Exceptions[0].Stack[0].Label != "TestGuard.func1" {
		t.Errorf("got %+v", doc.Cause)
	}
	func() { defer seg.Guard() }()
	func() { defer (*trace.Segment)(nil).Guard() }()
}
