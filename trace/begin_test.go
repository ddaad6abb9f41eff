package trace_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/trace"
	"github.com/monthend/monthend/trace/sampling"
)

const (
	root   = "1-6b02c013-53f32a3152d7d7da8d74ae88"
	parent = "c06db729838ae591"
)

// day is a day after the trace id root was made.
func day() time.Time { return time.Unix(0x6b02c013, 0).Add(24 * time.Hour) }

func ptr[T any](v T) *T { return &v }

func TestBeginHeader(t *testing.T) {
	const given, fresh = true, false
	for name, row := range map[string]struct {
		header    string
		continued bool
		parent    string
		sampled   bool // with a rate of 0, so that only a header can say yes
		forced    bool // sampled with ForceSample
		more      string
		invalid   bool
	}{
		"absent":            {"", fresh, "", false, true, "", false},
		"sampled":           {"Root=" + root + ";Parent=" + parent + ";Sampled=1", given, parent, true, true, "", false},
		"not sampled":       {"Root=" + root + ";Parent=" + parent + ";Sampled=0", given, parent, false, false, "", false},
		"asked":             {"Root=" + root + ";Parent=" + parent + ";Sampled=?", given, parent, false, true, "", false},
		"undecided":         {"Root=" + root + ";Parent=" + parent, given, parent, false, true, "", false},
		"without parent":    {"Root=" + root + ";Sampled=1", given, "", true, true, "", false},
		"other order":       {"Sampled=1; Parent=" + parent + "; Root=" + root + ";", given, parent, true, true, "", false},
		"self and lineage":  {"Self=1-67891234-12456789abcdef012345678a;Root=" + root + ";Sampled=1;Lineage=a87bd80c:1|68fd508a:5", given, "", true, true, ";Lineage=a87bd80c:1|68fd508a:5", false},
		"unknown key":       {"Root=" + root + ";Sampled=1;Foo=bar", given, "", true, true, "", false},
		"garbage":           {"garbage", fresh, "", false, true, "", true},
		"separators":        {";;;=;", fresh, "", false, true, "", true},
		"not a trace id":    {"Root=not-a-trace-id;Parent=zz;Sampled=1", fresh, "", false, true, "", true},
		"not a parent":      {"Root=" + root + ";Parent=zz;Sampled=1", fresh, "", false, true, "", true},
		"lower case":        {"root=" + root + ";sampled=1", fresh, "", false, true, "", true},
		"upper case digits": {"Root=" + strings.ToUpper(root) + ";Sampled=1", fresh, "", false, true, "", true},
		"not a decision":    {"Root=" + root + ";Sampled=2", fresh, "", false, true, "", true},
		"root twice":        {"Root=" + root + ";Root=" + root, fresh, "", false, true, "", true},
		"no root":           {"Parent=" + parent + ";Sampled=1", fresh, "", false, true, "", true},
		"bad lineage":       {"Root=" + root + ";Lineage=a b", fresh, "", false, true, "", true},
		"too long":          {"Root=" + root + ";X=" + strings.Repeat("x", 2000), fresh, "", false, true, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			d := listen(t)
			tracer := newTracer(t, trace.Config{Address: d.addr(), SampleRate: ptr(0.0), Now: day})
			for _, force := range []bool{false, true} {
				want := row.sampled
				if force {
					want = row.forced
				}
				ctx, seg := tracer.Begin(context.Background(), "", row.header, trace.BeginOptions{ForceSample: force})
				if got := seg.Sampled(); got != want {
					t.Errorf("force %v: sampled %v, want %v", force, got, want)
				}
				if got := trace.ID(ctx) == root; got != row.continued {
					t.Errorf("trace id: got %s, continued %v, want %v", trace.ID(ctx), got, row.continued)
				}
				decision := map[bool]string{true: "1", false: "0"}[want]
				form := regexp.MustCompile(`^Root=` + trace.ID(ctx) + `;Parent=[0-9a-f]{16};Sampled=` + decision + regexp.QuoteMeta(row.more) + `$`)
				if got := trace.Header(ctx); !form.MatchString(got) {
					t.Errorf("header: got %s, want %s", got, form)
				}
				seg.End(nil)
				if !want {
					continue
				}
				doc := d.next()
				if doc.Name != trace.DefaultName || doc.ParentID != row.parent || doc.TraceID != trace.ID(ctx) {
					t.Errorf("document: name %q, parent %q, trace %s", doc.Name, doc.ParentID, doc.TraceID)
				}
				if got := doc.Annotations["trace_parent"] == "invalid"; got != row.invalid {
					t.Errorf("annotations: got %v, invalid %v", doc.Annotations, row.invalid)
				}
			}
		})
	}
}

