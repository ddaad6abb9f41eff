package trace

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"syscall"
	"time"
)

// datagramHeader goes before each document.
const datagramHeader = `{"format":"json","version":1}` + "\n"

const (
	maxQueued      = 4096    // documents waiting
	maxQueuedBytes = 8 << 20 // and their bytes

	// A burst and the pause after it: slow enough for a daemon with the usual 208 KiB receive buffer, fast enough to empty a full
	// queue in under a second.
	burstDocuments = 32
	burstBytes     = maxDocument
	burstPause     = 5 * time.Millisecond

	dialTimeout  = 2 * time.Second
	writeTimeout = 100 * time.Millisecond
	redialAfter  = time.Second      // of not reaching the daemon
	resolveAgain = 30 * time.Second // a daemon that moved is found again after this long
	tellAgain    = 5 * time.Minute  // in the log, that it is not reached
	flushTimeout = 2 * time.Second
)

// sender takes documents without ever blocking and sends them, paced, from one goroutine that ends with close.
type sender struct {
	address string
	log     *slog.Logger
	count   *counter
	wake    chan struct{} // has room for one: there is something to do
	done    chan struct{} // closed when the goroutine has ended
	abort   context.CancelFunc

	mu     sync.Mutex
	queue  [][]byte
	size   int // bytes in queue
	closed bool

	// Only the goroutine uses these.
	conn      net.Conn
	dialed    time.Time // last try
	told      time.Time // last word to the log
	documents int       // since the last pause
	bytes     int
	left      int // not sent when aborted; read after done
}

func newSender(address string, log *slog.Logger, count *counter) *sender {
	ctx, abort := context.WithCancel(context.Background())
	s := &sender{
		address: address, log: log, count: count, abort: abort,
		wake: make(chan struct{}, 1), done: make(chan struct{}),
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
	return fmt.Errorf("send trace documents to %q: %d left: %w", s.address, s.left, ctx.Err())
}

// run ends when the queue is empty after close; after abort it only counts what is left.
func (s *sender) run(ctx context.Context) {
	defer close(s.done)
	defer s.abort()
	defer s.hangUp()
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
	err := s.dial(ctx)
	if err == nil {
		err = s.write(ctx, document)
	}
	if err != nil {
		s.count.add(func(c *Counters) { c.Unreachable++ })
		s.tell(err)
		return
	}
	s.count.add(func(c *Counters) { c.Sent++ })
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

// dial resolves the address when there is no connection, and again from time to time. IPv4 comes first: daemons listen there,
// while "localhost" often names ::1 first, and UDP would not tell the difference.
func (s *sender) dial(ctx context.Context) error {
	if s.conn != nil && time.Since(s.dialed) < resolveAgain {
		return nil
	}
	if s.conn == nil && !s.dialed.IsZero() && time.Since(s.dialed) < redialAfter {
		return errNotReached
	}
	s.hangUp()
	s.dialed = time.Now()
	d := net.Dialer{Timeout: dialTimeout}
	var err error
	for _, network := range []string{"udp4", "udp6"} {
		var other error
		if s.conn, other = d.DialContext(ctx, network, s.address); other == nil {
			return nil
		}
		s.conn = nil
		if err == nil {
			err = other
		}
	}
	return err
}

var errNotReached = errors.New("not reached a moment ago")

// write sends one datagram. "Connection refused" tells of an earlier one, which is counted over; this one is tried again, at
// whatever address the name has by now.
func (s *sender) write(ctx context.Context, document []byte) error {
	datagram := append([]byte(datagramHeader), document...)
	err := s.writeOnce(datagram)
	if !errors.Is(err, syscall.ECONNREFUSED) {
		if err != nil {
			s.hangUp()
		}
		return err
	}
	s.count.add(func(c *Counters) {
		c.Refused++
		c.Sent--
	})
	s.tell(err)
	if time.Since(s.dialed) > redialAfter {
		s.hangUp()
		if err := s.dial(ctx); err != nil {
			return err
		}
	}
	return s.writeOnce(datagram)
}

func (s *sender) writeOnce(datagram []byte) error {
	if err := s.conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	_, err := s.conn.Write(datagram)
	return err
}

func (s *sender) hangUp() {
	if s.conn != nil {
		s.conn.Close()
		s.conn = nil
	}
}

// tell logs that documents are lost, now and then.
func (s *sender) tell(err error) {
	if !s.told.IsZero() && time.Since(s.told) < tellAgain {
		return
	}
	s.told = time.Now()
	s.log.Warn("traces do not reach the daemon; runs go on", "address", s.address, "error", err)
}
