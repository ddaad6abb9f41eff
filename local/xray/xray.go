// Package xray is AWS X-Ray on a laptop: it receives segment documents as the X-Ray daemon does, over UDP, keeps them in
// memory and answers over the API that the AWS CLI and SDK speak, on the TCP port of the same number: traces, summaries by
// filter expression, and the map of who called whom, with the services that sent nothing inferred from the calls.
//
// It stands in for the account and the daemon in `monthend demo`, `monthend local` and the tests, on the real wire, so
// nothing that sends or reads traces knows the difference. Unlike X-Ray it says aloud which rules a document broke.
//
// It does not sign or check signatures, keep anything on disk, forward to AWS, or know groups, insights and alarms.
package xray

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/monthend/monthend/trace"
)

// Config says where to listen and how much to keep. The zero Config works.
type Config struct {
	// Addr is host:port, for UDP and TCP alike; "" is a free port of 127.0.0.1, and so is an empty host.
	Addr string
	// SampleRate is the share of traces, 0 to 1, that the Default sampling rule asks for beyond Reservoir; nil is all.
	SampleRate *float64
	// Reservoir is how many traces a second the Default rule asks for before SampleRate counts.
	Reservoir int
	// MaxTraces and MaxBytes bound what is kept; the trace that has gone longest without a document is dropped first.
	MaxTraces int   // 0 is 1,000
	MaxBytes  int64 // 0 is 64 MiB
	// MaxTraceBytes bounds one trace, as X-Ray does: 0 is its 500 kB. Later documents are refused and the trace says so.
	MaxTraceBytes int64
	// PageSize is how many trace summaries one answer holds: 0 is 100.
	PageSize int
	// Now is the clock; nil is the real one.
	Now func() time.Time
}

func (c Config) withDefaults() (Config, error) {
	if c.SampleRate == nil {
		all := 1.0
		c.SampleRate = &all
	}
	if *c.SampleRate < 0 || *c.SampleRate > 1 {
		return c, fmt.Errorf("sample rate %v: not between 0 and 1", *c.SampleRate)
	}
	if c.Reservoir < 0 || c.MaxTraces < 0 || c.MaxBytes < 0 || c.MaxTraceBytes < 0 || c.PageSize < 0 {
		return c, errors.New("a bound is negative")
	}
	if c.MaxTraces == 0 {
		c.MaxTraces = 1000
	}
	if c.MaxBytes == 0 {
		c.MaxBytes = 64 << 20
	}
	if c.MaxTraceBytes == 0 {
		c.MaxTraceBytes = 500_000
	}
	if c.PageSize == 0 {
		c.PageSize = 100
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c, nil
}

// Counters count since the start.
type Counters struct {
	Packets   int64 // UDP packets read
	Malformed int64 // packets and documents that could not be read
	Lost      int64 // packets dropped because the documents before them were still being read
	Documents int64 // documents kept, repeats included
	Refused   int64 // documents of a trace that had reached MaxTraceBytes
	Dropped   int64 // traces dropped to stay within MaxTraces and MaxBytes
}

// Server is a running local X-Ray. Its methods are safe for concurrent use and go on answering after Close.
type Server struct {
	config Config
	packet *net.UDPConn
	api    *http.Server
	addr   string
	store  *store
	since  time.Time      // of the sampling rule
	ends   sync.WaitGroup // the goroutines that Close waits for
	closed chan struct{}
	once   sync.Once
}

// Start listens on both protocols, and answers until Close. A port in use is one error that says which.
func Start(c Config) (*Server, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("start the local X-Ray: %w", err)
	}
	stream, packet, err := listen(c.Addr)
	if err != nil {
		return nil, fmt.Errorf("start the local X-Ray: %w", err)
	}
	s := &Server{
		config: c, packet: packet, addr: stream.Addr().String(), store: newStore(c), since: c.Now(), closed: make(chan struct{}),
	}
	s.api = &http.Server{
		Handler: s.handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: time.Minute,
		ErrorLog:  slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), // a client that hangs up is its own business
		ConnState: s.count,
	}
	packets := make(chan []byte, maxQueued)
	s.ends.Go(func() { s.receive(packets) }) // ends when packet is closed, and closes packets
	s.ends.Go(func() { s.take(packets) })    // ends when packets is closed and empty
	s.ends.Go(func() { _ = s.api.Serve(stream) })
	return s, nil
}

