package faults_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/queue"
	"github.com/monthend/monthend/report"
)

// Command runs a command of the program with a worker's settings, and answers with its exit code and what it printed.
func (s *Stack) Command(args ...string) (code int, out string) {
	s.tb.Helper()
	w := s.NewWorker(args[0])
	w.Args = args
	var stdout bytes.Buffer
	w.Stdout = &stdout
	w.Start()
	code = w.Wait()
	return code, stdout.String() + w.log.text()
}

// backlog: a month's start. Most requests ask for what another has asked for; none may be delivered again but to wait.
func backlog(t *testing.T) {
	const requests = 1000
	s := NewStack(t, StackConfig{})
	for i := range requests {
		s.Send(report.Job{Report: reportName, Period: fmt.Sprintf("2024-%02d", 1+i%12)})
	}
	w := s.NewWorker("only")
	w.Env["MONTHEND_CONCURRENCY"] = "4"
	w.Start()
	done := time.NewTicker(time.Second)
	defer done.Stop()
	s.Until("an empty queue", func(ctx context.Context) bool {
		// Those that met a run in work wait for its lease.
		select {
		case <-done.C:
			s.SQS.Advance(visibility)
		default:
		}
		d := s.Depth(ctx)
		return d.Waiting+d.InFlight+d.Delayed == 0
	})
	got := s.Check()
	if got.Jobs != requests || got.Published != requests {
		t.Errorf("got %s, want all published", got)
	}
	runs, err := s.Ledger.Runs(t.Context(), ledger.Filter{Limit: requests})
	if err != nil || len(runs) != 12 {
		t.Errorf("got %d runs, %v, want 12", len(runs), err)
	}
	for _, run := range runs {
		if run.Attempt != 1 {
			t.Errorf("run %s took %d attempts, want 1", run.RunID, run.Attempt)
		}
	}
}

func alteredAfterPublish(t *testing.T) {
	s := NewStack(t, StackConfig{})
	s.StartWorker("only")
	sent := s.Send(job(""))
	s.Check()
	if code, out := s.Command("runs", "verify"); code != 0 {
		t.Errorf("got exit code %d of an untouched store, want 0:\n%s", code, out)
	}
	var altered, removed string
	for _, name := range s.files(s.Key(sent.Job).Path() + "/v") {
		switch {
		case strings.HasSuffix(name, "summary.csv"):
			altered = name
		case strings.HasSuffix(name, ".html"):
			removed = name
		}
	}
	err := os.WriteFile(filepath.FromSlash(s.Store.Locate(altered)), []byte("total\n0.00\n"), 0o644)
	if err == nil {
		err = os.Remove(filepath.FromSlash(s.Store.Locate(removed)))
	}
	if err != nil {
		t.Fatal(err)
	}
	code, out := s.Command("runs", "verify")
	if code != 1 || !strings.Contains(out, "summary.csv") || !strings.Contains(out, ".html") {
		t.Errorf("got exit code %d, want 1 and both files named:\n%s", code, out)
	}
}

func restatedMeanwhile(t *testing.T) {
	s := NewStack(t, StackConfig{})
	s.Clean(job(""))
	first := s.NewWorker("first")
	hold := first.HoldAt(Extracting)
	first.Start()
	sent := s.Send(job(""))
	hold.Wait()
	s.Exec(`UPDATE books.entries SET amount = amount + 1 WHERE id = 1001`) // after the first run's snapshot
	restate := job("")
	restate.Restate, restate.Reason = true, "corrected"
	again := s.Send(restate)
	second := s.StartWorker("second")
	second.Await("that it waits", says("job put back"))
	hold.Release()
	s.Await(sent)
	s.SQS.Advance(visibility)
	s.Check()
	versions, err := s.Ledger.Versions(t.Context(), s.Key(restate))
	if err != nil || len(versions) != 2 || versions[0].Number != 2 || versions[0].Previous != versions[1].ContentDigest {
		t.Fatalf("got versions %+v, %v, want 1 and 2, one after the other", versions, err)
	}
	if one, two := s.AwaitRun(sent).RunID, s.AwaitRun(again).RunID; versions[1].RunID != one || versions[0].RunID != two {
		t.Errorf("got runs %s and %s, want the first request's and the restatement's", versions[1].RunID, versions[0].RunID)
	}
}

