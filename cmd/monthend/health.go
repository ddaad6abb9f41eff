package main

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/monthend/monthend/pipeline/engine"
)

// health is what the worker tells of itself in a file: in the first line when it last polled, which is its sign of life, and
// below it what it cannot do at present. Without a file it tells nobody. Its methods may be called from any goroutine.
type health struct {
	file   string
	logger *slog.Logger

	mu       sync.Mutex
	polled   time.Time
	troubles map[string]string // by what is in trouble
}

func newHealth(file string, logger *slog.Logger) *health {
	return &health{file: file, logger: logger, troubles: map[string]string{}}
}

// tick says that the poll loop lives.
func (h *health) tick(at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.polled = at
	h.write()
}

// trouble says that something does not work, or with nil that it does again.
func (h *health) trouble(what string, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	text := ""
	if err != nil {
		text = oneLine(err.Error())
	}
	if h.troubles[what] == text {
		return
	}
	if text == "" {
		delete(h.troubles, what)
	} else {
		h.troubles[what] = text
	}
	h.write()
}

// state is when the worker last polled and what it cannot do at present, "" for nothing.
func (h *health) state() (polled time.Time, troubles string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []string
	for _, what := range slices.Sorted(maps.Keys(h.troubles)) {
		all = append(all, what+": "+h.troubles[what])
	}
	return h.polled, strings.Join(all, "; ")
}

// write replaces the file: a reader sees the old or the new one whole. The caller holds the lock.
func (h *health) write() {
	if h.file == "" || h.polled.IsZero() {
		return
	}
	var text strings.Builder
	fmt.Fprintln(&text, h.polled.UTC().Format(time.RFC3339))
	for _, what := range slices.Sorted(maps.Keys(h.troubles)) {
		fmt.Fprintf(&text, "%s: %s\n", what, h.troubles[what])
	}
	err := os.WriteFile(h.file+".new", []byte(text.String()), 0o644)
	if err == nil {
		err = os.Rename(h.file+".new", h.file)
	}
	if err != nil {
		h.logger.Warn("health file not written", "error", err)
	}
}

// readHealth reads what a worker told.
func readHealth(file string) (polled time.Time, troubles string, err error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return time.Time{}, "", err
	}
	first, rest, _ := strings.Cut(string(data), "\n")
	if polled, err = time.Parse(time.RFC3339, strings.TrimSpace(first)); err != nil {
		return time.Time{}, "", fmt.Errorf("health file %q: its first line is not a time", file)
	}
	return polled, strings.ReplaceAll(strings.TrimSpace(rest), "\n", "; "), nil
}

// outOfRoom reports whether a run found too little disk or memory to work in.
func outOfRoom(err error) bool {
	return engine.IsResource(err) || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG)
}
