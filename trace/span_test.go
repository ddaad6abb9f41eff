package trace_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"path/filepath"
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

type classed struct{ class string }

func (c classed) Error() string      { return "of class " + c.class }
func (c classed) TraceClass() string { return c.class }

func TestClass(t *testing.T) {
	for want, errs := range map[string][]error{
		"ok":       {nil, context.Canceled, fmt.Errorf("extract: %w", context.Canceled)},
		"error":    {classed{"error"}, fmt.Errorf("decode: %w", classed{"error"}), errors.Join(errors.New("x"), classed{"error"})},
		"throttle": {classed{"throttle"}},
		"fault":    {errors.New("boom"), classed{"fault"}, classed{"unknown"}, context.DeadlineExceeded, errors.Join(context.Canceled, classed{"fault"})},
	} {
		for _, err := range errs {
			d, tracer, _, seg := begin(t, context.Background())
			seg.End(err)
			doc := d.one(tracer)
			if got := doc.Status(); got != want {
				t.Errorf("%v: got %s, want %s", err, got, want)
			}
			if doc.Throttle && !doc.Error || doc.Error && doc.Fault {
				t.Errorf("%v: error %v, throttle %v, fault %v", err, doc.Error, doc.Throttle, doc.Fault)
			}
		}
	}
}

