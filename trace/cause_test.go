package trace_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/trace"
)

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

type hollow struct{ words string }

func (h *hollow) Error() string { return h.words }

// An error that cannot even be printed is no reason to fail.
func TestNilPointerError(t *testing.T) {
	d, tracer, _, seg := begin(t, context.Background())
	seg.End((*hollow)(nil))
	if e := d.one(tracer).Cause.Exceptions[0]; e.Message != "<nil>" || e.Type != "trace_test.hollow" {
		t.Errorf("got %+v", e)
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
