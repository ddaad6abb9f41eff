package xray

import (
	"slices"

	"github.com/monthend/monthend/trace"
)

// enqueue counts a packet of n bytes; false when the queue is full and the packet is lost.
func (s *store) enqueue(n int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counters.Packets++
	if s.queued.packets == maxQueued || s.queued.bytes+n > maxQueuedBytes {
		s.counters.Lost++
		return false
	}
	s.queued.packets++
	s.queued.bytes += n
	return true
}

func (s *store) dequeue(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queued.packets--
	s.queued.bytes -= n
}

// malformed counts and lists what could not be read.
func (s *store) malformed(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counters.Malformed++
	s.report(trace.Violation{Path: "packet", Message: err.Error()})
	s.signal()
}

func (s *store) counts() Counters {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counters
}

func (s *store) broken() []trace.Violation {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.violations)
}

func (s *store) traceIDs() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []string
	for e := s.order.Front(); e != nil; e = e.Next() {
		ids = append(ids, e.Value.(*kept).id)
	}
	return ids
}

// changes is closed at the next change.
func (s *store) changes() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}
