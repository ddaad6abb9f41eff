package sqs

import (
	"context"
	"time"
)

// Advance moves the server's clock forward and wakes whatever waits for a time: visibility timeouts, delays, retention,
// deduplication windows, long polls and move tasks all see the new time at once.
func (s *Server) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead += d
	for _, q := range s.queues {
		q.wake()
	}
}

// now is the server's time; s.mu is held.
func (s *Server) now() time.Time { return s.cfg.Clock().Add(s.ahead) }

// pause waits until something changed, d passed, the client went away or the server stops. It says nothing about which:
// the caller looks again.
func (s *Server) pause(ctx context.Context, changed <-chan struct{}, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-changed:
	case <-timer.C:
	case <-ctx.Done():
	case <-s.closing:
	}
}

// stopping says whether Close was called.
func (s *Server) stopping() bool {
	select {
	case <-s.closing:
		return true
	default:
		return false
	}
}