func TestBeginOldTrace(t *testing.T) {
	for name, row := range map[string]struct {
		age       time.Duration
		continued bool
	}{
		"six days":            {6 * 24 * time.Hour, true},
		"a second more":       {6*24*time.Hour + time.Second, false},
		"a clock that is off": {-time.Hour, true},
	} {
		t.Run(name, func(t *testing.T) {
			d := listen(t)
			now := func() time.Time { return time.Unix(0x6b02c013, 0).Add(row.age) }
			tracer := newTracer(t, trace.Config{Address: d.addr(), SampleRate: ptr(0.0), Now: now})
			_, seg := tracer.Begin(context.Background(), "worker", "Root="+root+";Parent="+parent+";Sampled=1", trace.BeginOptions{})
			seg.End(nil)
			doc := d.one(tracer)
			if got := doc.TraceID == root && doc.ParentID == parent; got != row.continued {
				t.Errorf("continued %v, want %v: %+v", got, row.continued, doc)
			}
			if got := doc.Annotations["parent_trace"] == root; got == row.continued {
				t.Errorf("annotations: got %v", doc.Annotations)
			}
			if !row.continued && doc.ParentID != "" {
				t.Errorf("parent: got %q, want none in a new trace", doc.ParentID)
			}
		})
	}
}

// One of many jobs of one asking has a trace of its own, which names the asking's.
func TestBeginApart(t *testing.T) {
	d := listen(t)
	tracer := newTracer(t, trace.Config{Address: d.addr(), Now: day})
	ctx, seg := tracer.Begin(context.Background(), "worker", "Root="+root+";Parent="+parent+";Sampled=1", trace.BeginOptions{Apart: true})
	seg.End(nil)
	doc := d.one(tracer)
	if doc.TraceID == root || doc.TraceID != trace.ID(ctx) || doc.ParentID != "" {
		t.Errorf("trace %s, parent %q, want its own", doc.TraceID, doc.ParentID)
	}
	if doc.Annotations["parent_trace"] != root || doc.Annotations["parent_id"] != parent {
		t.Errorf("annotations: %v", doc.Annotations)
	}
}

// recorded is a sampler that remembers what it was asked.
type recorded struct{ asked []sampling.Request }

func (r *recorded) Sample(q sampling.Request) sampling.Decision {
	r.asked = append(r.asked, q)
	return sampling.Decision{Sample: true, Rule: "all"}
}