func TestCauseIsToldOnce(t *testing.T) {
	d, tracer, ctx, seg := begin(t, context.Background())
	boom := errors.New("row 17: amount missing")
	_, file, line, _ := runtime.Caller(0)
	err := trace.Span(ctx, "outer", func(ctx context.Context) error {
		return trace.Span(ctx, "middle", func(ctx context.Context) error {
			return fmt.Errorf("validate: %w", trace.Span(ctx, "inner", func(context.Context) error { return boom }))
		})
	})
	seg.End(err)

	all := d.documents(tracer)
	inner, middle := byName(t, all, "inner").Cause.Exceptions, byName(t, all, "middle").Cause.Exceptions
	if len(inner) != 1 || len(middle) != 1 {
		t.Fatalf("exceptions: inner %+v, middle %+v", inner, middle)
	}
	if got := inner[0]; got.Type != "errors.errorString" || got.Message != boom.Error() || len(got.Stack) == 0 {
		t.Errorf("inner: %+v", got)
	}
	want := trace.StackFrame{Path: "trace/" + filepath.Base(file), Line: line + 3, Label: "TestCauseIsToldOnce.func1.1.1"}
	if diff := cmp.Diff(want, inner[0].Stack[0]); diff != "" {
		t.Errorf("the first frame is where the function that returned it begins (-want +got):\n%s", diff)
	}
	if got := middle[0]; got.Cause != inner[0].ID || got.Message != "validate: row 17: amount missing" || got.Stack != nil {
		t.Errorf("middle: %+v", got)
	}
	for _, name := range []string{"outer", "worker"} {
		if got := byName(t, all, name); got.Cause.ID != middle[0].ID || !got.Fault {
			t.Errorf("%s: cause %+v, fault %v, want exception %s", name, got.Cause, got.Fault, middle[0].ID)
		}
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

type located struct {
	error
	stack []uintptr
}

func (l located) StackTrace() []uintptr { return l.stack }

func TestCarriedStack(t *testing.T) {
	pcs := make([]uintptr, 32)
	deep := func() error { return located{errors.New("deep"), pcs[:runtime.Callers(1, pcs)]} }
	var recurse func(int) error
	recurse = func(n int) error {
		if n == 0 {
			return deep()
		}
		return recurse(n - 1)
	}
	d, tracer, _, seg := begin(t, context.Background())
	seg.End(fmt.Errorf("somewhere: %w", recurse(12)))
	e := d.one(tracer).Cause.Exceptions[0]
	if len(e.Stack) != 10 || e.Truncated == 0 || e.Stack[0].Label != "TestCarriedStack.func1" {
		t.Errorf("stack of %d, %d truncated: %+v", len(e.Stack), e.Truncated, e.Stack)
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

type month int

func (m month) String() string { return "month " + fmt.Sprint(int(m)) }

func TestAnnotations(t *testing.T) {
	type kind string
	d, tracer, ctx, seg := begin(t, context.Background())
	for key, value := range map[string]any{
		"int64": int64(1) << 40, "int8": int8(-3), "uint64": uint64(7), "float32": float32(0.5), "bool": true, "kind": kind("k"),
		"duration": 1500 * time.Microsecond, "time": time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), "stringer": month(3),
		"error": errors.New("e"), "nan": math.NaN(), "nil": nil, "bad key-é": "x", "": "no key", "long": strings.Repeat("é", 1200),
		"list": []int{1, 2},
	} {
		trace.Annotate(ctx, key, value)
	}
	seg.Annotate("bool", false)
	seg.End(nil)
	want := map[string]any{
		"int64": float64(1 << 40), "int8": -3.0, "uint64": 7.0, "float32": 0.5, "bool": false, "kind": "k", "duration": 1.5,
		"time": "2026-03-01T00:00:00Z", "stringer": "month 3", "error": "e", "nan": "NaN", "bad_key__": "x",
		"long": strings.Repeat("é", 1000), "list": "[1 2]",
	}
	if diff := cmp.Diff(want, d.one(tracer).Annotations); diff != "" {
		t.Errorf("annotations (-want +got):\n%s", diff)
	}
}

func TestTooManyAnnotations(t *testing.T) {
	d, tracer, ctx, seg := begin(t, context.Background())
	for i := range 60 {
		trace.Annotate(ctx, fmt.Sprintf("k%02d", i), i)
	}
	trace.Annotate(ctx, "k00", "again")
	seg.End(nil)
	doc := d.one(tracer)
	if len(doc.Annotations) != 50 || len(doc.Metadata["default"]) != 10 || doc.Annotations["k00"] != "again" {
		t.Errorf("got %d annotations, %d metadata", len(doc.Annotations), len(doc.Metadata["default"]))
	}
}

func TestMetadata(t *testing.T) {
	d, tracer, ctx, seg := begin(t, context.Background())
	rows := map[string]int{"transactions": 4000}
	trace.Metadata(ctx, "records_extracted", rows)
	rows["transactions"] = 0
	trace.Metadata(ctx, "channel", make(chan int))
	trace.Metadata(ctx, "huge", strings.Repeat("x", 1<<20))
	seg.End(nil)
	want := map[string]json.RawMessage{
		"records_extracted": json.RawMessage(`{"transactions":4000}`),
		"channel":           json.RawMessage(`"not encodable: json: unsupported type: chan int"`),
		"huge":              json.RawMessage(`"cut: 1048578 bytes"`),
	}
	if diff := cmp.Diff(want, d.one(tracer).Metadata["default"]); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
}

type coded struct{ words, code string }

func (c coded) Error() string    { return c.words }
func (c coded) SQLState() string { return c.code }

func TestDatabaseValuesAreNotTold(t *testing.T) {
	for name, row := range map[string]struct {
		err  coded
		want string
	}{
		"bad data":        {coded{`invalid input syntax for type integer: "4711"`, "22P02"}, "query: SQLSTATE 22P02"},
		"broken rule":     {coded{`violates check constraint "x"`, "23514"}, "query: SQLSTATE 23514"},
		"wrong statement": {coded{`relation "x" does not exist`, "42P01"}, `query: relation "x" does not exist`},
	} {
		t.Run(name, func(t *testing.T) {
			d, tracer, _, seg := begin(t, context.Background())
			seg.End(fmt.Errorf("query: %w", row.err))
			e := d.one(tracer).Cause.Exceptions[0]
			if e.Message != row.want || e.Type != "trace_test.coded" {
				t.Errorf("got %s of type %s, want %s", e.Message, e.Type, row.want)
			}
		})
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
