package trace

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

const (
	maxQueued      = 4096    // documents waiting
	maxQueuedBytes = 8 << 20 // and their bytes

	// A burst and the pause after it: slow enough for a daemon with the usual 208 KiB receive buffer, fast enough to empty a full
	// queue in under a second.
	burstDocuments = 32
	burstBytes     = maxDocument
	burstPause     = 5 * time.Millisecond

	flushTimeout = 2 * time.Second
)

// sender takes documents without ever blocking and sends them, paced, from one goroutine that ends with close.
type sender struct {
	count *counter
	wake  chan struct{} // has room for one: there is something to do
	done  chan struct{} // closed when the goroutine has ended
	abort context.CancelFunc

	mu     sync.Mutex
	queue  [][]byte
	size   int // bytes in queue
	closed bool

	// Only the goroutine uses these.
	socket    socket
	documents int // since the last pause
	bytes     int
	left      int // not sent when aborted; read after done
}

func newSender(address string, log *slog.Logger, count *counter) *sender {
	ctx, abort := context.WithCancel(context.Background())
	s := &sender{
		count: count, wake: make(chan struct{}, 1), done: make(chan struct{}), abort: abort,
		socket: socket{address: address, log: log, count: count},
	}
	go s.run(ctx)
	return s
}

// enqueue takes over document.
func (s *sender) enqueue(document []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		s.count.add(func(c *Counters) { c.AfterClose++ })
		return
	case len(s.queue) >= maxQueued || s.size+len(document) > maxQueuedBytes:
		s.count.add(func(c *Counters) { c.QueueFull++ })
		return
	}
	s.queue = append(s.queue, document)
	s.size += len(document)
	s.nudge()
}

func (s *sender) nudge() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *sender) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, flushTimeout)
	defer cancel()
	s.mu.Lock()
	s.closed = true
	s.nudge()
	s.mu.Unlock()

	select {
	case <-s.done:
		return nil
	case <-ctx.Done():
	}
	s.abort()
	<-s.done
	return fmt.Errorf("send trace documents to %q: %d left: %w", s.socket.address, s.left, ctx.Err())
}

// run ends when the queue is empty after close; after abort it only counts what is left.
func (s *sender) run(ctx context.Context) {
	defer close(s.done)
	defer s.abort()
	defer s.socket.hangUp()
	for {
		document, closed := s.next()
		switch {
		case document != nil:
			s.send(ctx, document)
		case closed:
			return
		default:
			<-s.wake
		}
	}
}

func (s *sender) next() (document []byte, closed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 {
		s.queue = nil // lets go of what was sent
		return nil, s.closed
	}
	document = s.queue[0]
	s.queue[0] = nil
	s.queue = s.queue[1:]
	s.size -= len(document)
	return document, s.closed
}

func (s *sender) send(ctx context.Context, document []byte) {
	s.pace(ctx, len(document))
	if ctx.Err() != nil {
		s.left++
		s.count.add(func(c *Counters) { c.AfterClose++ })
		return
	}
	s.socket.send(ctx, document)
}

// pace waits after each burst.
func (s *sender) pace(ctx context.Context, size int) {
	if s.documents < burstDocuments && s.bytes+size <= burstBytes {
		s.documents++
		s.bytes += size
		return
	}
	s.documents, s.bytes = 1, size
	pause := time.NewTimer(burstPause)
	defer pause.Stop()
	select {
	case <-pause.C:
	case <-ctx.Done():
	}
}
