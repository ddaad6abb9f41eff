package faults_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/monthend/monthend/local/sqs"
	"github.com/monthend/monthend/report"
)

// answerLost has a statement take effect and its answer lost.
func answerLost(point Point, text string) func(t *testing.T) {
	return func(t *testing.T) {
		s := NewStack(t, StackConfig{})
		w := s.NewWorker("only")
		calls := w.Ledger.Count(text)
		w.At(point, Drop)
		w.Start()
		sent := s.Send(job(""))
		if got := s.Check(); got.Orphans+got.Stale > 0 {
			t.Errorf("got %d orphans, %d stale, want none", got.Orphans, got.Stale)
		}
		s.wantAttempts(sent, 1, 0)
		if calls() < 2 {
			t.Errorf("the statement was sent %d times: its answer was not lost", calls())
		}
	}
}

// answerLate has the ledger publish and answer so late that whoever watches the lease has seen that the run is over.
func answerLate(t *testing.T) {
	s := NewStack(t, StackConfig{})
	w := s.NewWorker("only")
	hold := w.HoldAt(Published)
	w.Start()
	sent := s.Send(job(""))
	hold.Wait()
	looked := NewHold(t)
	looked.Release()
	w.Ledger.Set(Trap{Text: "cancel_asked_at", Answer: true, Do: looked.Do})
	looked.Wait()
	<-time.After(inStage) // what it saw takes effect in the worker, and nowhere else
	hold.Release()
	if got := s.Check(); got.Orphans+got.Stale > 0 {
		t.Errorf("got %d orphans, %d stale, want none", got.Orphans, got.Stale)
	}
	s.wantAttempts(sent, 1, 0)
	w.Await("that it has published", says("job published"))
	w.Stop()
	if lost := w.Said(says("lease lost")); len(lost) > 0 {
		t.Errorf("got %v of a published run", lost)
	}
}

func answerLostAtPut(t *testing.T) {
	disturbedPuts(t, func(w *Worker) { w.S3.Set(Trap{Text: "PutObject", Answer: true, Skip: 1, Times: 2, Do: Drop}) })
}

func answerLostAtDelete(t *testing.T) {
	s := NewStack(t, StackConfig{})
	lost, err := s.SQS.Inject(sqs.Fault{Kind: sqs.Lost, Operation: "DeleteMessage", Count: 1})
	if err != nil {
		t.Fatal(err)
	}
	s.StartWorker("only")
	sent := s.Send(job(""))
	s.Check()
	s.wantAttempts(sent, 1, 0)
	if lost.Struck() != 1 {
		t.Error("no answer was lost")
	}
}

// slowDown has S3 refuse every second put for a while.
func slowDown(t *testing.T) {
	disturbedPuts(t, func(w *Worker) {
		for skip := range 4 {
			w.S3.Set(Trap{Text: "PutObject", Skip: 2 * skip, Do: func() Verdict { return Respond(503, "") }})
		}
	})
}

// putCutOff has the connection break before S3 has a whole object.
func putCutOff(t *testing.T) {
	disturbedPuts(t, func(w *Worker) { w.S3.Set(Trap{Text: "PutObject", Skip: 1, Times: 2, Do: Drop}) })
}

func disturbedPuts(t *testing.T, disturb func(w *Worker)) {
	s := NewStack(t, StackConfig{S3: true})
	w := s.NewWorker("only")
	disturb(w)
	w.Start()
	sent := s.Send(job(""))
	if got := s.Check(); got.Orphans > 0 {
		t.Errorf("got %d orphans, want none", got.Orphans)
	}
	s.wantAttempts(sent, 1, 0)
}

func duplicateAtOnce(t *testing.T) {
	s := NewStack(t, StackConfig{})
	if _, err := s.SQS.Inject(sqs.Fault{Kind: sqs.Duplicate, Count: 1}); err != nil {
		t.Fatal(err)
	}
	first := s.NewWorker("first")
	hold := first.HoldAt(Extracting)
	first.Start()
	sent := s.Send(job(""))
	hold.Wait()
	second := s.NewWorker("second")
	read := second.Source.Count("books.")
	second.Start()
	second.Await("that it waits", says("job put back"))
	if r, err := s.Ledger.Request(t.Context(), sent.RequestID); err != nil || r.Outcome != "" {
		t.Errorf("got outcome %q, %v while the first works, want none", r.Outcome, err)
	}
	hold.Release()
	s.Await(sent)
	s.SQS.Advance(visibility) // the second delivery waits for the lease
	s.Check()
	s.wantAttempts(sent, 1, 0)
	if read() > 0 {
		t.Error("the second worker read the source")
	}
}

