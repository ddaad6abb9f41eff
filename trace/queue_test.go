package trace

import (
	"context"
	"log/slog"
	"net"
	"testing"
)

// The queue is filled before its goroutine runs: how far it lags behind in life is the scheduler's business.
func TestQueueIsBounded(t *testing.T) {
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for name, row := range map[string]struct{ size, fit int }{
		"documents": {10, maxQueued},
		"bytes":     {maxDocument, maxQueuedBytes / maxDocument},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, abort := context.WithCancel(context.Background())
			count := &counter{}
			s := &sender{
				count: count, queue: newQueue(), done: make(chan struct{}), abort: abort,
				socket: socket{address: conn.LocalAddr().String(), log: slog.New(slog.DiscardHandler), count: count},
			}
			for range row.fit + 7 {
				s.enqueue(make([]byte, row.size))
			}
			if got := s.count.read().QueueFull; got != 7 {
				t.Errorf("queue full: got %d, want 7", got)
			}
			go s.run(ctx)
			if err := s.close(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := s.count.read().Sent; got != uint64(row.fit) {
				t.Errorf("sent: got %d, want %d", got, row.fit)
			}
		})
	}
}
