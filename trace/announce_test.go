package trace_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/trace"
)

// What takes long is told of before its end, once, and its end takes that place.
func TestAnnounce(t *testing.T) {
	var exported []string
	e := &exporter{export: func(_ context.Context, documents []trace.Document) error {
		for _, d := range documents {
			exported = append(exported, d.Name)
		}
		return nil
	}}
	d := listen(t)
	tracer := newTracer(t, trace.Config{Address: d.addr(), Exporter: e, Now: day})
	ctx, seg := tracer.Begin(context.Background(), "worker", "Root="+root+";Parent="+parent+";Sampled=1", trace.BeginOptions{})
	seg.Annotate("report", "small")
	seg.Metadata("secret", "at the end")
	trace.Announce(ctx) // it may yet turn out to be nothing
	_ = trace.Span(ctx, "claim", func(context.Context) error { return nil })
	if got := d.next(); got.Name != "claim" {
		t.Fatalf("got %q first", got.Name)
	}
	_ = trace.Span(ctx, "phase", func(ctx context.Context) error {
		trace.Announce(ctx) // of the segment, from wherever it is called
		trace.Announce(ctx)
		return nil
	})
	open := d.next()
	if !open.InProgress || open.EndTime != 0 || open.ID == "" || open.ParentID != parent || open.Annotations["report"] != "small" || open.Metadata != nil {
		t.Errorf("announced: %+v", open)
	}
	seg.End(nil)
	trace.Announce(ctx) // too late
	var names []string
	if err := tracer.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		doc := d.next()
		names = append(names, doc.Name)
		if doc.Name == "worker" && (doc.InProgress || doc.ID != open.ID || doc.EndTime == 0) {
			t.Errorf("the end: %+v", doc)
		}
	}
	if diff := cmp.Diff([]string{"phase", "worker"}, names); diff != "" {
		t.Errorf("after it (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"claim", "phase", "worker"}, exported); diff != "" {
		t.Errorf("exported (-want +got):\n%s", diff)
	}
	if c := tracer.Counters(); c.Sent != 4 || c.Dropped() != 0 || c.Exported != 3 {
		t.Errorf("counters: %+v", c)
	}
}

// What is not sampled, or discarded, or has no exit to a daemon is not announced.
func TestAnnounceNothing(t *testing.T) {
	d := listen(t)
	tracer := newTracer(t, trace.Config{Address: d.addr(), Now: day})
	for _, header := range []string{unsampled, ""} {
		ctx, seg := tracer.Begin(context.Background(), "worker", header, trace.BeginOptions{})
		if header == unsampled {
			_ = trace.Span(ctx, "claim", func(context.Context) error { return nil })
		}
		trace.Announce(ctx)
		seg.Discard()
		trace.Announce(ctx)
	}
	if got := d.documents(tracer); len(got) != 0 {
		t.Errorf("got %+v", got)
	}
	trace.Announce(context.Background())

	e := &exporter{export: func(_ context.Context, documents []trace.Document) error { return nil }}
	tracer = newTracer(t, trace.Config{Exporter: e})
	job(tracer, "", trace.Announce, nil)
	if err := tracer.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if c := tracer.Counters(); c.Exported != 5 {
		t.Errorf("counters: %+v", c)
	}
}
