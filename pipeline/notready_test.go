package pipeline_test

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/monthend/monthend/pipeline"
	"github.com/monthend/monthend/report"
)

// lagging is a report whose source says itself up to which day it holds everything.
func lagging(ready string) fs.FS {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	return fstest.MapFS{
		"lagging/report.yaml": file(`
name: lagging
title: Lagging
timezone: Europe/Prague
currency: CZK
ready: sql/ready.sql
extract:
  entries: {sql: entries.sql, key: [id]}
generate:
  datasets: {all: all.sql}
  document:
    - table: {title: All, dataset: all}
  formats: [csv]
`),
		"lagging/sql/ready.sql": file(ready),
		"lagging/entries.sql":   file(`SELECT id FROM public.entries WHERE day >= @period_first AND day < @period_next`),
		"lagging/all.sql":       file(`SELECT id FROM entries ORDER BY id`),
	}
}

const watermark = `SELECT up_to >= @period_next AS ready FROM public.watermark`

// laggingWorld holds the first days of March.
func laggingWorld(t *testing.T, ready string, alter func(*pipeline.Config)) *world {
	w := newWorld(t, worldConfig{definitions: lagging(ready), alter: alter})
	w.exec(`CREATE TABLE public.entries AS SELECT d - date '2026-02-01' AS id, d::date AS day FROM generate_series(date '2026-02-26', date '2026-03-05', '1 day') AS d(d)`)
	w.exec(`ALTER TABLE public.entries ALTER id TYPE integer USING extract(day FROM day)`)
	w.exec(`CREATE TABLE public.watermark AS SELECT date '2026-03-06' AS up_to`)
	return w
}

// catchUp brings the rest of the month, and says so.
func (w *world) catchUp() {
	w.exec(`INSERT INTO public.entries SELECT extract(day FROM d)::integer, d::date FROM generate_series(date '2026-03-06', date '2026-04-02', '1 day') AS d(d)`)
	w.exec(`UPDATE public.watermark SET up_to = date '2026-04-03'`)
}

// A source that lags behind is waited for: no attempt is spent and no crash counted, however often it is asked; and what is
// published in the end is the whole month.
func TestSourceIsNotReady(t *testing.T) {
	w := laggingWorld(t, watermark, func(c *pipeline.Config) { c.MaxAttempts = 2 })
	asking := w.asking(report.Job{Report: "lagging", Period: "2026-03"})
	var runID string
	var silent []string
	for range 4 {
		result := w.runner.Run(t.Context(), asking)
		var early *pipeline.NotReadyError
		if !errors.As(result.Err, &early) || result.Err.Error() != "the source is not ready for 2026-03" {
			t.Fatalf("got %v, want that the source is not ready", result.Err)
		}
		if result.Outcome != "" || result.Lost || result.RetryAfter < 15*time.Minute || result.RetryAfter > 11*time.Hour {
			t.Errorf("got %+v, want it put back for 15 min to 11 h", result)
		}
		runID, silent = result.RunID, append(silent, result.TraceID)
		asking.Delivered++
	}
	// An error that passes is the first of two tries, not the sixth.
	w.exec(`ALTER TABLE public.entries RENAME TO gone`)
	w.exec(`CREATE FUNCTION public.busy() RETURNS date LANGUAGE plpgsql AS $$ BEGIN RAISE SQLSTATE '40001'; END $$`)
	w.exec(`CREATE VIEW public.entries AS SELECT 1 AS id, public.busy() AS day`)
	w.exec(`UPDATE public.watermark SET up_to = date '2026-04-03'`)
	if result := w.runner.Run(t.Context(), asking); result.Outcome != "" || result.RetryAfter <= 0 || result.RetryAfter > 15*time.Minute {
		t.Fatalf("got %+v, want it put back for a passing error", result)
	}
	w.exec(`DROP VIEW public.entries`)
	w.exec(`ALTER TABLE public.gone RENAME TO entries`)
	w.catchUp()
	result := w.runner.Run(t.Context(), asking)
	if result.Outcome != report.Published || result.RunID != runID || result.Version.Number != 1 || result.Extracted != 31 {
		t.Fatalf("got %+v, want run %s published with 31 days", result, runID)
	}
	w.segments(result.TraceID, 1)
	for _, id := range silent {
		if documents, _ := w.xray.Trace(id); len(documents) > 0 {
			t.Errorf("a delivery that was only put back left %d documents", len(documents))
		}
	}
	for i, a := range w.attempts(runID) {
		if a.Crashed || i < 4 && (a.Outcome != "" || a.Error != "the source is not ready for 2026-03") {
			t.Errorf("attempt %d: got %+v", i+1, a)
		}
	}
	rows := strings.Split(strings.TrimSpace(string(w.file("lagging/_/2026-03", "*.csv"))), "\n")
	if len(rows) != 32 {
		t.Errorf("got %d lines of a CSV file, want a header and 31 days", len(rows))
	}
}

// What the ready query saw is what the extracts read: rows that come between the two come too late for both.
func TestReadyIsOfTheSameSnapshot(t *testing.T) {
	var w *world
	once := false
	w = laggingWorld(t, watermark, func(c *pipeline.Config) {
		c.Progress = func(p pipeline.Progress) {
			if p.Stage == pipeline.StageExtract && p.Step != "" && !once {
				once = true
				w.exec(`DELETE FROM public.entries`)
			}
		}
	})
	w.catchUp()
	if result := w.run(report.Job{Report: "lagging", Period: "2026-03"}); result.Outcome != report.Published || result.Extracted != 31 {
		t.Errorf("got %+v, want 31 days", result)
	}
}

// A draft may be of a month that is not whole.
func TestPreviewDoesNotWait(t *testing.T) {
	w := laggingWorld(t, watermark, nil)
	_, result := pipeline.Preview(t.Context(), w.config, pipeline.Asking{Job: report.Job{Report: "lagging", Period: "2026-03"}}, t.TempDir())
	if result.Err != nil || result.Extracted != 5 {
		t.Errorf("got %+v, want the 5 days there are", result)
	}
}

// NULL is not TRUE; anything but one boolean is a mistake of the definition, with its file.
func TestReadyAnswers(t *testing.T) {
	for i, test := range []struct{ sql, want string }{
		{"SELECT NULL::boolean AS ready", "the source is not ready for 2026-03"},
		{"SELECT false AS ready", "the source is not ready for 2026-03"},
		{"SELECT 1 AS ready", `query "ready": sql/ready.sql: column "ready" is int32, where a boolean is wanted`},
		{"SELECT true AS ready, 1 AS n", `query "ready": sql/ready.sql: column "n": the query answers 2 columns, where one is wanted`},
		{"SELECT true AS ready WHERE false", "query \"ready\": sql/ready.sql: the query answers no row"},
		{"SELECT true AS ready FROM public.entries", "query \"ready\": sql/ready.sql: the query answers several rows"},
		{"SELECT ready\nFROM nowhere", `query "ready": sql/ready.sql:2:6: relation "nowhere" does not exist`},
		{"DELETE FROM public.entries", "query \"ready\": sql/ready.sql: the query returns no columns"},
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			w := laggingWorld(t, test.sql, nil)
			result := w.run(report.Job{Report: "lagging", Period: "2026-03"})
			if result.Err == nil || !strings.Contains(result.Err.Error(), test.want) {
				t.Fatalf("%s: got %v, want %q", test.sql, result.Err, test.want)
			}
			if mistaken := strings.HasPrefix(test.want, "query"); mistaken != (result.Outcome == report.Failed) {
				t.Errorf("%s: got outcome %q", test.sql, result.Outcome)
			}
		})
	}
}
