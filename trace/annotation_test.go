package trace_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/trace"
)

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

type unruly struct{}

func (unruly) MarshalJSON() ([]byte, error) { panic("not today") }

func TestMetadata(t *testing.T) {
	d, tracer, ctx, seg := begin(t, context.Background())
	rows := map[string]int{"transactions": 4000}
	trace.Metadata(ctx, "records_extracted", rows)
	rows["transactions"] = 0
	trace.Metadata(ctx, "channel", make(chan int))
	trace.Metadata(ctx, "panic", unruly{})
	trace.Metadata(ctx, "huge", strings.Repeat("x", 1<<20))
	seg.End(nil)
	want := map[string]json.RawMessage{
		"records_extracted": json.RawMessage(`{"transactions":4000}`),
		"channel":           json.RawMessage(`"not encodable: json: unsupported type: chan int"`),
		"panic":             json.RawMessage(`"not encodable: not today"`),
		"huge":              json.RawMessage(`"cut: 1048578 bytes"`),
	}
	if diff := cmp.Diff(want, d.one(tracer).Metadata["default"]); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
}

func TestAnnotateSegment(t *testing.T) {
	d, tracer, ctx, seg := begin(t, context.Background())
	_ = trace.Span(ctx, "phase", func(ctx context.Context) error {
		trace.AnnotateSegment(ctx, "slow", true)
		return nil
	})
	seg.End(nil)
	trace.AnnotateSegment(context.Background(), "slow", true)
	all := d.documents(tracer)
	if byName(t, all, "worker").Annotations["slow"] != true || byName(t, all, "phase").Annotations["slow"] != nil {
		t.Errorf("got %+v", all)
	}
}