func TestSampler(t *testing.T) {
	d := listen(t)
	rules := &recorded{}
	tracer := newTracer(t, trace.Config{Address: d.addr(), Sampler: rules, Now: day})
	for _, header := range []string{"Root=" + root + ";Sampled=0", "Root=" + root + ";Sampled=1", "Root=" + root} {
		_, seg := tracer.Begin(context.Background(), "worker", header, trace.BeginOptions{Path: "/monthly-financials"})
		seg.End(nil)
	}
	_, seg := tracer.Begin(context.Background(), "worker", "", trace.BeginOptions{ForceSample: true})
	seg.End(nil)
	want := []sampling.Request{{Service: "worker", Path: "/monthly-financials", Chance: float64(0x8d74ae88) / (1 << 32)}} // root's end
	if diff := cmp.Diff(want, rules.asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	var names []any
	for _, doc := range d.documents(tracer) {
		names = append(names, doc.AWS["xray"].(map[string]any)["sampling_rule_name"])
	}
	if diff := cmp.Diff([]any{nil, "all", nil}, names); diff != "" {
		t.Errorf("rules told (-want +got):\n%s", diff)
	}
}

func TestSampleRate(t *testing.T) {
	d := listen(t)
	tracer := newTracer(t, trace.Config{Address: d.addr(), SampleRate: ptr(0.25)})
	kept := 0
	for range 400 {
		_, seg := tracer.Begin(context.Background(), "", "", trace.BeginOptions{})
		if seg.Sampled() {
			kept++
		}
		seg.End(nil)
	}
	if kept < 50 || kept > 150 { // 100 ± 5.8 standard deviations
		t.Errorf("kept %d of 400, want about 100", kept)
	}
	if got := tracer.Counters().Unsampled; got != uint64(400-kept) {
		t.Errorf("unsampled: got %d, want %d", got, 400-kept)
	}
}

func TestOff(t *testing.T) {
	off := newTracer(t, trace.Config{})
	for name, tracer := range map[string]*trace.Tracer{"no address": off, "nil": nil} {
		t.Run(name, func(t *testing.T) {
			ctx, seg := tracer.Begin(context.Background(), "", "Root="+root+";Sampled=1", trace.BeginOptions{ForceSample: true})
			seg.Annotate("k", 1)
			seg.Metadata("k", 1)
			ran := false
			want := errors.New("as it is")
			got := trace.Span(ctx, "span", func(ctx context.Context) error {
				ran = true
				trace.Annotate(ctx, "k", 1)
				return want
			})
			_, sub := trace.StartRemote(ctx, "db@localhost")
			sub.SetSQL(trace.SQL{})
			sub.SetHTTP(trace.HTTP{})
			sub.SetAWS(nil)
			sub.Metadata("k", 1)
			sub.End(nil)
			seg.End(nil)
			if !ran || got != want {
				t.Errorf("span: ran %v, got %v", ran, got)
			}
			if trace.ID(ctx) != "" || trace.Header(ctx) != "" || seg.TraceID() != "" || sub.Header() != "" || seg.Sampled() {
				t.Error("an id without a trace")
			}
			if got := tracer.Counters(); got != (trace.Counters{}) {
				t.Errorf("counters: got %+v", got)
			}
			if err := tracer.Close(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestNewRefuses(t *testing.T) {
	for name, row := range map[string]struct {
		cfg  trace.Config
		want string
	}{
		"no port":   {trace.Config{Address: "localhost"}, `trace address "localhost" is not host:port`},
		"bad port":  {trace.Config{Address: "localhost:x"}, `trace address "localhost:x": port "x" is not between 1 and 65535`},
		"port 0":    {trace.Config{Address: "localhost:0"}, `trace address "localhost:0": port "0" is not between 1 and 65535`},
		"rate":      {trace.Config{SampleRate: ptr(1.5)}, "sample rate 1.5 is not between 0 and 1"},
		"no number": {trace.Config{SampleRate: ptr(nan())}, "sample rate NaN is not between 0 and 1"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := trace.New(row.cfg); err == nil || err.Error() != row.want {
				t.Errorf("got %v, want %s", err, row.want)
			}
		})
	}
}

func nan() float64 {
	zero := 0.0
	return zero / zero
}

func FuzzBeginHeader(f *testing.F) {
	f.Add("Root=" + root + ";Parent=" + parent + ";Sampled=1")
	f.Add("Self=1-67891234-12456789abcdef012345678a;Root=" + root + ";Sampled=?;Lineage=1:24b10b34:0")
	f.Add(";;;=;")                                   // the SDK passes it on as "=;"
	f.Add("Root=not-a-trace-id;Parent=zz;Sampled=1") // the SDK takes it as it is
	f.Add("root=" + root + ";sampled=1")
	d := listen(f)
	tracer := newTracer(f, trace.Config{Address: d.addr(), SampleRate: ptr(0.0)})
	form := regexp.MustCompile(`^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=[01](;Lineage=[0-9A-Za-z:|]{1,255})?$`)
	f.Fuzz(func(t *testing.T, header string) {
		ctx, seg := tracer.Begin(context.Background(), "fuzz", header, trace.BeginOptions{})
		defer seg.End(nil)
		if got := trace.Header(ctx); !form.MatchString(got) {
			t.Errorf("%q is sent on as %q", header, got)
		}
	})
}
