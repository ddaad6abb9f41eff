package faults_test

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Worker is one process of `monthend work`, reached by wires of its own: what is cut for one worker is not cut for another.
type Worker struct {
	tb    testing.TB
	stack *Stack
	name  string

	Ledger *Proxy // PostgreSQL as MONTHEND_DATABASE_URL
	Source *Proxy // the same database as MONTHEND_SOURCE_URL
	SQS    *Wire
	S3     *Wire // nil unless the stack publishes to S3

	// Set before Start.
	Env    map[string]string // settings beside and above the usual ones
	Args   []string          // nil is `work`
	Wrap   []string          // a command that runs the program, such as one that limits it
	Stdout io.Writer         // nil is nowhere

	start sync.Mutex // held while the process starts: a trap may spring before Start has returned
	cmd   *exec.Cmd
	log   *journal
	done  chan struct{} // closed when the process has ended
	ended error         // of Wait; read after done
}

// NewWorker makes a worker's wires and starts nothing yet, so that traps can be laid first.
func (s *Stack) NewWorker(name string) *Worker {
	w := &Worker{
		tb: s.tb, stack: s, name: name, Env: map[string]string{}, log: newJournal(), done: make(chan struct{}),
		Ledger: NewProxy(s.tb, s.Database),
		Source: NewProxy(s.tb, s.Database),
		SQS:    NewWire(s.tb, forwarded(s.tb, s.SQS.URL())),
	}
	if s.objects != nil {
		w.S3 = NewWire(s.tb, s.objects)
	}
	return w
}

// StartWorker is NewWorker and Start.
func (s *Stack) StartWorker(name string) *Worker {
	s.tb.Helper()
	w := s.NewWorker(name)
	w.Start()
	return w
}

// environment is the worker's whole environment: nothing is inherited but where programs are.
func (w *Worker) environment() []string {
	s := w.stack
	set := map[string]string{
		"PATH":                      os.Getenv("PATH"),
		"HOME":                      s.dir,
		"TMPDIR":                    s.dir,
		"AWS_REGION":                region,
		"AWS_ACCESS_KEY_ID":         "local",
		"AWS_SECRET_ACCESS_KEY":     "local",
		"AWS_EC2_METADATA_DISABLED": "true",
		"AWS_ENDPOINT_URL_SQS":      w.SQS.URL,
		"MONTHEND_DATABASE_URL":     w.Ledger.URL(),
		"MONTHEND_SOURCE_URL":       w.Source.URL(),
		"MONTHEND_QUEUE_URL":        s.Queue,
		"MONTHEND_OUTPUT":           s.Output,
		"MONTHEND_DEFINITIONS":      s.Reports,
		"MONTHEND_XRAY_ADDRESS":     s.XRay.UDPAddr(),
		"MONTHEND_SPOOL":            s.Spool,
	}
	if w.S3 != nil {
		set["AWS_ENDPOINT_URL_S3"] = w.S3.URL
	}
	for name, value := range w.Env {
		set[name] = value
	}
	var env []string
	for name, value := range set {
		env = append(env, name+"="+value)
	}
	return env
}

// Start starts the process. It ends with the test, if it has not before.
func (w *Worker) Start() {
	w.tb.Helper()
	args := w.Args
	if args == nil {
		args = []string{"work"}
	}
	line := append(append(append([]string(nil), w.Wrap...), Binary(w.tb)), args...)
	env := w.environment()
	w.start.Lock() // of w.cmd as well: who watches its memory looks at it before there is a process
	w.cmd = exec.Command(line[0], line[1:]...)
	w.cmd.Env = env
	w.cmd.Dir = w.stack.dir
	w.cmd.Stderr, w.cmd.Stdout = w.log, w.Stdout
	w.cmd.SysProcAttr = attributes()
	err := w.cmd.Start()
	w.start.Unlock()
	if err != nil {
		w.tb.Fatalf("start worker %s: %v", w.name, err)
	}
	go func() {
		w.ended = w.cmd.Wait()
		close(w.done)
	}()
	w.tb.Cleanup(w.end)
}

// Ready returns once the worker says that it works.
func (w *Worker) Ready() *Worker {
	w.tb.Helper()
	w.Await("that it works", says("working"))
	return w
}

// end kills what is left of the process, and has the test fail for what no log of a worker may hold.
func (w *Worker) end() {
	w.Kill()
	for _, line := range w.log.strangeLines() {
		if strings.Contains(line, "DATA RACE") || strings.HasPrefix(line, "panic:") || strings.HasPrefix(line, "fatal error:") {
			w.tb.Errorf("worker %s: %s", w.name, line)
		}
	}
	if w.tb.Failed() {
		w.tb.Logf("worker %s wrote:\n%s", w.name, w.log.text())
	}
}

// Kill ends the process as an out-of-memory killer does: at once and without a word.
func (w *Worker) Kill() {
	w.signal(syscall.SIGKILL)
	<-w.done
}

// Freeze stops the process in its tracks, Thaw lets it go on: a paused virtual machine.
func (w *Worker) Freeze() { w.signal(syscall.SIGSTOP) }

// Thaw lets a frozen process go on.
func (w *Worker) Thaw() { w.signal(syscall.SIGCONT) }

// Terminate asks the process to stop, as a deployment does. The second time means at once.
func (w *Worker) Terminate() { w.signal(syscall.SIGTERM) }

// signal reaches the worker itself; one that has ended is left alone.
func (w *Worker) signal(s syscall.Signal) {
	select {
	case <-w.done:
		return
	default:
	}
	w.start.Lock()
	defer w.start.Unlock()
	if err := w.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		w.tb.Errorf("signal worker %s: %v", w.name, err)
	}
}

// Killed is for a Trap: kill the worker, and let nothing more of it through.
func (w *Worker) Killed() Verdict {
	w.Kill()
	return Drop()
}

// Wait waits for the process to end and answers with its exit code, -1 when a signal ended it.
func (w *Worker) Wait() int {
	w.tb.Helper()
	select {
	case <-w.done:
	case <-time.After(patience):
		w.tb.Fatalf("worker %s has not ended", w.name)
	}
	return w.cmd.ProcessState.ExitCode()
}

// Stop asks the worker to stop and waits for its exit code.
func (w *Worker) Stop() int {
	w.tb.Helper()
	w.Terminate()
	return w.Wait()
}

// Await waits for a line of the log that pick takes.
func (w *Worker) Await(what string, pick func(Entry) bool) Entry {
	w.tb.Helper()
	deadline := time.After(patience)
	for {
		found, more := w.log.find(pick)
		if len(found) > 0 {
			return found[0]
		}
		select {
		case <-more:
		case <-w.done:
			if found, _ := w.log.find(pick); len(found) > 0 {
				return found[0]
			}
			w.tb.Fatalf("worker %s ended (%v) and never said %s", w.name, w.ended, what)
		case <-deadline:
			w.tb.Fatalf("worker %s never said %s", w.name, what)
		}
	}
}

// Said are the lines of the log so far that pick takes.
func (w *Worker) Said(pick func(Entry) bool) []Entry {
	found, _ := w.log.find(pick)
	return found
}
