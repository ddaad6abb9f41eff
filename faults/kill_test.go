package faults_test

import (
	"context"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

// attempts are those of the run that a request led to.
func (s *Stack) attempts(sent Sent) []ledger.Attempt {
	s.tb.Helper()
	attempts, err := s.Ledger.Attempts(s.tb.Context(), s.AwaitRun(sent).RunID)
	if err != nil {
		s.tb.Fatal(err)
	}
	return attempts
}

// wantAttempts checks how many there were, and how many of them crashed.
func (s *Stack) wantAttempts(sent Sent, number, crashes int) {
	s.tb.Helper()
	attempts := s.attempts(sent)
	crashed := 0
	for _, a := range attempts {
		if a.Crashed {
			crashed++
		}
	}
	if len(attempts) != number || crashed != crashes {
		s.tb.Errorf("got %d attempts, %d crashes, want %d and %d: %+v", len(attempts), crashed, number, crashes, attempts)
	}
}

// wantNothingCurrent checks that no version of the key of a job is there.
func (s *Stack) wantNothingCurrent(job report.Job) {
	s.tb.Helper()
	if versions, err := s.Ledger.Versions(s.tb.Context(), s.Key(job)); err != nil || len(versions) > 0 {
		s.tb.Errorf("got versions %+v, %v, want none", versions, err)
	}
}

// files are the paths of what lies in the store.
func (s *Stack) files(prefix string) (paths []string) {
	s.tb.Helper()
	entries, err := s.Store.List(context.WithoutCancel(s.tb.Context()), prefix)
	if err != nil {
		s.tb.Fatal(err)
	}
	for _, entry := range entries {
		paths = append(paths, entry.Path)
	}
	return paths
}

// victim starts a worker that dies at point over one job, and waits for its death.
func (s *Stack) victim(point Point) (*Worker, Sent) {
	s.tb.Helper()
	w := s.NewWorker("victim")
	w.KillAt(point)
	w.Start()
	sent := s.Send(job(""))
	w.Wait()
	return w, sent
}

// killed kills a worker at a point: another one publishes with the second attempt.
func killed(point Point, c StackConfig) func(t *testing.T) {
	return func(t *testing.T) {
		s := NewStack(t, c)
		_, sent := s.victim(point)
		s.wantNothingCurrent(sent.Job)
		s.Expire()
		s.StartWorker("next")
		if got := s.Check(); got.Orphans+got.Stale > 0 {
			t.Errorf("got %d orphans, %d stale, want none", got.Orphans, got.Stale)
		}
		s.wantAttempts(sent, 2, 1)
	}
}

func killBeforeClaim(t *testing.T) {
	s := NewStack(t, StackConfig{})
	_, sent := s.victim(Received)
	if _, err := s.Ledger.Request(t.Context(), sent.RequestID); err == nil {
		t.Error("the ledger knows the request before its claim")
	}
	s.Expire()
	s.StartWorker("next")
	s.Check()
	s.wantAttempts(sent, 1, 0)
}

// killAndWait lets the clocks run: the second worker waits for the queue and for the lease as in life.
func killAndWait(t *testing.T) {
	s := NewStack(t, StackConfig{})
	s.Clean(job(""))
	victim := s.NewWorker("victim")
	victim.KillAt(Extracting)
	victim.Start()
	sent := s.Send(job(""))
	victim.Wait()
	died := time.Now()
	s.StartWorker("next")
	request := s.Await(sent)
	took := time.Since(died)
	s.Check()
	s.wantAttempts(sent, 2, 1)
	t.Logf("kill -9 to %s: %s", request.Outcome, took.Round(100*time.Millisecond))
	if took < visibility/2 {
		t.Errorf("published after %s: the dead worker's lease was not waited for", took)
	}
}

func killAndSweep(t *testing.T) {
	s := NewStack(t, StackConfig{})
	s.victim(Extracting)
	if len(s.spooled()) == 0 {
		t.Fatal("the victim left nothing in the spool: the test shows nothing")
	}
	s.Expire()
	next := s.StartWorker("next")
	s.Check()
	next.Stop()
	if left := s.spooled(); len(left) > 0 {
		t.Errorf("the spool still holds %v", left)
	}
}

// spooled is what lies in the spool, a lock that stays aside.
func (s *Stack) spooled() (left []string) {
	s.tb.Helper()
	entries, err := os.ReadDir(s.Spool)
	if err != nil {
		s.tb.Fatal(err)
	}
	for _, entry := range entries {
		if entry.Name() != ".lock" {
			left = append(left, entry.Name())
		}
	}
	return left
}

func killInValidation(t *testing.T) {
	s := NewStack(t, StackConfig{})
	s.Slow("validate")
	victim := s.NewWorker("victim")
	asked := victim.Ledger.Count("c.version IS NOT NULL") // the first thing that follows validation
	victim.KillAt(Validating)
	victim.Start()
	sent := s.Send(job(""))
	victim.Wait()
	if asked() > 0 {
		t.Fatal("validation was over when the worker was killed")
	}
	s.Quick()
	s.Expire()
	s.StartWorker("next")
	s.Check()
	s.wantAttempts(sent, 2, 1)
	run := s.AwaitRun(sent)
	quarantined := s.files("quarantine/")
	if run.RecordsRejected != 2 || len(quarantined) != 2 {
		t.Errorf("got %d rejected rows and files %v, want 2 rows, once as CSV and once as Parquet", run.RecordsRejected, quarantined)
	}
	for _, name := range quarantined {
		if !strings.Contains(name, run.RunID) {
			t.Errorf("%s is not kept by its run %s", name, run.RunID)
		}
	}
}

func killInGeneration(t *testing.T) {
	s := NewStack(t, StackConfig{})
	_, sent := s.victim(Generating)
	if run := s.AwaitRun(sent); run.Version != 1 {
		t.Fatalf("the dead worker's run has version %d, want 1 to be taken", run.Version)
	}
	s.Expire()
	s.StartWorker("next")
	s.Check()
	s.wantAttempts(sent, 2, 1)
	if run := s.AwaitRun(sent); run.Version != 1 {
		t.Errorf("got version %d, want the one that was taken", run.Version)
	}
}

func killInUpload(t *testing.T) {
	s := NewStack(t, StackConfig{S3: true})
	victim := s.NewWorker("victim")
	parts := victim.S3.Count("POST ") // how an upload in parts begins
	victim.KillAt(Uploading)
	victim.Start()
	sent := s.Send(job(""))
	victim.Wait()
	s.wantNothingCurrent(sent.Job)
	if parts() > 0 {
		t.Error("an upload in parts was begun, and nothing aborts it")
	}
	s.Expire()
	s.StartWorker("next")
	if got := s.Check(); got.Orphans > 0 {
		t.Errorf("got %d orphans, want none", got.Orphans)
	}
	s.wantAttempts(sent, 2, 1)
}

func killBeforePublish(t *testing.T) {
	s := NewStack(t, StackConfig{S3: true})
	_, sent := s.victim(Uploaded)
	s.wantNothingCurrent(sent.Job)
	before := s.files(s.Key(sent.Job).Path())
	if len(before) == 0 {
		t.Fatal("nothing was put when the worker was killed")
	}
	s.Expire()
	s.StartWorker("next")
	if got := s.Check(); got.Orphans > 0 {
		t.Errorf("got %d orphans, want none", got.Orphans)
	}
	s.wantAttempts(sent, 2, 1)
	for _, name := range s.files(s.Key(sent.Job).Path()) {
		base := path.Base(name)
		if !slices.Contains(before, name) && base != "current.json" && !strings.HasPrefix(base, "manifest-") {
			t.Errorf("the second attempt added %s: everything was there", name)
		}
	}
}

func killAfterPublish(t *testing.T) {
	s := NewStack(t, StackConfig{})
	_, sent := s.victim(Published)
	if got := s.Await(sent); got.Outcome != report.Published {
		t.Fatalf("got %q, want it published before the worker died", got.Outcome)
	}
	s.settledAgain(sent)
}

func killInsteadOfDelete(t *testing.T) {
	s := NewStack(t, StackConfig{})
	_, sent := s.victim(Deleting)
	s.settledAgain(sent)
}

// settledAgain has the message of a published request delivered again, to a worker that must only delete it.
func (s *Stack) settledAgain(sent Sent) {
	s.tb.Helper()
	s.SQS.Advance(visibility)
	next := s.NewWorker("next")
	read := next.Source.Count("books.")
	next.Start()
	if got := s.Check(); got.Orphans+got.Stale > 0 {
		s.tb.Errorf("got %d orphans, %d stale, want current.json mended", got.Orphans, got.Stale)
	}
	if read() > 0 {
		s.tb.Error("the source was read again")
	}
	s.wantAttempts(sent, 1, 0)
	told := next.Await("what became of the redelivery", says("job published"))
	if id := told.Text("trace_id"); id != "" {
		s.wantAnnotation(id, "duplicate", true)
	}
}

// killedAgain kills every worker that takes the job: the first perhaps for another run's fault, then two for this one's.
func killedAgain(t *testing.T) {
	s := NewStack(t, StackConfig{})
	sent := s.Send(job(""))
	s.Expect(sent, report.Failed)
	for _, name := range []string{"first", "second", "third"} {
		w := s.NewWorker(name)
		w.KillAt(Extracting)
		w.Start()
		w.Wait()
		s.Expire()
	}
	s.StartWorker("last")
	s.Check()
	letters := s.DeadLetters(t.Context())
	if len(letters) != 1 || !strings.Contains(letters[0].Reason, "crashed 2 times while worked alone") {
		t.Errorf("got dead letters %+v, want one that says why", letters)
	}
}
