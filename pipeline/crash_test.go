package pipeline_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/pipeline"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

// crash leaves the run of asking as a worker does that dies at work.
func (w *world) crash(asking pipeline.Asking, alone bool) {
	w.t.Helper()
	period, err := report.ParsePeriod(asking.Job.Period)
	if err != nil {
		w.t.Fatal(err)
	}
	dead, err := ledger.Open(w.t.Context(), ledger.Config{URL: w.url, Owner: "dead"})
	if err != nil {
		w.t.Fatal(err)
	}
	defer dead.Close()
	answer, err := dead.Claim(w.t.Context(), ledger.Ask{
		RequestID: asking.RequestID, Key: report.Key{Report: asking.Job.Report, Period: period, Tenant: asking.Job.Tenant}, Alone: alone,
		Retry: asking.Job.Retry,
	})
	if err != nil || answer.Kind != ledger.Claimed {
		w.t.Fatalf("got %+v, %v; want it claimed", answer, err)
	}
	w.exec(`UPDATE monthend.runs SET lease_until = clock_timestamp() - interval '1 second' WHERE run_id = $1`, answer.RunID)
}

func (w *world) attempts(runID string) []ledger.Attempt {
	w.t.Helper()
	attempts, err := w.ledger.Attempts(w.t.Context(), runID)
	if err != nil {
		w.t.Fatal(err)
	}
	return attempts
}

// month is a job of the demo company.
func month(period string) report.Job {
	return report.Job{Report: "monthly-financials", Period: period}
}

// log is what a runner told, in its order.
type log struct {
	mu     sync.Mutex
	steps  []pipeline.Progress
	listen func(pipeline.Progress)
}

func (l *log) tell(p pipeline.Progress) {
	l.mu.Lock()
	l.steps = append(l.steps, p)
	listen := l.listen
	l.mu.Unlock()
	if listen != nil {
		listen(p)
	}
}

// between are the runs told of from the first stage of run to its last.
func (l *log) between(run string) map[string]bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	first, last := -1, -1
	for i, p := range l.steps {
		if p.RunID != run || p.Stage == pipeline.StageClaim {
			continue
		}
		if first < 0 {
			first = i
		}
		last = i
	}
	runs := map[string]bool{}
	for i := first; i >= 0 && i <= last; i++ {
		runs[l.steps[i].RunID] = true
	}
	return runs
}

// A run that was in a crash waits for those in work, is overtaken by none, and is worked alone.
func TestSuspectIsWorkedAlone(t *testing.T) {
	var told log
	w := newWorld(t, worldConfig{alter: func(c *pipeline.Config) { c.Progress = told.tell }})
	suspect := w.asking(march)
	w.crash(suspect, false)

	inWork, waiting, proceed := make(chan struct{}), make(chan struct{}), make(chan struct{})
	var once sync.Once
	told.listen = func(p pipeline.Progress) {
		switch p.Stage {
		case pipeline.StageClaim:
			close(waiting)
		case pipeline.StageValidate:
			once.Do(func() {
				close(inWork)
				<-proceed
			})
		}
	}
	results := make(chan pipeline.Result, 3)
	begin := func(a pipeline.Asking) { go func() { results <- w.runner.Run(t.Context(), a) }() }
	begin(w.asking(month("2026-02")))
	<-inWork
	begin(suspect)
	<-waiting
	begin(w.asking(month("2026-01")))
	close(proceed)

	for range 3 {
		result := <-results
		if result.Outcome != report.Published {
			t.Fatalf("%s: got %q, %v, want published", result.Key, result.Outcome, result.Err)
		}
		if result.Key.Period.String() != march.Period {
			continue
		}
		attempts := w.attempts(result.RunID)
		if len(attempts) != 2 || !attempts[0].Crashed || attempts[0].Alone || !attempts[1].Alone {
			t.Errorf("got attempts %+v, want a crash and then one alone", attempts)
		}
		if got := told.between(result.RunID); !cmp.Equal(got, map[string]bool{result.RunID: true}) {
			t.Errorf("while run %s was worked, so were %v", result.RunID, got)
		}
	}
}

