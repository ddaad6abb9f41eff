package trace_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/monthend/monthend/trace"
)

const unsampled = "Root=" + root + ";Parent=" + parent + ";Sampled=0"

// job is a segment with two phases and a query in each.
func job(tracer *trace.Tracer, header string, inside func(context.Context), err error) {
	ctx, seg := tracer.Begin(context.Background(), "worker", header, trace.BeginOptions{})
	for _, phase := range []string{"extract", "publish"} {
		_ = trace.Span(ctx, phase, func(ctx context.Context) error {
			if inside != nil {
				inside(ctx)
			}
			return trace.Remote(ctx, "db@localhost", func(context.Context) error { return nil })
		})
	}
	seg.End(err)
}

func TestTailKeep(t *testing.T) {
	slow := func(ctx context.Context) { trace.Keep(ctx, "slow") }
	for name, row := range map[string]struct {
		header  string
		inside  func(context.Context)
		err     error
		kept    any // the annotation; nil: nothing is kept
		partial any
	}{
		"went well":          {unsampled, nil, nil, nil, nil},
		"failed":             {unsampled, nil, errors.New("boom"), "failed", true},
		"slow":               {unsampled, slow, nil, "slow", true},
		"slow and failed":    {unsampled, slow, errors.New("boom"), "slow", true},
		"cancelled":          {unsampled, nil, context.Canceled, nil, nil},
		"decided here":       {"", nil, errors.New("boom"), "failed", nil},
		"undecided by asker": {"Root=" + root + ";Parent=" + parent, nil, errors.New("boom"), "failed", nil},
	} {
		t.Run(name, func(t *testing.T) {
			d := listen(t)
			tracer := newTracer(t, trace.Config{Address: d.addr(), SampleRate: ptr(0.0), Now: day})
			var header string
			job(tracer, row.header, func(ctx context.Context) {
				header = trace.Header(ctx)
				if row.inside != nil {
					row.inside(ctx)
				}
			}, row.err)
			if !strings.HasSuffix(header, ";Sampled=0") {
				t.Errorf("others are told %s", header)
			}
			all := d.documents(tracer)
			c := tracer.Counters()
			if c.Held != 0 || c.HeldBytes != 0 || c.Sent+c.Dropped() != 5 {
				t.Errorf("counters: %+v", c)
			}
			if row.kept == nil {
				if len(all) != 0 || c.Unsampled != 5 || c.Kept != 0 {
					t.Errorf("got %d documents, counters %+v", len(all), c)
				}
				return
			}
			if len(all) != 5 || c.Kept != 1 {
				t.Fatalf("got %d documents, want 5; counters %+v", len(all), c)
			}
			doc := byName(t, all, "worker")
			if doc.Annotations["kept"] != row.kept || doc.Annotations["partial"] != row.partial {
				t.Errorf("annotations: %v", doc.Annotations)
			}
		})
	}
}

// A sampled segment is neither held nor marked.
func TestKeepOfASampledSegment(t *testing.T) {
	d, tracer, ctx, seg := begin(t, context.Background())
	trace.Keep(ctx, "retried")
	_ = trace.Span(ctx, "phase", func(context.Context) error { return nil })
	if got := d.next().Name; got != "phase" {
		t.Errorf("got %q before the end, want the phase", got)
	}
	seg.End(errors.New("boom"))
	if got := d.next(); got.Annotations["kept"] != nil {
		t.Errorf("annotations: %v", got.Annotations)
	}
	if got := tracer.Counters().Kept; got != 0 {
		t.Errorf("kept: got %d", got)
	}
	trace.Keep(context.Background(), "nobody")
}

