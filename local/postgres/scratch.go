package postgres

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

const (
	scratchPrefix = "monthend-pg-"
	ownerFile     = "owner"
	systemTemp    = "/tmp" // when the configured directory is closed to the server's account or too long for a socket
)

// scratch is a private temporary directory that is removed at the end, or by the next start when its owner died.
type scratch struct {
	dir   string
	owner *os.File
}

// newScratch makes one in the first temporary directory that the server can enter and whose path leaves room for a socket.
func newScratch(temp string, who *account) (*scratch, error) {
	var refused []string
	for _, base := range tempDirs(temp) {
		dir := filepath.Join(base, scratchPrefix+"0123456789", "socket") // os.MkdirTemp adds at most ten digits
		if !fitsSocket(dir) {
			refused = append(refused, fmt.Sprintf("%q is too long for a socket", base))
			continue
		}
		if closed := who.closedTo(base); closed != "" {
			refused = append(refused, fmt.Sprintf("account %q may not enter %q", who.name, closed))
			continue
		}
		s, err := makeScratch(base, who)
		if err != nil {
			refused = append(refused, err.Error())
			continue
		}
		return s, nil
	}
	return nil, fmt.Errorf("no usable temporary directory: %s", strings.Join(refused, "; "))
}

func makeScratch(base string, who *account) (*scratch, error) {
	dir, err := os.MkdirTemp(base, scratchPrefix)
	if err != nil {
		return nil, err
	}
	s := &scratch{dir: dir}
	// Locked under another name first: a sweep looks only at directories with an owner file, and must never find one
	// that is not locked yet.
	fresh := filepath.Join(dir, ownerFile+".new")
	if s.owner, err = own(fresh); err != nil {
		return nil, errors.Join(err, s.remove())
	}
	if err := os.Rename(fresh, filepath.Join(dir, ownerFile)); err != nil {
		return nil, errors.Join(err, s.remove())
	}
	if who != nil {
		if err := os.Chmod(dir, 0o711); err != nil {
			return nil, errors.Join(err, s.remove())
		}
	}
	return s, nil
}

func (s *scratch) remove() error {
	err := os.RemoveAll(s.dir)
	if s.owner != nil {
		err = errors.Join(err, s.owner.Close())
	}
	return err
}

// sweep removes the temporary directories whose owner was killed. What cannot be removed is left for the next start: a
// leftover hurts nobody. Where the system does not end a server with its owner, this ends it: a PostgreSQL server that
// misses its postmaster.pid shuts down within a minute.
func sweep(cfg Config) {
	for _, base := range tempDirs(cfg.Temp) {
		left, err := filepath.Glob(filepath.Join(base, scratchPrefix+"*"))
		if err != nil {
			continue // a base with glob characters in it: nothing to sweep by name
		}
		for _, dir := range left {
			sweepOne(dir)
		}
	}
}

func sweepOne(dir string) {
	info, err := os.Lstat(dir)
	if err != nil || !info.IsDir() {
		return
	}
	// Another account's directory is not ours to open, and may be a trap.
	if stat, ok := info.Sys().(*syscall.Stat_t); !ok || int(stat.Uid) != os.Geteuid() {
		return
	}
	owner, err := os.OpenFile(filepath.Join(dir, ownerFile), os.O_RDWR, 0)
	if err != nil {
		return
	}
	defer owner.Close()
	if syscall.Flock(int(owner.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		return // its owner lives
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	// The owner file goes last, so that a sweep that is cut off leaves a directory that the next one knows.
	for _, entry := range entries {
		if entry.Name() != ownerFile && os.RemoveAll(filepath.Join(dir, entry.Name())) != nil {
			return
		}
	}
	_ = os.RemoveAll(dir)
}

// tempDirs are the real paths of the directories for temporary files, best first.
func tempDirs(temp string) []string {
	if temp == "" {
		temp = os.TempDir()
	}
	var dirs []string
	for _, dir := range []string{temp, systemTemp} {
		dir, err := filepath.EvalSymlinks(dir)
		if err == nil && filepath.IsAbs(dir) && (len(dirs) == 0 || dirs[0] != dir) {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

// fitsSocket reports whether clients can reach a socket in dir: the address of a Unix socket is a fixed array of bytes
// with a closing zero, and a comma would part the host parameter of a connection string.
func fitsSocket(dir string) bool {
	var address syscall.RawSockaddrUnix
	return len(dir)+1+len(socketName) < len(address.Path) && !strings.Contains(dir, ",")
}
