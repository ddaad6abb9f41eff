package pipeline_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/monthend/monthend/pipeline"
	"github.com/monthend/monthend/pipeline/store"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/trace"
)

// heard is a log that says when a line with a word has come.
type heard struct {
	mu   sync.Mutex
	text bytes.Buffer
	word string
	come chan struct{}
}

func (h *heard) Write(line []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if strings.Contains(string(line), h.word) && !strings.Contains(h.text.String(), h.word) {
		defer close(h.come)
	}
	return h.text.Write(line)
}

func (h *heard) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.text.String()
}

// waitingStore holds every Put until something has happened.
type waitingStore struct {
	store.Store
	until <-chan struct{}
}

func (s waitingStore) Put(ctx context.Context, path, file string, sum store.Sum) error {
	select {
	case <-s.until:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return s.Store.Put(ctx, path, file, sum)
}

// unsampled is the header of an asker who keeps nothing.
func unsampled() (id, text string) {
	id, text = header()
	return id, strings.Replace(text, "Sampled=1", "Sampled=0", 1)
}

// A stage that takes longer than the definition allows is told while it does; the run is marked, counted and kept although
// sampling said no, and ends as it would have.
func TestSlowRun(t *testing.T) {
	log := &heard{word: "run is slow", come: make(chan struct{})}
	files := definition(short, short).(fstest.MapFS)
	files["small/report.yaml"].Data = append([]byte("slow_after: {publish: 1s, total: 1h}\n"), files["small/report.yaml"].Data...)
	w := newWorld(t, worldConfig{definitions: files, alter: func(c *pipeline.Config) {
		c.Logger = slog.New(slog.NewTextHandler(log, nil))
		c.Store = waitingStore{c.Store, log.come}
	}})
	id, header := unsampled()
	asking := w.asking(report.Job{Report: "small", Period: "2026-03"})
	asking.Trace = header
	if result := w.runner.Run(t.Context(), asking); result.Outcome != report.Published {
		t.Fatalf("got %q, %v, want published", result.Outcome, result.Err)
	}
	if got := log.String(); strings.Count(got, "run is slow") != 1 || !strings.Contains(got, "stage=publish after=1s") {
		t.Errorf("log:\n%s", got)
	}
	if got := w.runner.Counters().Slow; got != 1 {
		t.Errorf("slow runs: got %d, want 1", got)
	}
	segment := w.segments(id, 1)[0]
	if a := segment.Annotations; a["slow"] != true || a["kept"] != "slow" || a["partial"] != true {
		t.Errorf("annotations: %v", a)
	}
	if _, told := names(segment)[string(pipeline.StageExtract)]; !told {
		t.Errorf("got %v, want what came before it was slow too", names(segment))
	}
}

// What sampling leaves out is kept all the same when it failed as data or is an attempt after another, and not otherwise.
func TestTailKeepOfARun(t *testing.T) {
	const wrong = `SELECT 1::DECIMAL(18, 2) AS expected, 2::DECIMAL(18, 2) AS actual ORDER BY ALL`
	for name, row := range map[string]struct {
		assert  string
		crashes int
		outcome report.Outcome
		kept    any
	}{
		"Published":  {short, 0, report.Published, nil},
		"DataFailed": {wrong, 0, report.DataFailed, "failed"},
		"Retried":    {short, 1, report.Published, "retried"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, worldConfig{definitions: definition(row.assert, short)})
			id, header := unsampled()
			asking := w.asking(report.Job{Report: "small", Period: "2026-03"})
			asking.Trace = header
			for range row.crashes {
				w.crash(asking, false)
			}
			if result := w.runner.Run(t.Context(), asking); result.Outcome != row.outcome {
				t.Fatalf("got %q, %v, want %s", result.Outcome, result.Err, row.outcome)
			}
			if row.kept == nil {
				if got := w.tracer.Counters(); got.Sent != 0 || got.Kept != 0 || got.Held != 0 || got.Unsampled == 0 {
					t.Errorf("counters: %+v", got)
				}
				return
			}
			segment := w.segments(id, 1)[0]
			if a := segment.Annotations; a["kept"] != row.kept || a["partial"] != true {
				t.Errorf("annotations: %v", a)
			}
			if _, told := names(segment)[string(pipeline.StageExtract)]; !told {
				t.Errorf("got %v, want the whole attempt", names(segment))
			}
		})
	}
}

// A run that takes long is told of while it goes on, and by its end as if it had been short.
func TestLongRunIsAnnounced(t *testing.T) {
	told := make(chan struct{})
	w := newWorld(t, worldConfig{definitions: definition(short, short), alter: func(c *pipeline.Config) {
		c.Store = waitingStore{c.Store, told}
	}})
	id, text := header()
	asking := w.asking(report.Job{Report: "small", Period: "2026-03"})
	asking.Trace = text
	done := make(chan pipeline.Result, 1)
	go func() { done <- w.runner.Run(t.Context(), asking) }()
	open, err := w.xray.Wait(t.Context(), id, func(documents []trace.Document) bool {
		return len(documents) > 0 && documents[0].Type == ""
	})
	if err != nil {
		t.Fatal(err)
	}
	close(told)
	if a := open[0].Annotations; !open[0].InProgress || a["report"] != "small" || a["attempt"] != 1.0 {
		t.Errorf("while it goes on: %+v", open[0])
	}
	if result := <-done; result.Outcome != report.Published {
		t.Fatalf("got %q, %v, want published", result.Outcome, result.Err)
	}
	ended := w.segments(id, 1)[0]
	if ended.InProgress || ended.ID != open[0].ID || ended.Annotations["outcome"] != "published" {
		t.Errorf("after its end: %+v", ended)
	}
}
