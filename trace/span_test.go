package trace_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/trace"
)

// begin gives a sampled segment on a fresh tracer and listener.
func begin(tb testing.TB, ctx context.Context) (*daemon, *trace.Tracer, context.Context, *trace.Segment) {
	tb.Helper()
	d := listen(tb)
	tracer := newTracer(tb, trace.Config{Address: d.addr(), Version: "1.2.3"})
	ctx, seg := tracer.Begin(ctx, "worker", "", trace.BeginOptions{})
	return d, tracer, ctx, seg
}

func TestSpanTree(t *testing.T) {
	d, tracer, ctx, seg := begin(t, context.Background())
	var header string
	err := trace.Span(ctx, "data_extraction", func(ctx context.Context) error {
		return trace.Remote(ctx, "db@localhost", func(ctx context.Context) error {
			header = trace.Header(ctx)
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	seg.End(nil)
	seg.End(errors.New("only the first counts"))

	all := d.documents(tracer)
	if len(all) != 3 {
		t.Fatalf("got %d documents, want 3", len(all))
	}
	query, phase, root := all[0], all[1], all[2]
	if query.Name != "db@localhost" || query.Namespace != "remote" || query.Type != "subsegment" || query.ParentID != phase.ID {
		t.Errorf("query: %+v", query)
	}
	if phase.Name != "data_extraction" || phase.Namespace != "" || phase.ParentID != root.ID {
		t.Errorf("phase: %+v", phase)
	}
	if root.Name != "worker" || root.Type != "" || root.ParentID != "" || root.Fault || root.Service["version"] != "1.2.3" {
		t.Errorf("root: %+v", root)
	}
	if want := "Root=" + root.TraceID + ";Parent=" + query.ID + ";Sampled=1"; header != want {
		t.Errorf("header: got %s, want %s", header, want)
	}
	if got := root.AWS["xray"]; got == nil {
		t.Error("the document does not say which SDK made it")
	}
}

// A cancelled context must not make the SDK send anything twice or at once.
func TestCancelledContext(t *testing.T) {
	parent, cancel := context.WithCancel(context.Background())
	defer cancel()
	d, tracer, ctx, seg := begin(t, parent)
	for _, name := range []string{"a", "b", "c"} {
		err := trace.Span(ctx, name, func(ctx context.Context) error {
			cancel()
			return ctx.Err()
		})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("span %s: got %v, want %v", name, err, context.Canceled)
		}
	}
	seg.End(context.Canceled)
	all := d.documents(tracer)
	if len(all) != 4 {
		t.Fatalf("got %d documents, want 4", len(all))
	}
	for _, doc := range all {
		if doc.InProgress || doc.Status() != "ok" {
			t.Errorf("%s: in progress %v, %s; work called off is flagged as nothing", doc.Name, doc.InProgress, doc.Status())
		}
		if doc.Cause == nil {
			t.Errorf("%s does not say that it was called off", doc.Name)
		}
	}
}

func TestDiscard(t *testing.T) {
	_, tracer, ctx, seg := begin(t, context.Background())
	_, late := trace.Start(ctx, "late")
	seg.Discard()
	late.End(nil)
	seg.End(errors.New("too late"))
	if err := tracer.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if c := tracer.Counters(); c.Discarded != 2 || c.Sent != 0 {
		t.Errorf("counters: %+v", c)
	}
}

func TestPast(t *testing.T) {
	d, tracer, ctx, seg := begin(t, context.Background())
	began := time.Date(2026, 4, 1, 3, 0, 0, 250_000_000, time.UTC)
	trace.Past(ctx, "claim", began, began.Add(1500*time.Microsecond))
	trace.Past(ctx, "clock set back", began, began.Add(-time.Second))
	seg.End(nil)
	all := d.documents(tracer)
	claim := byName(t, all, "claim")
	if !claim.Start().Equal(began) || claim.Duration() != 1500*time.Microsecond || claim.ParentID != byName(t, all, "worker").ID {
		t.Errorf("got %v for %v, %+v", claim.Start(), claim.Duration(), claim)
	}
	if got := byName(t, all, "clock set back").Duration(); got != 0 {
		t.Errorf("got %v", got)
	}
}

func TestOpenSubsegment(t *testing.T) {
	d, tracer, ctx, seg := begin(t, context.Background())
	_, late := trace.Start(ctx, "late")
	seg.End(nil)
	late.End(nil)
	late.End(nil)
	all := d.documents(tracer)
	if len(all) != 2 || all[0].Name != "worker" || all[1].Name != "late" || all[1].ParentID != all[0].ID {
		t.Errorf("got %+v", all)
	}
}

// A child's error that its parent got over flags the child alone.
func TestSwallowedError(t *testing.T) {
	d, tracer, ctx, seg := begin(t, context.Background())
	if err := trace.Span(ctx, "tried", func(context.Context) error { return errors.New("no") }); err == nil {
		t.Fatal("the error is gone")
	}
	seg.End(nil)
	all := d.documents(tracer)
	if tried, root := byName(t, all, "tried"), byName(t, all, "worker"); !tried.Fault || root.Fault || root.Cause != nil {
		t.Errorf("tried %v, root %v %+v", tried.Fault, root.Fault, root.Cause)
	}
}

func TestPanic(t *testing.T) {
	d, tracer, ctx, seg := begin(t, context.Background())
	var line int
	got := func() (value any) {
		defer func() { value = recover() }()
		_ = trace.Span(ctx, "outer", func(ctx context.Context) error {
			return trace.Span(ctx, "inner", func(context.Context) error {
				_, _, line, _ = runtime.Caller(0)
				panic("out of range") // the line after
			})
		})
		return nil
	}()
	if got != "out of range" {
		t.Fatalf("recovered %v, want the panic as it was", got)
	}
	seg.End(nil)
	all := d.documents(tracer)
	inner, outer := byName(t, all, "inner"), byName(t, all, "outer")
	e := inner.Cause.Exceptions[0]
	if !inner.Fault || e.Type != "panic" || e.Message != "out of range" || len(e.Stack) == 0 || e.Stack[0].Line != line+1 {
		t.Errorf("inner: fault %v, %+v", inner.Fault, e)
	}
	if !outer.Fault || outer.Cause.ID != e.ID {
		t.Errorf("outer: fault %v, cause %+v, want exception %s", outer.Fault, outer.Cause, e.ID)
	}
}

func TestGoexit(t *testing.T) {
	d, tracer, ctx, seg := begin(t, context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		_ = trace.Span(ctx, "exits", func(context.Context) error {
			runtime.Goexit()
			return nil
		})
	})
	wg.Wait()
	seg.End(nil)
	if got := byName(t, d.documents(tracer), "exits"); !got.Fault {
		t.Errorf("got %+v", got)
	}
}

func TestSilent(t *testing.T) {
	d, tracer, ctx, seg := begin(t, context.Background())
	quiet := trace.Silent(ctx)
	if trace.ID(quiet) != "" || trace.Header(quiet) != "" {
		t.Error("a silent context has a segment")
	}
	_ = trace.Span(quiet, "heartbeat", func(ctx context.Context) error {
		trace.Annotate(ctx, "k", 1)
		return errors.New("not told")
	})
	seg.End(nil)
	if doc := d.one(tracer); doc.Annotations != nil || doc.Fault {
		t.Errorf("got %+v", doc)
	}
}

func TestNames(t *testing.T) {
	d, tracer, ctx, seg := begin(t, context.Background())
	for _, name := range []string{"db@host", "a;b<c>", "", "\xff", strings.Repeat("ž", 150)} {
		_, s := trace.Start(ctx, name)
		s.End(nil)
	}
	seg.End(nil)
	want := []string{"db@host", "a_b_c_", "unnamed", "_", strings.Repeat("ž", 100), "worker"}
	var got []string
	for _, doc := range d.documents(tracer) {
		got = append(got, doc.Name)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}
