package trace

import "sync"

const (
	maxQueued      = 4096    // documents waiting
	maxQueuedBytes = 8 << 20 // and their bytes
)

// queue holds documents between those who make them and the goroutine of an exit. It never blocks who makes them.
type queue struct {
	wake chan struct{} // has room for one: there is something to do

	mu     sync.Mutex
	all    [][]byte
	size   int // bytes in all
	closed bool
}

func newQueue() *queue { return &queue{wake: make(chan struct{}, 1)} }

// refusal is why a queue did not take a document.
type refusal int

const (
	taken refusal = iota
	full
	closed
)

// push takes over document.
func (q *queue) push(document []byte) refusal {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return closed
	case len(q.all) >= maxQueued || q.size+len(document) > maxQueuedBytes:
		return full
	}
	q.all = append(q.all, document)
	q.size += len(document)
	q.nudge()
	return taken
}

// pop is the next document; nil when there is none, and whether none will come.
func (q *queue) pop() (document []byte, over bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.all) == 0 {
		q.all = nil // lets go of what was sent
		return nil, q.closed
	}
	document = q.all[0]
	q.all[0] = nil
	q.all = q.all[1:]
	q.size -= len(document)
	return document, false
}

// close has no more documents taken.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.nudge()
}

func (q *queue) nudge() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}
