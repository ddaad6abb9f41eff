package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Spool is the folder of one process below a folder that several share: files of runs in work, rows among them. The process
// holds a lock on it, which ends with the process however that ends; what a dead one left is swept by the next that starts.
type Spool struct {
	Dir  string
	lock *os.File
}

const (
	spoolPrefix = "worker-"
	spoolLock   = ".lock" // held while somebody looks who is dead, or makes a folder that nobody holds yet

	spoolWait  = 10 * time.Second // a sweep of a large folder takes a while
	spoolRetry = 20 * time.Millisecond
)

// OpenSpool sweeps what dead processes left below parent, which must be there, and makes this process's own folder. Close
// removes it.
func OpenSpool(ctx context.Context, parent string) (*Spool, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, spoolWait, errors.New("another process sweeps it and does not end"))
	defer cancel()
	shared, err := os.OpenFile(filepath.Join(parent, spoolLock), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open spool: %w", err)
	}
	defer shared.Close() // and with it the lock
	for !tryLock(shared) {
		timer := time.NewTimer(spoolRetry)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil, fmt.Errorf("open spool %q: %w", parent, context.Cause(ctx))
		case <-timer.C:
		}
	}
	if err := sweep(parent); err != nil {
		return nil, fmt.Errorf("sweep spool: %w", err)
	}
	dir, err := os.MkdirTemp(parent, spoolPrefix)
	if err != nil {
		return nil, fmt.Errorf("open spool: %w", err)
	}
	lock, err := os.Open(dir)
	if err == nil && !tryLock(lock) {
		err = errors.Join(fmt.Errorf("folder %q cannot be locked", dir), lock.Close())
	}
	if err != nil {
		return nil, fmt.Errorf("open spool: %w", errors.Join(err, os.RemoveAll(dir)))
	}
	return &Spool{Dir: dir, lock: lock}, nil
}

// sweep removes the folders that no living process holds. The caller holds the shared lock.
func sweep(parent string) error {
	entries, err := os.ReadDir(parent)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if !entry.IsDir() || !strings.HasPrefix(entry.Name(), spoolPrefix) {
			continue
		}
		name := filepath.Join(parent, entry.Name())
		folder, err := os.Open(name)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
			continue // its process ended well, just now; or it is another user's
		}
		if err != nil {
			return err
		}
		if tryLock(folder) {
			err = os.RemoveAll(name)
		}
		if err := errors.Join(err, folder.Close()); err != nil {
			return err
		}
	}
	return nil
}

// tryLock takes the lock of an open file or folder, unless somebody holds it.
func tryLock(f *os.File) bool {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}

// Close removes the folder with whatever is left in it, then gives the lock up.
func (s *Spool) Close() error {
	if err := errors.Join(os.RemoveAll(s.Dir), s.lock.Close()); err != nil {
		return fmt.Errorf("close spool: %w", err)
	}
	return nil
}