func duplicateDaysLater(t *testing.T) {
	s := NewStack(t, StackConfig{})
	s.Clean(job(""))
	w := s.StartWorker("only")
	sent := s.Send(job(""))
	s.Check()
	s.SQS.Advance(72 * time.Hour)
	s.Exec(`DROP SCHEMA books CASCADE`) // whoever still reads it now is seen
	s.Send(sent.Job)                    // the same request
	later := s.Send(job(""))            // another one for the same month
	s.Check()
	if r := s.Await(later); r.Outcome != report.Duplicate {
		t.Errorf("got %q, want duplicate", r.Outcome)
	}
	s.wantAttempts(sent, 1, 0)
	w.Stop() // and everything that it wrote is there
	if told := w.Said(says("job published")); len(told) != 2 {
		t.Errorf("got %d deliveries settled as published, want 2", len(told))
	}
}

// visibilityLost: losing the visibility costs a redelivery and nothing else.
func visibilityLost(t *testing.T) {
	s := NewStack(t, StackConfig{})
	first := s.NewWorker("first")
	first.SQS.Set(Trap{Text: "ChangeMessageVisibility", Times: -1, Do: func() Verdict { return Respond(503, "{}") }})
	hold := first.HoldAt(Extracting)
	first.Start()
	sent := s.Send(job(""))
	hold.Wait()
	s.SQS.Advance(visibility)
	second := s.StartWorker("second")
	second.Await("that it waits", says("job put back"))
	hold.Release()
	s.Await(sent)
	s.SQS.Advance(visibility)
	s.Check()
	s.wantAttempts(sent, 1, 0)
}

// leaseLost: a worker that cannot reach the ledger stops by itself, before another can have taken its run.
func leaseLost(t *testing.T) {
	s := NewStack(t, StackConfig{})
	first := s.NewWorker("first")
	hold := first.HoldAt(Extracting)
	first.Start()
	sent := s.Send(job(""))
	hold.Wait()
	first.Ledger.Stall()
	s.Expire()
	s.StartWorker("second")
	if r := s.Await(sent); r.Outcome != report.Published {
		t.Errorf("got %q, want published", r.Outcome)
	}
	first.Await("that it stopped for its lease", func(e Entry) bool { return strings.Contains(e.Text("error"), "lease could not be renewed in time") })
	hold.Release()
	first.Ledger.Flow()
	s.SQS.Advance(visibility)
	s.Check()
	if attempts := s.attempts(sent); len(attempts) != 2 {
		t.Errorf("got attempts %+v, want two", attempts)
	}
}

// frozen stops a whole process for longer than its lease; its clock does not know when it goes on.
func frozen(point Point) func(t *testing.T) {
	return func(t *testing.T) {
		s := NewStack(t, StackConfig{})
		first := s.NewWorker("first")
		hold := first.FreezeAt(point)
		first.Start()
		sent := s.Send(job(""))
		hold.Wait()
		s.Expire()
		s.StartWorker("second")
		if r := s.Await(sent); r.Outcome != report.Published {
			t.Errorf("got %q, want published", r.Outcome)
		}
		first.Thaw()
		hold.Release()
		first.Await("that its lease is lost", says("lease lost"))
		s.Check()
		// Its owner came back: no crash.
		s.wantAttempts(sent, 2, 0)
	}
}

// twelveHours: SQS keeps a message in flight for no longer; the ledger's lease has no such limit.
func twelveHours(t *testing.T) {
	s := NewStack(t, StackConfig{})
	first := s.NewWorker("first")
	hold := first.HoldAt(Extracting)
	first.Start()
	sent := s.Send(job(""))
	hold.Wait()
	s.SQS.Advance(12*time.Hour + time.Minute)
	second := s.StartWorker("second")
	second.Await("that it waits", says("job put back"))
	hold.Release()
	s.Await(sent)
	s.SQS.Advance(visibility)
	s.Check()
	s.wantAttempts(sent, 1, 0)
}

// lateRows: what was published stands until somebody restates it.
func lateRows(t *testing.T) {
	s := NewStack(t, StackConfig{})
	s.Clean(job(""))
	s.StartWorker("only")
	s.Send(job(""))
	s.Check()
	s.Exec(`INSERT INTO books.entries VALUES (999999, '2024-01-15T12:00:00Z', 1, 10)`)
	late := s.Send(job(""))
	if r := s.Await(late); r.Outcome != report.Duplicate {
		t.Errorf("got %q, want duplicate", r.Outcome)
	}
	s.Check()
	restate := job("")
	restate.Restate, restate.Reason = true, "late rows"
	s.Send(restate)
	s.Check()
	versions, err := s.Ledger.Versions(context.WithoutCancel(t.Context()), s.Key(restate))
	if err != nil || len(versions) != 2 || versions[0].Reason != "late rows" {
		t.Errorf("got versions %+v, %v, want a second one with its reason", versions, err)
	}
}