func TestHoldIsBounded(t *testing.T) {
	d := listen(t)
	tracer := newTracer(t, trace.Config{Address: d.addr(), SampleRate: ptr(0.0), HoldBytes: 30_000})
	first, one := tracer.Begin(context.Background(), "one", "", trace.BeginOptions{})
	second, two := tracer.Begin(context.Background(), "two", "", trace.BeginOptions{})
	big := strings.Repeat("x", 20_000)
	for _, ctx := range []context.Context{first, second} {
		_ = trace.Span(ctx, "phase", func(ctx context.Context) error {
			trace.Metadata(ctx, "big", big)
			return nil
		})
	}
	if c := tracer.Counters(); c.Held != 1 || c.HeldBytes < 20_000 || c.HoldFull != 1 {
		t.Errorf("counters: %+v", c)
	}
	two.End(errors.New("boom"))
	if got := aggregated(t, d.next())["phase"]; got.Count != 1 {
		t.Errorf("aggregated %+v, want what found no room", got)
	}
	one.End(nil)
	if c := tracer.Counters(); c.Held != 0 || c.HeldBytes != 0 || c.Unsampled != 2 {
		t.Errorf("counters: %+v", c)
	}
}

func TestNothingHeld(t *testing.T) {
	d := listen(t)
	tracer := newTracer(t, trace.Config{Address: d.addr(), SampleRate: ptr(0.0), HoldBytes: -1})
	job(tracer, "", func(ctx context.Context) { trace.Keep(ctx, "slow") }, errors.New("boom"))
	if got := len(d.documents(tracer)); got != 0 || tracer.Counters().Unsampled != 5 {
		t.Errorf("got %d documents, counters %+v", got, tracer.Counters())
	}
}

func TestDiscardOfWhatIsHeld(t *testing.T) {
	d := listen(t)
	tracer := newTracer(t, trace.Config{Address: d.addr(), SampleRate: ptr(0.0)})
	ctx, seg := tracer.Begin(context.Background(), "worker", "", trace.BeginOptions{})
	_ = trace.Span(ctx, "phase", func(context.Context) error { return nil })
	seg.Discard()
	if c := tracer.Counters(); c.Discarded != 2 || c.Held != 0 || c.HeldBytes != 0 {
		t.Errorf("counters: %+v", c)
	}
}

// One of a hundred is sampled, one of fifty fails, one is both: every one that failed is whole, and marked as the worker's part
// alone where the producer's was not sampled.
func TestTailKeepAmongMany(t *testing.T) {
	const jobs, failing, both = 1000, 20, 7
	d := listen(t)
	tracer := newTracer(t, trace.Config{Address: d.addr(), Now: day})
	failed := map[string]bool{}
	id := func(i int) string { return fmt.Sprintf("1-6b02c013-%024x", i) }
	var wg sync.WaitGroup
	lane := make(chan struct{}, 16)
	for i := range jobs {
		var err error
		if i%(jobs/failing) == 7 {
			err, failed[id(i)] = errors.New("boom"), true
		}
		decision := 0
		if i%100 == 0 && i > 0 || i == both {
			decision = 1
		}
		lane <- struct{}{}
		wg.Go(func() {
			job(tracer, fmt.Sprintf("Root=%s;Parent=%s;Sampled=%d", id(i), parent, decision), nil, err)
			<-lane
		})
	}
	wg.Wait()
	by := map[string][]trace.Document{}
	for _, doc := range d.documents(tracer) {
		by[doc.TraceID] = append(by[doc.TraceID], doc)
	}
	if len(failed) != failing || len(by) != failing+jobs/100-1 {
		t.Errorf("got %d traces, %d failed", len(by), len(failed))
	}
	for trace := range failed {
		all := by[trace]
		if len(all) != 5 {
			t.Fatalf("trace %s has %d documents, want 5", trace, len(all))
		}
		a := byName(t, all, "worker").Annotations
		if trace == id(both) {
			if a["kept"] != nil || a["partial"] != nil {
				t.Errorf("a sampled trace is marked: %v", a)
			}
		} else if a["kept"] != "failed" || a["partial"] != true {
			t.Errorf("trace %s: annotations %v", trace, a)
		}
	}
	c := tracer.Counters()
	if c.Kept != failing-1 || c.Held != 0 || c.HeldBytes != 0 || c.Sent+c.Dropped() != 5*jobs || c.Unsampled != c.Dropped() {
		t.Errorf("counters: %+v", c)
	}
}
