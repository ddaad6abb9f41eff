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
// eighth of all that their way costs. A long answer is taken by a thread of its own instead: see prefetch.
type socket struct {
	local, remote net.Addr

	using    sync.RWMutex // held by whoever reads or writes fd, and at last by who closes it
	fd       int
	closed   atomic.Bool
	done     chan struct{} // closed with the connection
	reading  atomic.Int64  // the deadlines, in Unix nanoseconds; 0 is none
	writing  atomic.Int64
	answered atomic.Int64 // bytes read since the last write

	taking sync.Mutex // held by whoever takes bytes; guards ahead
	ahead  *prefetch  // nil: bytes are read when they are asked for
}

// look is how long a wait lasts before the socket looks for a deadline, and for its end.
const look = 25 * time.Millisecond

// unpoll takes a connection's socket over and out of the poller. What it is given must not be used any more.
func unpoll(conn net.Conn) (net.Conn, error) {
	fd, err := takeOver(conn)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("take the socket over: %w", err), conn.Close())
	}
	if err := conn.Close(); err != nil {
		return nil, errors.Join(err, syscall.Close(fd))
	}
	return &socket{local: conn.LocalAddr(), remote: conn.RemoteAddr(), fd: fd, done: make(chan struct{})}, nil
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
	s.taking.Lock()
	defer s.taking.Unlock()
	if s.ahead == nil && s.answered.Load() >= longAnswer {
		s.ahead = s.beginPrefetch()
	}
	if s.ahead != nil {
		n, err := s.take(p)
		if err != errIdle {
			return n, err
		}
		s.ahead = nil
		s.answered.Store(0) // what goes on this slowly is not worth a thread
	}
	n, err := s.try("read", &s.reading, syscall.Read, p)
	if err != nil {
		return 0, err
	}
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	s.answered.Add(int64(n))
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
	for {
		if err := s.late(deadline); err != nil {
			return 0, s.failed(what, err)
		}
		n, err := s.once(call, p)
		switch err {
		case nil:
			return n, nil
		case syscall.EAGAIN, syscall.EINTR:
			continue
		}
		return 0, s.failed(what, err)
	}
}

// once does a call that waits for look at the most.
func (s *socket) once(call func(int, []byte) (int, error), p []byte) (int, error) {
	s.using.RLock()
	defer s.using.RUnlock()
	if s.closed.Load() {
		return 0, net.ErrClosed
	}
	return call(s.fd, p)
}

// late tells whether a wait has to end.
func (s *socket) late(deadline *atomic.Int64) error {
	end := deadline.Load()
	switch {
	case s.closed.Load():
		return net.ErrClosed
	case end != 0 && end <= time.Now().UnixNano():
		return os.ErrDeadlineExceeded
	}
	return nil
}

// failed is an error as other connections have them.
func (s *socket) failed(what string, err error) error {
	var number syscall.Errno
	if errors.As(err, &number) {
		err = os.NewSyscallError(what, err)
	}
	return &net.OpError{Op: what, Net: s.remote.Network(), Source: s.local, Addr: s.remote, Err: err}
}

// Close ends what waits, and then the connection.
func (s *socket) Close() error {
	if s.closed.Swap(true) {
		return net.ErrClosed
	}
	close(s.done)
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
