package main

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestHealth(t *testing.T) {
	file := filepath.Join(t.TempDir(), "health")
	h := newHealth(file, slog.New(slog.DiscardHandler))
	s := settings{HealthFile: file}
	at := time.Date(2026, 4, 1, 6, 0, 0, 0, time.UTC)
	check := func(ready bool, after time.Duration, want string) {
		t.Helper()
		err := runHealthcheck(s, ready, at.Add(after))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("after %s: got %v, want %q", after, err, want)
		}
	}

	h.trouble("queue", errors.New("no such host"))
	check(false, 0, "no such file") // it has not polled yet
	h.tick(at)
	check(false, 30*time.Second, "")
	check(true, 30*time.Second, "cannot work: queue: no such host")
	check(true, 2*time.Minute, "has not polled for 2m0s")

	h.trouble("spool", fmt.Errorf("write: %w", syscall.ENOSPC))
	check(true, 0, "queue: no such host; spool: write: no space left on device")
	h.trouble("queue", nil)
	h.trouble("spool", nil)
	check(true, 30*time.Second, "")
}

func TestOutOfRoom(t *testing.T) {
	if !outOfRoom(fmt.Errorf("write: %w", syscall.ENOSPC)) || !outOfRoom(syscall.EFBIG) || outOfRoom(errors.New("no")) || outOfRoom(nil) {
		t.Error("want a full disk told from other trouble")
	}
}
