package pipeline_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/monthend/monthend/pipeline"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/trace"
)

// While a query's rows come, people and the ledger are told how many there are and how fast they come, not only at its end.
func TestExtractionTellsItsRows(t *testing.T) {
	var ticks atomic.Int64
	started := time.Now()
	var seen []pipeline.Progress
	var atLedger int64
	w := newWorld(t, worldConfig{alter: func(c *pipeline.Config) {
		// Whoever asks for the time moves it on by a second; the lease keeps its distance.
		c.Now = func() time.Time { return started.Add(time.Duration(ticks.Add(1)) * time.Second) }
		c.RenewEvery, c.FenceAfter = time.Hour, 100*time.Hour
		c.Progress = func(p pipeline.Progress) {
			if p.Stage == pipeline.StageExtract && p.Step == "transactions" {
				seen = append(seen, p)
			}
		}
	}})
	if result := w.run(march); result.Outcome != report.Published {
		t.Fatalf("got %+v", result)
	}
	if len(seen) < 3 {
		t.Fatalf("got %d steps of the transactions, want one a batch", len(seen))
	}
	for i, p := range seen[:len(seen)-1] {
		if p.Rate <= 0 || p.Rows <= atLedger || p.Done != 0 || p.Steps != 3 {
			t.Errorf("step %d: got %+v after %d rows", i, p, atLedger)
		}
		atLedger = p.Rows
	}
	if last := seen[len(seen)-1]; last.Done != 1 || last.Rows < atLedger {
		t.Errorf("got %+v at the end", last)
	}
}

// The subsegment of an extract query tells how many rows came, and when the first one did.
func TestTraceTellsFirstRows(t *testing.T) {
	w := newWorld(t, worldConfig{})
	_, told := header()
	asking := w.asking(march)
	asking.Trace = told
	result := w.runner.Run(t.Context(), asking)
	found := 0
	var look func([]trace.Document)
	look = func(documents []trace.Document) {
		for _, d := range documents {
			if d.SQL != nil && strings.Contains(d.SQL.SanitizedQuery, "finance.") {
				if metadata := d.Metadata["default"]; len(metadata["rows"]) == 0 || len(metadata["first_row_ms"]) == 0 {
					t.Errorf("%s tells %s, want rows and first_row_ms", d.Name, metadata)
				}
				found++
			}
			look(d.Subsegments)
		}
	}
	look(w.segments(result.TraceID, 1))
	if found < 3 { // and those of other months
		t.Errorf("got %d queries, want the month's 3", found)
	}
}
