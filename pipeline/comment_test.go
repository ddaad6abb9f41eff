package pipeline_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/pipeline"
	"github.com/monthend/monthend/pipeline/commentary"
	"github.com/monthend/monthend/report"
)

// talker is a model that says something else each time.
func talker(t *testing.T, status int) (*commentary.Drafter, *atomic.Int64) {
	t.Helper()
	calls := new(atomic.Int64)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n := calls.Add(1)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		json.NewEncoder(w).Encode(map[string]any{"model": "tester", "usage": map[string]any{"total_tokens": 7},
			"choices": []any{map[string]any{"message": map[string]any{"role": "assistant", "content": "A month" + strings.Repeat(" of quiet", int(n)) + ".\n\nNet was 0.01."}}}})
	}))
	t.Cleanup(s.Close)
	d, err := commentary.New(commentary.Config{URL: s.URL, Model: "tester"})
	if err != nil {
		t.Fatal(err)
	}
	return d, calls
}

// commented is growth with a commentary.
var commented = map[string]string{"report.yaml": `
name: growth
title: Growth
timezone: Europe/Prague
currency: CZK
extract:
  transactions: {sql: transactions.sql, key: [id]}
commentary: {datasets: [summary]}
generate:
  datasets: {summary: summary.sql}
  document:
    - kpis: [{label: Net, dataset: summary, column: net, format: money}]
  formats: [html, json]
`}

// Fault 45: what was said is kept before it is drawn. An attempt that died between the upload and the publication is followed by one
// that draws the same bytes, though the model would say something else by then; a version whose commit was lost is adopted.
func TestCommentaryIsDecidedOnce(t *testing.T) {
	model, calls := talker(t, http.StatusOK)
	died := errors.New("the worker died")
	ctx, die := context.WithCancelCause(t.Context())
	first := true
	var told log
	w := newWorld(t, worldConfig{definitions: growth(commented), alter: func(c *pipeline.Config) { c.Commentary, c.Progress = model, told.tell }})
	told.listen = func(p pipeline.Progress) {
		if p.Stage == pipeline.StagePublish && p.Steps > 0 && p.Done == p.Steps && first {
			first = false
			die(died)
		}
	}
	asking := w.asking(growthOf("2026-03"))
	if got := w.runner.Run(ctx, asking); got.Outcome != "" || !errors.Is(got.Err, died) {
		t.Fatalf("got %q, %v, want an attempt that ended in the upload", got.Outcome, got.Err)
	}
	uploaded := tree(t, w.dir)
	if len(uploaded) == 0 {
		t.Fatal("nothing was uploaded")
	}
	asking.Delivered = 2
	result := w.runner.Run(t.Context(), asking)
	if result.Outcome != report.Published || calls.Load() != 1 {
		t.Fatalf("got %q, %v after %d calls; want published after one", result.Outcome, result.Err, calls.Load())
	}
	published := tree(t, w.dir)
	for name, text := range uploaded {
		if published[name] != text {
			t.Errorf("%s is another file after the second attempt", name)
		}
	}
	delete(published, "growth/_/2026-03/current.json")
	if diff := cmp.Diff(len(uploaded), len(published)); diff != "" {
		t.Errorf("files (-first +second):\n%s", diff)
	}
	page, err := os.ReadFile(filepath.Join(w.dir, filepath.FromSlash(result.Version.Path), "growth-2026-03.html"))
	if err != nil || !strings.Contains(string(page), "Draft commentary, not reviewed") || !strings.Contains(string(page), "A month of quiet.") || strings.Contains(string(page), "Net was") {
		t.Errorf("the page lacks the mark or the draft, or holds a number that is not there: %v", err)
	}
	manifest, err := pipeline.ParseManifest(result.Version.Manifest)
	if err != nil || manifest.Provenance.CommentaryModel != "tester" || manifest.Provenance.CommentaryTokens != 7 {
		t.Errorf("got %+v, %v, want the model and its tokens", manifest.Provenance, err)
	}

	// Equal data is unchanged, and nobody is asked.
	if got := w.run(again("2026-03", "look again")); got.Outcome != report.Unchanged || calls.Load() != 1 {
		t.Errorf("got %q, %v after %d calls; want unchanged after one", got.Outcome, got.Err, calls.Load())
	}
	w.failover()
	if got := w.run(growthOf("2026-03")); got.Outcome != report.Published || got.Version.Path != result.Version.Path || calls.Load() != 1 {
		t.Errorf("got %q at %q, %v after %d calls; want it adopted", got.Outcome, got.Version.Path, got.Err, calls.Load())
	}
}

func TestCommentaryLeftOut(t *testing.T) {
	for _, c := range []struct {
		name   string
		status int
		want   string
	}{{"Refused", 401, "Commentary left out"}, {"Off", 0, ""}} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, worldConfig{definitions: growth(commented), alter: func(cfg *pipeline.Config) {
				if c.status != 0 {
					cfg.Commentary, _ = talker(t, c.status)
				}
			}})
			id, parent := header()
			asking := w.asking(growthOf("2026-03"))
			asking.Trace = parent
			result := w.runner.Run(t.Context(), asking)
			page, err := os.ReadFile(filepath.Join(w.dir, filepath.FromSlash(result.Version.Path), "growth-2026-03.html"))
			if result.Outcome != report.Published || err != nil || strings.Contains(string(page), "ommentary") != (c.want != "") || !strings.Contains(string(page), c.want) {
				t.Errorf("got %q, %v, want published with %q", result.Outcome, err, c.want)
			}
			if got := w.runner.Counters().Uncommented; (got == 1) != (c.want != "") {
				t.Errorf("got %d counted", got)
			}
			segment := w.segments(id, 1)[0]
			if got := fmt.Sprint(find(segment, string(pipeline.StageGenerate)).Annotations["commentary"]); (got == "left_out") != (c.want != "") {
				t.Errorf("got annotation %s", got)
			}
		})
	}
}
