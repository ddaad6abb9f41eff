package source

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// line is a connection as the driver gets it, and its other end.
func line(t *testing.T) (ours, theirs net.Conn) {
	t.Helper()
	listener, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	dialed, err := net.Dial("unix", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if theirs, err = listener.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { theirs.Close() })
	if ours, err = unpoll(dialed); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ours.Close() })
	return ours, theirs
}

// A long answer arrives whole, however it is cut, and then its end.
func TestSocketReadsALongAnswer(t *testing.T) {
	ours, theirs := line(t)
	chance := rand.New(rand.NewPCG(1, 2))
	sent := make([]byte, 4<<20)
	for i := range sent {
		sent[i] = byte(chance.Uint32())
	}
	go func() { // ends with what it sends
		for rest := sent; len(rest) > 0; {
			n, err := theirs.Write(rest[:min(len(rest), 1+chance.IntN(20_000))])
			if err != nil {
				return
			}
			rest = rest[n:]
		}
		theirs.Close()
	}()
	got, err := io.ReadAll(ours)
	if err != nil || !bytes.Equal(got, sent) {
		t.Errorf("%d bytes came of %d, or others: %v", len(got), len(sent), err)
	}
}

// A long answer that stands still for a while goes on; and so does the talk behind it.
func TestSocketReadsOnAfterAPause(t *testing.T) {
	ours, theirs := line(t)
	const half = 4 * longAnswer
	took := make(chan struct{})
	go func() { // ends with what it sends
		for range 2 {
			if _, err := theirs.Write(bytes.Repeat([]byte{'x'}, half)); err != nil {
				return
			}
			<-took
		}
	}()
	got := make([]byte, half)
	for i := range 2 {
		if _, err := io.ReadFull(ours, got); err != nil {
			t.Fatal(err)
		}
		// Nothing comes: whoever waits meanwhile waits past the end of what reads ahead.
		if err := ours.SetReadDeadline(time.Now().Add(3 * look)); err != nil {
			t.Fatal(err)
		}
		if err := read(ours); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("half %d: got %v, want the deadline", i+1, err)
		}
		if err := ours.SetReadDeadline(time.Time{}); err != nil {
			t.Fatal(err)
		}
		took <- struct{}{}
	}
	answered := make(chan error)
	go func() {
		question := make([]byte, 1)
		_, err := io.ReadFull(theirs, question)
		_, failed := theirs.Write(question)
		answered <- errors.Join(err, failed)
	}()
	if _, err := ours.Write([]byte("?")); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(read(ours), <-answered); err != nil {
		t.Error(err)
	}
}

// Whatever came before a broken end is handed out first; and the connection may be closed while nobody takes what is ahead.
func TestSocketEndsInMidAnswer(t *testing.T) {
	const sent = 8 * longAnswer
	for _, c := range []struct {
		name string
		end  func(ours net.Conn) error
		want error
		rest int64
	}{
		{"by the server", func(net.Conn) error { return nil }, nil, sent - 2*longAnswer},
		{"by us", net.Conn.Close, net.ErrClosed, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			ours, theirs := line(t)
			go func() { // ends with what it sends, or with the connection
				_, _ = theirs.Write(make([]byte, sent))
				theirs.Close()
			}()
			if _, err := io.ReadFull(ours, make([]byte, 2*longAnswer)); err != nil {
				t.Fatal(err)
			}
			if err := c.end(ours); err != nil {
				t.Fatal(err)
			}
			if rest, err := io.Copy(io.Discard, ours); rest != c.rest || !errors.Is(err, c.want) {
				t.Errorf("got %d bytes more, %v, want %d and %v", rest, err, c.rest, c.want)
			}
		})
	}
}

// Who waits is stopped by a deadline that is set meanwhile, and by the end of the connection.
func TestSocketIsStopped(t *testing.T) {
	past := time.Date(1, 1, 1, 1, 1, 1, 1, time.UTC) // as the driver sets it
	for _, c := range []struct {
		name string
		wait func(net.Conn) error
		stop func(net.Conn) error
		want error
	}{
		{"read, deadline", read, func(c net.Conn) error { return c.SetDeadline(past) }, os.ErrDeadlineExceeded},
		{"read, soon", read, func(c net.Conn) error { return c.SetReadDeadline(time.Now().Add(time.Millisecond)) }, os.ErrDeadlineExceeded},
		{"read, closed", read, net.Conn.Close, net.ErrClosed},
		{"write, deadline", fill, func(c net.Conn) error { return c.SetDeadline(past) }, os.ErrDeadlineExceeded},
		{"write, closed", fill, net.Conn.Close, net.ErrClosed},
	} {
		t.Run(c.name, func(t *testing.T) {
			ours, theirs := line(t)
			ended := make(chan error)
			go func() { ended <- c.wait(ours) }()
			if err := c.stop(ours); err != nil {
				t.Fatal(err)
			}
			if err := <-ended; !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if c.want == net.ErrClosed {
				if _, err := theirs.Read(make([]byte, 1)); c.name == "read, closed" && err != io.EOF {
					t.Errorf("the other end sees %v", err)
				}
				if err := ours.Close(); !errors.Is(err, net.ErrClosed) {
					t.Errorf("closed twice: %v", err)
				}
				return
			}
			// A deadline that is taken back leaves a connection that works.
			if err := ours.SetDeadline(time.Time{}); err != nil {
				t.Fatal(err)
			}
			if _, err := theirs.Write([]byte("x")); err != nil {
				t.Fatal(err)
			}
			if err := read(ours); err != nil {
				t.Error(err)
			}
		})
	}
}

func read(c net.Conn) error {
	_, err := c.Read(make([]byte, 1))
	return err
}

// fill writes more than the system holds for somebody who does not read.
func fill(c net.Conn) error {
	_, err := c.Write(make([]byte, 16<<20))
	return err
}
