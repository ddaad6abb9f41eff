package queue

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// delivery is one message held by this process, from its receive to its settlement.
type delivery struct {
	message    Message
	attributes map[string]types.MessageAttributeValue // with their types, for the dead-letter queue
	heart      *heart
	taken      atomic.Bool   // set by the one who settles it: its own goroutine, or the end of the drain
	done       chan struct{} // closed when its goroutine has nothing more to do
}

// take reports whether the caller is the one to settle d.
func (d *delivery) take() bool { return d.taken.CompareAndSwap(false, true) }

// flight is the set of messages held.
type flight struct {
	mu   sync.Mutex
	held map[*delivery]struct{}
}

func (f *flight) add(d *delivery) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.held == nil {
		f.held = make(map[*delivery]struct{})
	}
	f.held[d] = struct{}{}
}

func (f *flight) remove(d *delivery) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.held, d)
}

func (f *flight) list() []*delivery {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := make([]*delivery, 0, len(f.held))
	for d := range f.held {
		list = append(list, d)
	}
	return list
}

// wait reports whether everything held was done with before ctx ended. It is for the time after the last add.
func (f *flight) wait(ctx context.Context) bool {
	for _, d := range f.list() {
		select {
		case <-d.done:
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// takeAll takes what is still with its handler out of the flight, and stops its heartbeat.
func (f *flight) takeAll() []*delivery {
	var taken []*delivery
	for _, d := range f.list() {
		if d.take() {
			d.heart.cut()
			f.remove(d)
			taken = append(taken, d)
		}
	}
	return taken
}
