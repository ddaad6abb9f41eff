//go:build unix && !linux

package postgres

import (
	"errors"
	"os"
	"syscall"
)

// attributes puts a child into a group of its own, so that Ctrl-C in the terminal does not stop the database before those
// who drain into it, and drops privileges. The system has no signal at the parent's death: sweep does that work.
func attributes(who *account) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Credential: who.credential()}
}

const doorPath = ""

// openDoor is for systems that let a process enter a folder it was handed; this one does not.
func openDoor(string) (*os.File, error) { return nil, errors.New("choose another directory") }

// livePostmaster reports whether the process is alive.
func livePostmaster(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}
