package source

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// socket is a connection that is read by blocking reads, outside of Go's poller. A server sends an answer 8 KB at a time, and of
// a socket in the poller the machine wakes somebody at each of them: of ten million rows 200,000 times, on both sides together an
// eighth of all that their way costs. In the midst of a long answer this one sleeps for a moment instead and then takes all
// that has come.
type socket struct {
	local, remote net.Addr

	using      sync.RWMutex // held by whoever reads or writes fd, and at last by who closes it
	fd         int
	closed     atomic.Bool
	reading    atomic.Int64 // the deadlines, in Unix nanoseconds; 0 is none
	writing    atomic.Int64
	answered   atomic.Int64 // bytes read since the last write
	overtaking atomic.Bool  // the last read left nothing behind
}

const (
	// look is how long a wait lasts before the socket looks for a deadline, and for its end.
	look = 25 * time.Millisecond
	// longAnswer is how many bytes make an answer long. Until then nobody sleeps: most answers are short, and each is waited for.
	longAnswer = 256 << 10
	// nap is how long is slept. The server fills some 60 KB meanwhile, and does not get to the end of what it may send ahead.
	nap = 250 * time.Microsecond
)

// unpoll takes a connection's socket over and out of the poller. What it is given must not be used any more.
func unpoll(conn net.Conn) (net.Conn, error) {
	fd, err := takeOver(conn)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("take the socket over: %w", err), conn.Close())
	}
	if err := conn.Close(); err != nil {
		return nil, errors.Join(err, syscall.Close(fd))
	}
	return &socket{local: conn.LocalAddr(), remote: conn.RemoteAddr(), fd: fd}, nil
}

// takeOver answers with the connection's socket under another number, for reads and writes that wait for look.
func takeOver(conn net.Conn) (fd int, err error) {
	own, has := conn.(syscall.Conn)
	if !has {
		return 0, fmt.Errorf("%T has none", conn)
	}
	raw, err := own.SyscallConn()
	if err != nil {
		return 0, err
	}
	var failed error
	err = raw.Control(func(theirs uintptr) {
		syscall.ForkLock.RLock()
		if fd, failed = syscall.Dup(int(theirs)); failed == nil {
			syscall.CloseOnExec(fd)
		}
		syscall.ForkLock.RUnlock()
	})
	if err = errors.Join(err, failed); err != nil {
		return 0, err
	}
	wait := syscall.NsecToTimeval(int64(look))
	err = errors.Join(syscall.SetNonblock(fd, false), syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &wait),
		syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_SNDTIMEO, &wait))
	if err != nil {
		return 0, errors.Join(err, syscall.Close(fd))
	}
	return fd, nil
}

// Read waits for what comes next.
func (s *socket) Read(p []byte) (int, error) {
	if s.overtaking.Load() && s.answered.Load() >= longAnswer {
		moment := syscall.NsecToTimespec(int64(nap))
		_ = syscall.Nanosleep(&moment, nil) // a signal that cuts it short does no harm
	}
	n, err := s.try("read", &s.reading, syscall.Read, p)
	if err != nil {
		return 0, err
	}
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	s.answered.Add(int64(n))
	s.overtaking.Store(n < len(p))
	return n, nil
}

// Write sends all of p, unless it is stopped.
func (s *socket) Write(p []byte) (sent int, err error) {
	s.answered.Store(0)
	for sent < len(p) {
		n, err := s.try("write", &s.writing, syscall.Write, p[sent:])
		if err != nil {
			return sent, err
		}
		sent += n
	}
	return sent, nil
}

// try does one call that moves bytes, as often as it takes until it moves some, or fails, or may wait no longer.
func (s *socket) try(what string, deadline *atomic.Int64, call func(int, []byte) (int, error), p []byte) (int, error) {
	s.using.RLock()
	defer s.using.RUnlock()
	for {
		var err error
		if end := deadline.Load(); s.closed.Load() {
			err = net.ErrClosed
		} else if end != 0 && end <= time.Now().UnixNano() {
			err = os.ErrDeadlineExceeded
		} else {
			n, failed := call(s.fd, p)
			switch {
			case failed == nil:
				return n, nil
			case failed == syscall.EAGAIN, failed == syscall.EINTR:
				continue
			}
			err = os.NewSyscallError(what, failed)
		}
		return 0, &net.OpError{Op: what, Net: s.remote.Network(), Source: s.local, Addr: s.remote, Err: err}
	}
}

// Close ends what waits, and then the connection.
func (s *socket) Close() error {
	if s.closed.Swap(true) {
		return net.ErrClosed
	}
	s.using.Lock() // nobody has the number any more, which the system may give to another socket
	defer s.using.Unlock()
	return os.NewSyscallError("close", syscall.Close(s.fd))
}

func (s *socket) LocalAddr() net.Addr  { return s.local }
func (s *socket) RemoteAddr() net.Addr { return s.remote }

// SetDeadline and the two below it are seen by who waits already.
func (s *socket) SetDeadline(t time.Time) error {
	return errors.Join(s.SetReadDeadline(t), s.SetWriteDeadline(t))
}

func (s *socket) SetReadDeadline(t time.Time) error { return s.set(&s.reading, t) }

func (s *socket) SetWriteDeadline(t time.Time) error { return s.set(&s.writing, t) }

func (s *socket) set(deadline *atomic.Int64, t time.Time) error {
	if s.closed.Load() {
		return net.ErrClosed
	}
	switch {
	case t.IsZero():
		deadline.Store(0)
	case t.Before(time.Now()): // it may be too long ago to be told in nanoseconds
		deadline.Store(1)
	default:
		deadline.Store(t.UnixNano())
	}
	return nil
}
