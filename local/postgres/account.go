package postgres

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account runs the server when we are root, which PostgreSQL refuses to be. A nil account means: as ourselves.
type account struct {
	name     string
	uid, gid uint32
}

// serverAccount is "postgres", else "nobody", when we are root; nil when we are not.
func serverAccount() (*account, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil || err2 != nil || uid == 0 {
			continue
		}
		return &account{name: name, uid: uint32(uid), gid: uint32(gid)}, nil
	}
	return nil, errors.New(`postgresql does not run as root, and there is neither an account "postgres" nor "nobody" to run it`)
}

// makeDir makes a directory that only the server's account may use. One that is there is taken over.
func (a *account) makeDir(path string) error {
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return a.give(path)
}

// give hands a file or directory to the server's account. A symbolic link is handed over itself, never what it points at.
func (a *account) give(path string) error {
	if a == nil {
		return nil
	}
	if err := os.Lchown(path, int(a.uid), int(a.gid)); err != nil {
		return fmt.Errorf("hand over to account %q: %w", a.name, err)
	}
	return nil
}

// closedTo is the first folder on the way to and including dir that the account may not enter; "" when it may enter all.
func (a *account) closedTo(dir string) string {
	if a == nil {
		return ""
	}
	if parent := filepath.Dir(dir); parent != dir {
		if closed := a.closedTo(parent); closed != "" {
			return closed
		}
	}
	info, err := os.Stat(dir)
	if err != nil {
		return dir
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return dir
	}
	search := os.FileMode(0o001)
	switch {
	case stat.Uid == a.uid:
		search = 0o100
	case stat.Gid == a.gid:
		search = 0o010
	}
	if info.Mode()&search == 0 {
		return dir
	}
	return ""
}

// credential is how the kernel is told; nil keeps ours. Supplementary groups are dropped too.
func (a *account) credential() *syscall.Credential {
	if a == nil {
		return nil
	}
	return &syscall.Credential{Uid: a.uid, Gid: a.gid}
}
