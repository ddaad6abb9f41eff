package postgres

import (
	"context"
	"errors"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// process is a child that ends with us. done is closed when it has ended; err is set before and read only after.
type process struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error
}

// launch starts a child from a thread that lives as long as the child: on Linux the signal at the parent's death is tied to
// the thread that forked, and the runtime may end any other thread before its time.
func launch(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		p.err = cmd.Wait()
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// wait waits for the end of a child; when ctx is over first, the child's whole group is killed.
func (p *process) wait(ctx context.Context) error {
	select {
	case <-p.done:
		return p.err
	case <-ctx.Done():
		p.kill()
		<-p.done
		return context.Cause(ctx)
	}
}

// stop ends a server: fast shutdown within patience, then immediate shutdown, then by force. It waits for the end each
// time, so it takes seconds at most beyond patience.
func (p *process) stop(patience time.Duration) error {
	const immediate = 3 * time.Second
	if patience > 0 && p.signal(syscall.SIGINT, patience) {
		return nil
	}
	if p.signal(syscall.SIGQUIT, immediate) {
		return nil
	}
	p.kill()
	<-p.done
	return errors.New("the server did not shut down and was killed")
}

// signal sends and reports whether the process has ended within the time.
func (p *process) signal(sig syscall.Signal, within time.Duration) bool {
	_ = p.cmd.Process.Signal(sig) // an ended process cannot be signalled; done says so
	timer := time.NewTimer(within)
	defer timer.Stop()
	select {
	case <-p.done:
		return true
	case <-timer.C:
		return false
	}
}

// kill ends the whole group of the child; its number stays ours until Wait has returned.
func (p *process) kill() {
	select {
	case <-p.done:
	default:
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	}
}
