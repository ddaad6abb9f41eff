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
