package source

import (
	"errors"
	"io"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// prefetch reads the rest of a long answer in a thread of its own, so that the server hardly ever waits for us: it may send only some
// 100 KB that nobody has read, and when those are full it sleeps until three quarters of them are gone. Between two reads
// the thread naps, so that nobody is woken for each 8 KB that the server sends.
//
// It ends when nothing has come for look, at an error, and with the connection. What it has read until then is taken from full.
type prefetch struct {
	full  chan piece  // closed at its end; with room for all, so that handing over never waits
	free  chan []byte // what may be read into
	rest  []byte      // of the piece at hand
	whole []byte      // the piece at hand, nil is none
}

// piece is what one read brought; an error is the last.
type piece struct {
	bytes []byte
	err   error
}

const (
	// longAnswer is how many bytes make an answer long. Until then they are read when they are asked for: most answers are short.
	longAnswer = 256 << 10
	// nap is how long is slept between two reads. The server fills some 60 KB meanwhile, and does not get to the end of what it
	// may send ahead.
	nap = 250 * time.Microsecond
	// What is read ahead is 4 MB at the most. With a quarter of that the server waits for whoever decodes; with eight times as
	// much the bytes leave the processor's cache before they are looked at.
	pieces    = 32
	pieceSize = 128 << 10
	// promptness is the slice of processor time that the thread asks Linux for. Whoever asks for less is let in before threads
	// that have not used theirs up. With the usual 3 ms it waited as long, of two busy processors, behind those that put the rows away,
	// and the server with it: an eighth of an extraction. Linux before 6.12 takes no notice.
	promptness = 100 * time.Microsecond
)

// errIdle is the end of a prefetch to which nothing came any more.
var errIdle = errors.New("nothing comes")

// beginPrefetch begins with an empty one.
func (s *socket) beginPrefetch() *prefetch {
	a := &prefetch{full: make(chan piece, pieces), free: make(chan []byte, pieces)}
	for range pieces {
		a.free <- nil // made when it is needed
	}
	go func() {
		runtime.LockOSThread() // for good: the thread ends with the goroutine, and what it asked for with the thread
		askPromptness()
		defer close(a.full)
		s.fill(a)
	}()
	return a
}

// askPromptness is for the calling thread. Where it is refused the rows come all the same.
func askPromptness() {
	if attr, err := unix.SchedGetAttr(0, 0); err == nil && attr.Policy == unix.SCHED_NORMAL {
		attr.Runtime = uint64(promptness)
		_ = unix.SchedSetAttr(0, attr, 0)
	}
}

// fill reads until nothing comes.
func (s *socket) fill(a *prefetch) {
	moment := syscall.NsecToTimespec(int64(nap))
	for more := false; ; {
		var p []byte
		select {
		case p = <-a.free:
		case <-s.done:
			return
		}
		if p == nil {
			p = make([]byte, pieceSize)
		}
		if !more {
			_ = syscall.Nanosleep(&moment, nil) // a signal that cuts it short does no harm
		}
		n, err := s.once(syscall.Read, p)
		switch {
		case err == syscall.EINTR:
			a.free <- p
		case err == syscall.EAGAIN:
			return
		case err != nil:
			a.full <- piece{err: s.failed("read", err)}
			return
		case n == 0:
			a.full <- piece{err: io.EOF}
			return
		default:
			a.full <- piece{bytes: p[:n]}
			more = n == len(p)
		}
	}
}

// take hands out what was read ahead and waits for more; errIdle is the end of it.
func (s *socket) take(p []byte) (int, error) {
	a := s.ahead
	if err := s.late(&s.reading); err != nil {
		return 0, s.failed("read", err)
	}
	if len(a.rest) == 0 {
		if a.whole != nil {
			a.free <- a.whole
			a.whole = nil
		}
		next, err := s.await(a)
		if err != nil {
			return 0, err
		}
		a.rest, a.whole = next.bytes, next.bytes[:cap(next.bytes)]
	}
	n := copy(p, a.rest)
	a.rest = a.rest[n:]
	return n, nil
}

// await is for the next piece.
func (s *socket) await(a *prefetch) (piece, error) {
	var next piece
	for more := true; ; {
		if err := s.late(&s.reading); err != nil {
			return piece{}, s.failed("read", err)
		}
		select {
		case next, more = <-a.full:
		default:
			timer := time.NewTimer(look)
			select {
			case next, more = <-a.full:
				timer.Stop()
			case <-timer.C:
				continue
			}
		}
		if !more {
			return piece{}, errIdle
		}
		return next, next.err
	}
}
