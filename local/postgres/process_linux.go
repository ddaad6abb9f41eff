package postgres

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// attributes puts a child into a group of its own, so that Ctrl-C in the terminal does not stop the database before those
// who drain into it, drops privileges, and has the kernel send an immediate shutdown when we die.
func attributes(who *account) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGQUIT, Credential: who.credential()}
}

// doorPath is the folder that a child was handed as its first extra file. The kernel goes there at once, without asking
// who may walk through the folders above.
const doorPath = "/proc/self/fd/3"

func openDoor(dir string) (*os.File, error) { return os.Open(dir) }

// livePostmaster reports whether the process is alive and may be a PostgreSQL server. A zombie is not: where nothing reaps
// children, as in many containers, a server that was killed stays one for ever.
func livePostmaster(pid int) bool {
	proc := filepath.Join("/proc", strconv.Itoa(pid))
	stat, err := os.ReadFile(filepath.Join(proc, "stat"))
	if err != nil {
		return false
	}
	// The state follows the name in parentheses, which may hold anything.
	_, state, _ := strings.Cut(string(stat[strings.LastIndexByte(string(stat), ')')+1:]), " ")
	if strings.HasPrefix(state, "Z") || strings.HasPrefix(state, "X") {
		return false
	}
	cmdline, err := os.ReadFile(filepath.Join(proc, "cmdline"))
	if err != nil {
		return true // cannot tell, so the careful answer
	}
	program, _, _ := strings.Cut(string(cmdline), "\x00")
	name := filepath.Base(program)
	return name == "." || strings.Contains(name, "postgres") || strings.Contains(name, "postmaster")
}