// Suspects that come together wait for one another, none for itself.
func TestSuspectsOneByOne(t *testing.T) {
	var told log
	w := newWorld(t, worldConfig{alter: func(c *pipeline.Config) { c.Progress = told.tell }})
	results := make(chan pipeline.Result, 3)
	for _, period := range []string{"2026-01", "2026-02", "2026-03"} {
		asking := w.asking(month(period))
		w.crash(asking, false)
		go func() { results <- w.runner.Run(t.Context(), asking) }()
	}
	for range cap(results) {
		result := <-results
		if result.Outcome != report.Published {
			t.Fatalf("%s: got %q, %v, want published", result.Key, result.Outcome, result.Err)
		}
		if got := told.between(result.RunID); !cmp.Equal(got, map[string]bool{result.RunID: true}) {
			t.Errorf("while run %s was worked, so were %v", result.RunID, got)
		}
	}
}

// Fault 21: what ends its worker again and again is failed, and a person may try it anew.
func TestCrashLimit(t *testing.T) {
	w := newWorld(t, worldConfig{})
	asking := w.asking(march)
	for _, alone := range []bool{false, true, true} {
		w.crash(asking, alone)
	}
	result := w.runner.Run(t.Context(), asking)
	var crash *pipeline.CrashError
	if result.Outcome != report.Failed || !errors.As(result.Err, &crash) || crash.Times != 2 {
		t.Fatalf("got %q, %v; want it failed for 2 crashes", result.Outcome, result.Err)
	}
	if got, want := result.Err.Error(), "crashed 2 times while worked alone"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if run, err := w.ledger.Run(t.Context(), result.RunID); err != nil || run.Outcome != report.Failed || run.Error == "" {
		t.Errorf("got run %+v, %v; want it failed with the reason", run, err)
	}

	retry := march
	retry.Retry = result.RunID
	again := w.asking(retry)
	w.crash(again, true) // the old crashes do not count any more, this one does
	if result := w.runner.Run(t.Context(), again); result.Outcome != report.Published {
		t.Errorf("got %q, %v; want the retry published", result.Outcome, result.Err)
	}
}

func TestCrashLimitIsASetting(t *testing.T) {
	w := newWorld(t, worldConfig{alter: func(c *pipeline.Config) { c.CrashLimit = 3 }})
	asking := w.asking(march)
	for _, alone := range []bool{false, true, true} {
		w.crash(asking, alone)
	}
	if result := w.runner.Run(t.Context(), asking); result.Outcome != report.Published {
		t.Errorf("got %q, %v; want it worked once more", result.Outcome, result.Err)
	}
}

// A suspect told to stop while it waits is given back like any other, and that is no crash.
func TestSuspectStopsWaiting(t *testing.T) {
	var told log
	w := newWorld(t, worldConfig{alter: func(c *pipeline.Config) { c.Progress = told.tell }})
	suspect := w.asking(march)
	w.crash(suspect, false)

	ctx, stop := context.WithCancelCause(t.Context())
	why := errors.New("told to stop")
	inWork, proceed := make(chan struct{}), make(chan struct{})
	told.listen = func(p pipeline.Progress) {
		switch p.Stage {
		case pipeline.StageClaim:
			stop(why)
		case pipeline.StageValidate:
			close(inWork)
			<-proceed
		}
	}
	done := make(chan pipeline.Result, 1)
	go func() { done <- w.runner.Run(t.Context(), w.asking(month("2026-02"))) }()
	<-inWork
	result := w.runner.Run(ctx, suspect)
	close(proceed)
	if result.Outcome != "" || result.RetryAfter != 0 || !errors.Is(result.Err, why) {
		t.Errorf("got %+v, want it given back at once", result)
	}
	attempts := w.attempts(result.RunID)
	if len(attempts) != 2 || attempts[1].Crashed || attempts[1].Alone || attempts[1].EndedAt.IsZero() {
		t.Errorf("got attempts %+v, want the second ended, neither alone nor a crash", attempts)
	}
	if other := <-done; other.Outcome != report.Published {
		t.Errorf("got %q, %v; want the other published", other.Outcome, other.Err)
	}
}
