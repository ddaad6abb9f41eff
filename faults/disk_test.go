package faults_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// diskFull gives a worker a spool that holds less than its files need.
func diskFull(t *testing.T) {
	s := NewStack(t, StackConfig{})
	small := s.NewWorker("small")
	health := small.health()
	limited := small.limit()
	small.Start()
	sent := s.Send(job(""))
	told := small.Await("that it tries again", says("job put back"))
	if text := strings.ToLower(told.Text("error")); !strings.Contains(text, limited) {
		t.Errorf("got %q, want it to say %q", text, limited)
	}
	s.wantNothingCurrent(sent.Job)
	if limited == noSpace {
		health(true, false)
		// The worker sees another disk under this path than the tests do. It may be trying again by now; between two tries
		// nothing is left.
		s.Until("a spool with nothing in it", func(context.Context) bool {
			left, err := filepath.Glob(fmt.Sprintf("/proc/%d/root%s/*/*", small.cmd.Process.Pid, s.Spool))
			return err == nil && len(left) == 0
		})
	}
	if code := small.Stop(); code != 0 {
		t.Errorf("got exit code %d, want 0", code)
	}
	if left := s.spooled(); len(left) > 0 {
		t.Errorf("the spool still holds %v", left)
	}
	s.StartWorker("next")
	s.Check()
	if attempts := s.attempts(sent); len(attempts) < 2 || attempts[0].Crashed {
		t.Errorf("got attempts %+v, want a second one and no crash", attempts)
	}
}

// What a write says that finds no room.
const (
	noSpace  = "no space left on device"
	tooLarge = "file too large"
)

// limit has the worker work in a spool of two pages where the system lets it have one, and elsewhere under a limit on the
// size of a file. It answers with what a write then says.
func (w *Worker) limit() string {
	if exec.Command("unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", w.stack.Spool).Run() == nil {
		w.Wrap = []string{"unshare", "-rm", "sh", "-c", `mount -t tmpfs -o size=8k tmpfs "$MONTHEND_SPOOL" && exec "$@"`, "sh"}
		return noSpace
	}
	w.tb.Logf("no file system of its own for %s as user %d: the limit on a file's size stands in", w.name, os.Getuid())
	w.Wrap = []string{"sh", "-c", `ulimit -f 4; exec "$@"`, "sh"}
	return tooLarge
}
