package xray_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/monthend/monthend/local/xray"
	"github.com/monthend/monthend/trace"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	traceID = "1-6b02c013-53f32a3152d7d7da8d74ae88"
	rootID  = "00000000000000aa"
)

func start(t *testing.T, c xray.Config) *xray.Server {
	t.Helper()
	s, err := xray.Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// send sends each document in a packet of its own, in order.
func send(t *testing.T, s *xray.Server, documents ...string) {
	t.Helper()
	for _, d := range documents {
		sendRaw(t, s, `{"format": "json", "version": 1}`+"\n"+d)
	}
}

func sendRaw(t *testing.T, s *xray.Server, packet string) {
	t.Helper()
	conn, err := net.Dial("udp", s.UDPAddr())
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close()
	if _, err := conn.Write([]byte(packet)); err != nil {
		t.Error(err)
	}
}

// arrive waits until n documents were kept, refused or malformed.
func arrive(t *testing.T, s *xray.Server, n int64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err := s.Wait(ctx, "", func([]trace.Document) bool {
		c := s.Counters()
		return c.Documents+c.Refused+c.Malformed == n
	})
	if err != nil {
		t.Fatalf("%v; counters: %+v", err, s.Counters())
	}
}

// segment is a whole document; more is appended to its fields.
func segment(id, name string, start, end float64, more string) string {
	return fmt.Sprintf(`{"trace_id":%q,"id":%q,"name":%q,"start_time":%v,"end_time":%v%s,"Dummy":false}`, traceID, id, name, start, end, more)
}

// outline writes a trace as one line a document, indented by depth.
func outline(segments []trace.Document) string {
	var b strings.Builder
	var walk func(d trace.Document, depth int)
	walk = func(d trace.Document, depth int) {
		fmt.Fprintf(&b, "%s%s", strings.Repeat("  ", depth), d.Name)
		if d.InProgress {
			b.WriteString(" (in progress)")
		}
		if d.Type != "" {
			b.WriteString(" (" + d.Type + ")")
		}
		b.WriteByte('\n')
		for _, child := range d.Subsegments {
			walk(child, depth+1)
		}
	}
	for _, d := range segments {
		walk(d, 0)
	}
	return b.String()
}

func TestBothProtocolsShareOnePort(t *testing.T) {
	s := start(t, xray.Config{})
	host, port, err := net.SplitHostPort(s.UDPAddr())
	if err != nil || host != "127.0.0.1" || port == "0" {
		t.Errorf("address: got %s (%v), want a port of 127.0.0.1", s.UDPAddr(), err)
	}
	if got, want := s.URL(), "http://"+s.UDPAddr(); got != want {
		t.Errorf("url: got %s, want %s", got, want)
	}
}

func TestPortInUse(t *testing.T) {
	s := start(t, xray.Config{})
	_, err := xray.Start(xray.Config{Addr: s.UDPAddr()})
	want := fmt.Sprintf("start the local X-Ray: listen tcp %s: bind: address already in use", s.UDPAddr())
	if !errors.Is(err, syscall.EADDRINUSE) || err.Error() != want {
		t.Errorf("tcp: got %v, want %s", err, want)
	}

	taken, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, err = xray.Start(xray.Config{Addr: taken.LocalAddr().String()})
	want = fmt.Sprintf("start the local X-Ray: listen udp %s: bind: address already in use", taken.LocalAddr())
	if !errors.Is(err, syscall.EADDRINUSE) || err.Error() != want {
		t.Errorf("udp: got %v, want %s", err, want)
	}
}

func TestStartRefuses(t *testing.T) {
	half := 1.5
	for want, c := range map[string]xray.Config{
		`start the local X-Ray: address "2000": want host:port`:       {Addr: "2000"},
		`start the local X-Ray: sample rate 1.5: not between 0 and 1`: {SampleRate: &half},
		`start the local X-Ray: a bound is negative`:                  {MaxTraces: -1},
	} {
		if _, err := xray.Start(c); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestWaitEnds(t *testing.T) {
	s := start(t, xray.Config{})
	never := func([]trace.Document) bool { return false }

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Wait(ctx, traceID, never); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}

	ended := make(chan error)
	go func() {
		_, err := s.Wait(t.Context(), traceID, never)
		ended <- err
	}()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; !errors.Is(err, net.ErrClosed) {
		t.Errorf("closed: got %v", err)
	}
}

func TestWaitSeesADocument(t *testing.T) {
	s := start(t, xray.Config{})
	looked := make(chan struct{}, 8)
	go func() {
		<-looked // Wait has looked once and found nothing
		send(t, s, segment(rootID, "worker", 1, 2, ""))
	}()
	got, err := s.Wait(t.Context(), traceID, func(segments []trace.Document) bool {
		looked <- struct{}{}
		return len(segments) == 1
	})
	if err != nil || len(got) != 1 || got[0].Name != "worker" {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestFollowViolations(t *testing.T) {
	s := start(t, xray.Config{})
	send(t, s, segment(rootID, "a*b", 1, 2, ""))
	arrive(t, s, 1)
	ctx, cancel := context.WithCancel(t.Context())
	told, ended := make(chan trace.Violation, 8), make(chan struct{})
	go func() {
		defer close(ended)
		s.FollowViolations(ctx, func(v trace.Violation) { told <- v })
	}()
	if v := <-told; v.Path != "name" {
		t.Errorf("of before: got %v", v)
	}
	send(t, s, segment("00000000000000ab", "c", 2, 1, ""))
	if v := <-told; v.Path != "end_time" {
		t.Errorf("of now: got %v", v)
	}
	cancel()
	<-ended
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s.FollowViolations(t.Context(), func(v trace.Violation) { told <- v }) // ends, for the server is closed
	if len(told) != 2 {
		t.Errorf("after the end: %d more, want both again", len(told))
	}
}
