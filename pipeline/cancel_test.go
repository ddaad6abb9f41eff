package pipeline_test

import (
	"errors"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/monthend/monthend/pipeline"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

// Fault 42: a run that is cancelled in any stage stops in it, whatever holds it up, and publishes nothing.
func TestCancelInEachStage(t *testing.T) {
	for _, c := range []struct {
		stage           pipeline.Stage
		assert, dataset string
		stuck           bool
	}{
		{stage: pipeline.StageExtract, assert: short, dataset: short},
		{stage: pipeline.StageValidate, assert: endless, dataset: short},
		{stage: pipeline.StageGenerate, assert: short, dataset: endless},
		{stage: pipeline.StagePublish, assert: short, dataset: short, stuck: true},
	} {
		t.Run(string(c.stage), func(t *testing.T) {
			var told log
			w := newWorld(t, worldConfig{definitions: definition(c.assert, c.dataset), alter: func(cfg *pipeline.Config) {
				cfg.Progress, cfg.LookEvery = told.tell, 20*time.Millisecond
				if c.stuck {
					cfg.Store = stuckStore{cfg.Store}
				}
			}})
			if c.stage == pipeline.StageExtract {
				w.lock(`LOCK TABLE finance.accounts IN ACCESS EXCLUSIVE MODE`)
			}
			told.listen = func(p pipeline.Progress) {
				if p.Stage != c.stage || p.Step != "" {
					return
				}
				if answer, err := w.ledger.Cancel(t.Context(), p.RunID, "controller"); err != nil || answer != ledger.CancelAsked {
					t.Errorf("cancel: got %q, %v", answer, err)
				}
			}
			began := time.Now()
			asking := w.asking(report.Job{Report: "small", Period: "2026-03"})
			result := w.runner.Run(t.Context(), asking)
			if result.Outcome != report.Cancelled || !errors.Is(result.Err, pipeline.ErrCancelled) {
				t.Fatalf("got %q, %v, want cancelled", result.Outcome, result.Err)
			}
			if took := time.Since(began); took > time.Minute {
				t.Errorf("it took %s to stop", took)
			}
			if last := told.steps[len(told.steps)-1]; last.Stage != c.stage {
				t.Errorf("it went on to %s", last.Stage)
			}
			w.nothingPublished(asking, report.Cancelled)
		})
	}
}

// lock holds a lock of the source until the test ends.
func (w *world) lock(sql string) {
	w.t.Helper()
	conn, err := pgx.Connect(w.t.Context(), w.url)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { conn.Close(w.t.Context()) })
	if _, err := conn.Exec(w.t.Context(), `BEGIN; `+sql); err != nil {
		w.t.Fatal(err)
	}
}

// nothingPublished checks that the request ended so, and that neither ledger nor store has a version.
func (w *world) nothingPublished(asking pipeline.Asking, want report.Outcome) {
	w.t.Helper()
	request, err := w.ledger.Request(w.t.Context(), asking.RequestID)
	if err != nil || request.Outcome != want {
		w.t.Errorf("got request %+v, %v; want it %q", request, err, want)
	}
	period, err := report.ParsePeriod(asking.Job.Period)
	if err != nil {
		w.t.Fatal(err)
	}
	if _, ok, err := w.ledger.Current(w.t.Context(), report.Key{Report: asking.Job.Report, Period: period}); ok || err != nil {
		w.t.Errorf("there is a current version, %v; want none", err)
	}
	if left, err := os.ReadDir(w.dir); err != nil || len(left) != 0 {
		w.t.Errorf("the store holds %v, %v; want nothing", left, err)
	}
}

// A cancel that comes when nothing is left to stop is met by the publish transaction: whoever commits first wins.
func TestCancelBeforeTheCommit(t *testing.T) {
	var told log
	w := newWorld(t, worldConfig{definitions: definition(short, short), alter: func(cfg *pipeline.Config) {
		cfg.Progress, cfg.LookEvery = told.tell, time.Hour
		cfg.RenewEvery, cfg.FenceAfter = time.Hour, 2*time.Hour
	}})
	cancelled := false
	told.listen = func(p pipeline.Progress) {
		if p.Stage == pipeline.StagePublish && p.Step != "" && p.Done == p.Steps && !cancelled {
			cancelled = true
			if _, err := w.ledger.Cancel(t.Context(), p.RunID, "controller"); err != nil {
				t.Error(err)
			}
		}
	}
	result := w.run(report.Job{Report: "small", Period: "2026-03"})
	if result.Outcome != report.Cancelled {
		t.Fatalf("got %q, %v, want cancelled", result.Outcome, result.Err)
	}
	if _, ok, err := w.ledger.Current(t.Context(), result.Key); ok || err != nil {
		t.Errorf("there is a current version, %v; want none", err)
	}
	// The key is free: the next request is worked, under a number of its own.
	if next := w.run(report.Job{Report: "small", Period: "2026-03"}); next.Outcome != report.Published || next.Version.Number != 2 {
		t.Errorf("got %q, version %d, %v; want version 2", next.Outcome, next.Version.Number, next.Err)
	}
}

// A run that was cancelled while nobody worked on it is not begun again.
func TestCancelBeforeTheClaim(t *testing.T) {
	w := newWorld(t, worldConfig{definitions: definition(short, short)})
	asking := w.asking(report.Job{Report: "small", Period: "2026-03"})
	w.crash(asking, false)
	request, err := w.ledger.Request(t.Context(), asking.RequestID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.ledger.Cancel(t.Context(), request.RunID, "controller"); err != nil {
		t.Fatal(err)
	}
	if result := w.runner.Run(t.Context(), asking); result.Outcome != report.Cancelled {
		t.Fatalf("got %q, %v, want cancelled", result.Outcome, result.Err)
	}
	w.nothingPublished(asking, report.Cancelled)
}

// TestCancelledBeforeItWasSeen: a request that no worker could fulfil, now or ever, is settled by its cancellation.
func TestCancelledBeforeItWasSeen(t *testing.T) {
	w := newWorld(t, worldConfig{})
	for _, job := range []report.Job{
		{Report: "nonsense", Period: "2026-03"},
		{Report: "monthly-financials", Period: "2126-03"},
	} {
		asking := w.asking(job)
		if _, err := w.ledger.CancelRequest(t.Context(), asking.RequestID, "the test", true); err != nil {
			t.Fatal(err)
		}
		if result := w.runner.Run(t.Context(), asking); result.Outcome != report.Cancelled {
			t.Errorf("%s %s: got %q, %v, want cancelled", job.Report, job.Period, result.Outcome, result.Err)
		}
	}
}
