package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// build makes the program from this tree and answers with its path.
func build(ctx context.Context, dir string) (string, error) {
	binary := filepath.Join(dir, "monthend")
	made, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "github.com/monthend/monthend/cmd/monthend").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build monthend: %w: %s", err, bytes.TrimSpace(made))
	}
	return binary, nil
}

// process is a running monthend.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed once it has ended
	err  error         // of its end
	said bytes.Buffer  // on stderr; to be read once it is done
}

// start starts monthend with an environment of its own; ctx kills it.
func (b *bench) start(ctx context.Context, env []string, stdout *os.File, args ...string) (*process, error) {
	cmd := exec.CommandContext(ctx, b.binary, args...)
	cmd.Env = append([]string{"HOME=" + b.dir, "TMPDIR=" + b.dir, "PATH=" + os.Getenv("PATH")}, env...)
	p := &process{cmd: cmd, done: make(chan struct{})}
	cmd.Stderr = &p.said
	if stdout != nil {
		cmd.Stdout = stdout
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		if p.err = cmd.Wait(); p.err != nil {
			p.err = fmt.Errorf("monthend %s: %w: %s", args[0], p.err, bytes.TrimSpace(p.said.Bytes()))
		}
		close(p.done)
	}()
	return p, nil
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// kill ends it as a power cut would, and waits until it is gone.
func (p *process) kill() {
	p.cmd.Process.Kill()
	<-p.done
}

// stop asks it to end and waits; what does not end in 30 s is killed.
func (p *process) stop() error {
	p.cmd.Process.Signal(syscall.SIGTERM)
	late := time.AfterFunc(30*time.Second, func() { p.cmd.Process.Kill() })
	defer late.Stop()
	<-p.done
	return p.err
}

// cpu is what it used of all cores, once it is done.
func (p *process) cpu() time.Duration {
	return p.cmd.ProcessState.UserTime() + p.cmd.ProcessState.SystemTime()
}
