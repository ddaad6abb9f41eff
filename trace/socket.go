package trace

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"syscall"
	"time"
)

// datagramHeader goes before each document.
const datagramHeader = `{"format":"json","version":1}` + "\n"

const (
	dialTimeout  = 2 * time.Second
	writeTimeout = 100 * time.Millisecond
	redialAfter  = time.Second      // of not reaching the daemon
	resolveAgain = 30 * time.Second // a daemon that moved is found again after this long
	tellAgain    = 5 * time.Minute  // in the log, that it is not reached
)

// socket leads to the daemon, wherever its name points to by now. Only the sender's goroutine uses it.
type socket struct {
	address string
	log     *slog.Logger
	count   *counter

	conn   net.Conn
	dialed time.Time // last try
	told   time.Time // last word to the log
}

// send sends one document or counts why not.
func (s *socket) send(ctx context.Context, document []byte) {
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

// dial resolves the address when there is no connection, and again from time to time. IPv4 comes first: daemons listen there,
// while "localhost" often names ::1 first, and UDP would not tell the difference.
func (s *socket) dial(ctx context.Context) error {
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
func (s *socket) write(ctx context.Context, document []byte) error {
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

func (s *socket) writeOnce(datagram []byte) error {
	if err := s.conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	_, err := s.conn.Write(datagram)
	return err
}

func (s *socket) hangUp() {
	if s.conn != nil {
		s.conn.Close()
		s.conn = nil
	}
}

// tell logs that documents are lost, now and then.
func (s *socket) tell(err error) {
	if !s.told.IsZero() && time.Since(s.told) < tellAgain {
		return
	}
	s.told = time.Now()
	s.log.Warn("traces do not reach the daemon; runs go on", "address", s.address, "error", err)
}
