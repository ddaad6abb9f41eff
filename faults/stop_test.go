package faults_test

import (
	"context"
	"testing"
	"time"

	"github.com/monthend/monthend/pipeline/ledger"
)

func terminated(t *testing.T) {
	s := NewStack(t, StackConfig{})
	w := s.NewWorker("first")
	w.Env["MONTHEND_CONCURRENCY"] = "2" // it would have room for another
	hold := w.HoldAt(Extracting)
	w.Start()
	sent := s.Send(job(""))
	hold.Wait()
	w.Terminate()
	w.Await("that it drains", says("draining"))
	s.Until("nobody to poll", func(context.Context) bool { return s.SQS.Waiting() == 0 })
	other := s.Send(job("other"))
	hold.Release()
	if code := w.Wait(); code != 0 {
		t.Errorf("got exit code %d, want 0", code)
	}
	s.Await(sent)
	if d := s.Depth(t.Context()); d.Waiting != 1 || d.InFlight != 0 {
		t.Errorf("got %d waiting, %d in flight, want the other message alone, untouched", d.Waiting, d.InFlight)
	}
	s.StartWorker("next")
	s.Check()
	s.wantAttempts(sent, 1, 0)
	s.wantAttempts(other, 1, 0)
}

// givenBack checks what a worker leaves that was cut short: a free lease, and a message that is visible at once.
func (s *Stack) givenBack(sent Sent) {
	s.tb.Helper()
	if run := s.AwaitRun(sent); run.Running || run.Outcome != "" {
		s.tb.Errorf("got run %+v, want its lease free and no outcome", run)
	}
	if d := s.Depth(s.tb.Context()); d.Waiting != 1 || d.InFlight != 0 {
		s.tb.Errorf("got %d waiting, %d in flight, want the message back at once", d.Waiting, d.InFlight)
	}
	s.StartWorker("next")
	s.Check()
	s.wantAttempts(sent, 2, 0)
}

func drainRunsOut(t *testing.T) {
	s := NewStack(t, StackConfig{})
	w := s.NewWorker("first")
	w.Env["MONTHEND_DRAIN"] = "200ms"
	hold := w.HoldAt(Extracting)
	w.Start()
	sent := s.Send(job(""))
	hold.Wait()
	w.Terminate()
	w.Await("that it gives the job back", says("job put back"))
	hold.Release() // or the end of the process would wait for the connection, for a while
	if code := w.Wait(); code != 0 {
		t.Errorf("got exit code %d, want 0", code)
	}
	s.givenBack(sent)
}

func terminatedTwice(t *testing.T) {
	s := NewStack(t, StackConfig{})
	w := s.NewWorker("first")
	hold := w.HoldAt(Extracting)
	w.Start()
	sent := s.Send(job(""))
	hold.Wait()
	w.Terminate()
	w.Await("that it drains", says("draining"))
	w.Terminate()
	asked := time.Now()
	w.Await("that it gives the job back", says("job put back"))
	if code := w.Wait(); code != 143 { // the source still hangs: nobody who asks twice waits for it
		t.Errorf("got exit code %d, want 143", code)
	}
	if took := time.Since(asked); took > visibility { // by then others would have had it anyway
		t.Errorf("it ended %s after the second signal", took)
	}
	hold.Release()
	s.givenBack(sent)
}

func newerSchema(t *testing.T) {
	s := NewStack(t, StackConfig{})
	s.Exec(`ALTER TABLE monthend.runs ADD COLUMN later text NOT NULL DEFAULT 'of a newer worker'`)
	s.Exec(`UPDATE monthend.schema SET version = version + 1`)
	s.StartWorker("older")
	sent := s.Send(job(""))
	s.Check()
	s.wantAttempts(sent, 1, 0)
}

func schemaDemandsNewer(t *testing.T) {
	s := NewStack(t, StackConfig{})
	s.Exec(`UPDATE monthend.schema SET version = $1, min_worker = $1`, ledger.SchemaVersion+1)
	w := s.StartWorker("older")
	if code := w.Wait(); code != 4 {
		t.Errorf("got exit code %d, want 4:\n%s", code, w.log.text())
	}
}
