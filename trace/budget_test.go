package trace_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/trace"
)

type rest map[string]struct {
	Count  int     `json:"count"`
	Failed int     `json:"failed"`
	Total  float64 `json:"total_ms"`
	Max    float64 `json:"max_ms"`
}

func aggregated(tb testing.TB, d trace.Document) rest {
	tb.Helper()
	var r rest
	if raw := d.Metadata["trace"]["aggregated"]; raw != nil {
		if err := json.Unmarshal(raw, &r); err != nil {
			tb.Fatal(err)
		}
	}
	return r
}

func TestBudget(t *testing.T) {
	const calls = 500
	d, tracer, ctx, seg := begin(t, context.Background())
	query := func(ctx context.Context, err error) {
		_ = trace.Remote(ctx, "db@localhost", func(context.Context) error { return err })
	}
	_ = trace.Span(ctx, "extract", func(ctx context.Context) error {
		for range calls {
			query(ctx, nil)
		}
		query(ctx, errors.New("no such table"))
		return nil
	})
	_ = trace.Span(ctx, "publish", func(ctx context.Context) error {
		_, put := trace.StartAWS(ctx, "S3")
		put.End(nil)
		return nil
	})
	seg.End(nil)

	all := d.documents(tracer)
	told, failed := 0, 0
	for _, doc := range all {
		if doc.Name == "db@localhost" {
			told++
			if doc.Fault {
				failed++
			}
		}
	}
	if len(all) > 60 || told < 40 || told > 48 || failed != 1 {
		t.Errorf("%d documents, %d queries, %d failed", len(all), told, failed)
	}
	byName(t, all, "publish")
	byName(t, all, "worker")
	got := aggregated(t, byName(t, all, "extract"))["db@localhost"]
	if got.Count != calls+1-told || got.Max > got.Total {
		t.Errorf("aggregated %+v, want a count of %d", got, calls+1-told)
	}
	if c := tracer.Counters(); c.Sent != uint64(len(all)) || c.OverBudget != c.Dropped() || c.Sent+c.OverBudget < calls+4 {
		t.Errorf("counters: %+v", c)
	}
}

func TestBrief(t *testing.T) {
	d := listen(t)
	tracer := newTracer(t, trace.Config{Address: d.addr()})
	ctx, seg := tracer.Begin(context.Background(), "worker", "", trace.BeginOptions{Brief: true})
	for _, err := range []error{nil, errors.New("failed"), nil} {
		_ = trace.Remote(ctx, "db@localhost", func(context.Context) error { return err })
	}
	_ = trace.Span(ctx, "phase", func(context.Context) error { return nil })
	seg.End(nil)
	all := d.documents(tracer)
	if got := byName(t, all, "db@localhost"); !got.Fault {
		t.Errorf("got %+v", got)
	}
	byName(t, all, "phase")
	if got := aggregated(t, byName(t, all, "worker"))["db@localhost"]; got.Count != 2 || got.Failed != 0 {
		t.Errorf("aggregated %+v", got)
	}
}

func TestBudgetOfBytes(t *testing.T) {
	d, tracer, ctx, seg := begin(t, context.Background())
	big := strings.Repeat("x", 20_000)
	for i := range 8 {
		_ = trace.Span(ctx, fmt.Sprintf("phase %d", i), func(ctx context.Context) error {
			trace.Metadata(ctx, "big", big)
			return nil
		})
	}
	seg.Metadata("big", big)
	seg.End(nil)
	bytes := 0
	all := d.documents(tracer)
	for _, doc := range all {
		data, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		bytes += len(data)
	}
	if bytes > 100_000 || tracer.Counters().Cut == 0 {
		t.Errorf("%d bytes, counters %+v", bytes, tracer.Counters())
	}
	byName(t, all, "worker")
}

func TestSizeGuard(t *testing.T) {
	d, tracer, ctx, seg := begin(t, context.Background())
	trace.Metadata(ctx, "small", "kept")
	trace.Metadata(ctx, "large", strings.Repeat("x", 40_000))
	trace.Metadata(ctx, "largest", strings.Repeat("y", 45_000))
	seg.End(nil)
	doc := d.one(tracer)
	want := map[string]json.RawMessage{
		"small":   json.RawMessage(`"kept"`),
		"large":   json.RawMessage(`"` + strings.Repeat("x", 40_000) + `"`),
		"largest": json.RawMessage(`"cut: 45002 bytes did not fit"`),
	}
	if diff := cmp.Diff(want, doc.Metadata["default"]); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
	if c := tracer.Counters(); c.Cut != 1 || c.Sent != 1 {
		t.Errorf("counters: %+v", c)
	}
}

// Without metadata to cut, long texts go.
func TestSizeGuardTexts(t *testing.T) {
	d, tracer, ctx, seg := begin(t, context.Background())
	for i := range 50 {
		trace.Annotate(ctx, fmt.Sprintf("k%d", i), strings.Repeat("<", 1000)) // 6 bytes each in JSON
	}
	_, query := trace.StartRemote(ctx, "db@localhost")
	query.SetSQL(trace.SQL{SanitizedQuery: strings.Repeat("x", 100_000)})
	query.End(nil)
	seg.End(errors.New(strings.Repeat("e", 5000)))
	all := d.documents(tracer)
	if got := byName(t, all, "db@localhost").SQL.SanitizedQuery; len(got) != 200 {
		t.Errorf("query of %d characters", len(got))
	}
	root := byName(t, all, "worker")
	if got := len(root.Annotations["k7"].(string)); got != 200 || !root.Fault || len(root.Cause.Exceptions[0].Message) != 200 {
		t.Errorf("annotation of %d, cause %+v", got, root.Cause)
	}
}

func TestTooBig(t *testing.T) {
	d, tracer, ctx, seg := begin(t, context.Background())
	_, call := trace.StartAWS(ctx, "SQS")
	call.SetAWS(map[string]any{"message_ids": strings.Repeat("x", 100_000)})
	call.End(nil)
	seg.End(nil)
	if got := aggregated(t, d.one(tracer))["SQS"]; got.Count != 1 {
		t.Errorf("aggregated %+v", got)
	}
	if c := tracer.Counters(); c.TooBig != 1 || c.Sent != 1 {
		t.Errorf("counters: %+v", c)
	}
}
