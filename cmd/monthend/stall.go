package main

import (
	"fmt"
	"sync"
	"time"
)

// stallGrace is how long a poll loop that was found silent may go on being so: a process that was frozen and thawed is found
// silent, too, and polls again at once.
const stallGrace = 30 * time.Second

// stallError is why a worker ends itself.
type stallError struct{ silent time.Duration }

func (e *stallError) Error() string {
	return fmt.Sprintf("the poll loop has not ticked for %s: this process ends, to be started anew", e.silent.Round(time.Second))
}

// stall ends a process that no longer polls. It looks alive from outside, and whoever restarts what has died would leave it.
type stall struct {
	end func(error) // called at most once for each silence

	mu    sync.Mutex
	timer *time.Timer // nil while the loop is not known to be silent
}

// silent begins the grace.
func (s *stall) silent(since time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.timer == nil {
		s.timer = time.AfterFunc(stallGrace, func() { s.end(&stallError{silent: since + stallGrace}) })
	}
}

// tick ends the grace.
func (s *stall) tick() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.timer != nil {
		s.timer.Stop()
		s.timer = nil
	}
}
