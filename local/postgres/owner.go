package postgres

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// own takes the lock of a folder's owner file and writes our process id into it, for people. The lock ends with the process,
// however it ends, and cannot be mistaken like a process id that is used again. Closing the file gives the folder up.
func own(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := lock(file); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

func lock(file *os.File) error {
	err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		const digits = 20
		owner, _ := io.ReadAll(io.LimitReader(file, digits))
		return fmt.Errorf("in use by another server, started by process %s", strings.TrimSpace(string(owner)))
	}
	if err != nil {
		return fmt.Errorf("lock %q: %w", file.Name(), err)
	}
	if err := file.Truncate(0); err != nil {
		return err
	}
	_, err = file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}