func triggerAndSchedule(t *testing.T) {
	s := NewStack(t, StackConfig{})
	w := s.NewWorker("only")
	w.Env["MONTHEND_CONCURRENCY"] = "2"
	hold := w.HoldAt(Extracting)
	w.Start()
	sent := s.Send(job(""))
	hold.Wait()
	run := s.AwaitRun(sent).RunID
	code, out := s.Command("trigger", reportName, "--month", "1", "--year", "2024")
	if code != 0 || !strings.Contains(out, "already running") || !strings.Contains(out, run) {
		t.Errorf("got exit code %d, want 0 and run %s told:\n%s", code, run, out)
	}
	scheduled := report.Job{
		Report: reportName, Period: report.PreviousMonthName,
		Schedule: "arn:aws:scheduler:eu-central-1:000000000000:schedule/default/month", ScheduledAt: time.Date(2024, 2, 1, 6, 0, 0, 0, time.UTC),
	}
	joined := s.Send(scheduled)
	w.Await("that the schedule's waits", says("job put back"))
	hold.Release()
	if r := s.Await(joined); r.RunID != run || r.Outcome != report.Published {
		t.Errorf("got %q by run %s, want the outcome of run %s", r.Outcome, r.RunID, run)
	}
	s.SQS.Advance(visibility)
	s.Check()
	s.wantAttempts(sent, 1, 0)
}

// cancelBound is how long a run may go on that was asked to end: a look a second, and the end of what was under way, on two busy
// cores. What holds it up would never end.
const cancelBound = time.Minute

// cancelled asks for a run's end while it is in a stage.
func cancelled(point Point) func(t *testing.T) {
	return func(t *testing.T) {
		s := NewStack(t, StackConfig{S3: point == Uploading})
		if point == Validating {
			s.Slow("validate")
		}
		w := s.NewWorker("only")
		hold := w.HoldAt(point)
		w.Start()
		sent := s.Send(job(""))
		s.Expect(sent, report.Cancelled)
		hold.Wait()
		run := s.AwaitRun(sent)
		if answer, err := s.Ledger.Cancel(t.Context(), run.RunID, "the test"); err != nil || answer != ledger.CancelAsked {
			t.Fatalf("got %q, %v, want the cancel asked", answer, err)
		}
		asked := time.Now()
		if point == Uploaded {
			hold.Release() // nothing but the publication is left: its transaction refuses
		}
		s.Await(sent)
		if took := time.Since(asked); took > cancelBound {
			t.Errorf("the run ended %s after it was asked to", took)
		}
		hold.Release()
		s.Check()
		s.wantNothingCurrent(sent.Job)
		if r := s.AwaitRun(sent); r.Outcome != report.Cancelled {
			t.Errorf("got outcome %q, want cancelled", r.Outcome)
		}
	}
}

// cancelledTooLate: whichever commits first wins.
func cancelledTooLate(t *testing.T) {
	s := NewStack(t, StackConfig{})
	w := s.NewWorker("only")
	hold := w.HoldAt(Published)
	w.Start()
	sent := s.Send(job(""))
	hold.Wait()
	if answer, err := s.Ledger.Cancel(t.Context(), s.AwaitRun(sent).RunID, "the test"); err != nil || answer != ledger.CancelLate {
		t.Errorf("got %q, %v, want that it is too late", answer, err)
	}
	hold.Release()
	s.Check()
}

// redrive: a dead letter is sent back though its month was published meanwhile.
func redrive(t *testing.T) {
	s := NewStack(t, StackConfig{})
	w := s.StartWorker("only")
	sent := s.Send(job(""))
	s.Check()
	body, err := sent.Job.Encode()
	if err != nil {
		t.Fatal(err)
	}
	producer, err := queue.NewProducer(queue.ProducerConfig{Client: s.Client, QueueURL: s.Dead})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := producer.Send(t.Context(), body, queue.SendOptions{}); err != nil {
		t.Fatal(err)
	}
	code, out := s.Command("dlq", "redrive", "--all")
	if code != 0 {
		t.Fatalf("got exit code %d, want 0:\n%s", code, out)
	}
	w.Await("that it is a duplicate", says("job duplicate"))
	s.Check() // neither queue holds anything
	s.wantAttempts(sent, 1, 0)
}
