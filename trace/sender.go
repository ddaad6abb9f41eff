package trace

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

// A burst and the pause after it: slow enough for a daemon with the usual 208 KiB receive buffer, fast enough to empty a full
// queue in under a second.
const (
	burstDocuments = 32
	burstBytes     = maxDocument
	burstPause     = 5 * time.Millisecond
)

// sender is the exit to a daemon: paced, from one goroutine that ends with close.
type sender struct {
	count *counter
	queue *queue
	done  chan struct{} // closed when the goroutine has ended
	abort context.CancelFunc

	// Only the goroutine uses these.
	socket    socket
	documents int // since the last pause
	bytes     int
	left      int // not sent when aborted; read after done
}

func newSender(address string, log *slog.Logger, count *counter) *sender {
	ctx, abort := context.WithCancel(context.Background())
	s := &sender{
		count: count, queue: newQueue(), done: make(chan struct{}), abort: abort,
		socket: socket{address: address, log: log, count: count},
	}
	go s.run(ctx)
	return s
}

func (s *sender) enqueue(document []byte) {
	switch s.queue.push(document) {
	case full:
		s.count.add(func(c *Counters) { c.QueueFull++ })
	case closed:
		s.count.add(func(c *Counters) { c.AfterClose++ })
	}
}

func (s *sender) close(ctx context.Context) error {
	s.queue.close()
	select {
	case <-s.done:
		return nil
	case <-ctx.Done():
	}
	s.abort()
	<-s.done
	if s.left == 0 {
		return nil
	}
	return fmt.Errorf("send trace documents to %q: %d left: %w", s.socket.address, s.left, ctx.Err())
}

// run ends when the queue is empty after close; after abort it only counts what is left.
func (s *sender) run(ctx context.Context) {
	defer close(s.done)
	defer s.abort()
	defer s.socket.hangUp()
	for {
		document, over := s.queue.pop()
		switch {
		case document != nil:
			s.send(ctx, document)
		case over:
			return
		default:
			<-s.queue.wake
		}
	}
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