// count lets Close wait for the connections too: http.Server.Close does not, and one that refused a long request lingers for
// half a second, so that the client reads its answer.
func (s *Server) count(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew: // told from within Serve, which Close waits for as well, so no count begins after the wait has ended
		s.ends.Add(1)
	case http.StateClosed, http.StateHijacked:
		s.ends.Done()
	}
}

// listen opens one port number for both protocols. A free port of TCP may be taken on UDP, so it tries a few.
func listen(addr string) (net.Listener, *net.UDPConn, error) {
	if addr == "" {
		addr = ":0"
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, nil, fmt.Errorf("address %q: want host:port", addr)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	for try := 1; ; try++ {
		stream, err := net.Listen("tcp", net.JoinHostPort(host, port))
		if err != nil {
			return nil, nil, err
		}
		at := stream.Addr().(*net.TCPAddr)
		packet, err := net.ListenUDP("udp", &net.UDPAddr{IP: at.IP, Port: at.Port, Zone: at.Zone})
		if err == nil {
			return stream, packet, nil
		}
		_ = stream.Close()
		if port != "0" || try == 20 {
			return nil, nil, err
		}
	}
}

// UDPAddr is host:port where segment documents are sent.
func (s *Server) UDPAddr() string { return s.addr }

// URL is the API's endpoint, http://host:port.
func (s *Server) URL() string { return "http://" + s.addr }

// Counters are the counts until now.
func (s *Server) Counters() Counters { return s.store.counts() }

// Violations are the rules broken by what was received, malformed packets among them, oldest first; the first 1,000 only.
func (s *Server) Violations() []trace.Violation { return s.store.broken() }

// FollowViolations tells each rule broken, those of before first, until ctx ends or the server is closed.
func (s *Server) FollowViolations(ctx context.Context, tell func(trace.Violation)) {
	for told := 0; ; {
		changed := s.store.changes() // before looking, so that no change between the two is missed
		broken := s.store.broken()
		for _, v := range broken[told:] {
			tell(v)
		}
		told = len(broken)
		select {
		case <-changed:
		case <-ctx.Done():
			return
		case <-s.closed:
			return
		}
	}
}

// Close stops both listeners, keeps what was already read and waits until every goroutine has ended.
func (s *Server) Close() error {
	var err error
	s.once.Do(func() {
		err = errors.Join(s.packet.Close(), s.api.Close())
		s.ends.Wait()
		close(s.closed)
	})
	if err != nil {
		return fmt.Errorf("close the local X-Ray: %w", err)
	}
	return nil
}

// TraceIDs are the traces kept, the one that changed last at the end.
func (s *Server) TraceIDs() []string { return s.store.traceIDs() }

// Trace gives the segments of a trace by start time then id, each with its subsegments nested by the parents they name;
// false when nothing of it is kept. A subsegment whose parent has not arrived stands on its own.
func (s *Server) Trace(id string) ([]trace.Document, bool) {
	t, ok := s.store.trace(id)
	return t.segments, ok
}

// Wait returns the segments of a trace as soon as done accepts them; done sees them after each document of any trace that
// arrives, and empty before the first. It returns what there is with an error when ctx ends or the server is closed.
func (s *Server) Wait(ctx context.Context, id string, done func([]trace.Document) bool) ([]trace.Document, error) {
	for {
		changed := s.store.changes() // before looking, so that no change between the two is missed
		t, _ := s.store.trace(id)
		if done(t.segments) {
			return t.segments, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return t.segments, fmt.Errorf("wait for trace %s: %d of its segments arrived: %w", id, len(t.segments), context.Cause(ctx))
		case <-s.closed:
			return t.segments, fmt.Errorf("wait for trace %s: %d of its segments arrived: %w", id, len(t.segments), net.ErrClosed)
		}
	}
}
