package sqs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"regexp"
	"sync"
	"time"
)

// Config says where the server listens and whose queues it holds. The zero value works.
type Config struct {
	Addr    string           // host:port; "" is a free port of 127.0.0.1
	Region  string           // in ARNs; "" is us-east-1
	Account string           // twelve digits, in ARNs and queue URLs; "" is 000000000000
	Clock   func() time.Time // nil is time.Now
	NewID   func() string    // message and request ids; nil is a random UUID
	Seed    uint64           // of the random source that faults draw from
	Faults  []Fault          // in force from the start; Inject adds more later

	// InFlightLimit is the number of messages of one queue that may be received and not yet deleted; 0 is SQS's own
	// 120,000 for standard and 20,000 for FIFO queues.
	InFlightLimit int
}

// Server is a running SQS. All methods are safe for concurrent use.
type Server struct {
	cfg  Config
	url  string
	http *http.Server

	closing chan struct{} // closed by Close: polls, slow answers and move tasks end
	closed  sync.Once
	running sync.WaitGroup // the accept loop and the move tasks

	mu         sync.Mutex // guards everything below, and every queue and message
	ahead      time.Duration
	queues     map[string]*queue    // by name
	deleted    map[string]time.Time // names that may not be used again yet
	injections []*Injection
	random     *rand.Rand
	entries    uint64 // the last entry number given out, see message.entry
	sequences  uint64 // the last FIFO sequence number given out
	waiting    int
}

const (
	headerTimeout = 10 * time.Second // a client that connects must speak
	drainTimeout  = 2 * time.Second  // what answers under way may take while the server stops
	maxHeader     = 64 << 10         // bytes
)

var accountID = regexp.MustCompile(`^[0-9]{12}$`)

// Start listens and serves until Close. An address that cannot be had is one error that names it.
func Start(cfg Config) (*Server, error) {
	if cfg.Addr == "" {
		cfg.Addr = "127.0.0.1:0"
	}
	if cfg.Region == "" {
		cfg.Region = "us-east-1"
	}
	if cfg.Account == "" {
		cfg.Account = "000000000000"
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.NewID == nil {
		cfg.NewID = newID
	}
	if !accountID.MatchString(cfg.Account) {
		return nil, fmt.Errorf("start sqs: account %q is not twelve digits", cfg.Account)
	}
	if cfg.InFlightLimit < 0 {
		return nil, fmt.Errorf("start sqs: in-flight limit %d is negative", cfg.InFlightLimit)
	}
	s := &Server{
		cfg:       cfg,
		closing:   make(chan struct{}),
		queues:    map[string]*queue{},
		deleted:   map[string]time.Time{},
		random:    rand.New(rand.NewPCG(cfg.Seed, cfg.Seed)),
		sequences: firstSequence,
	}
	for _, f := range cfg.Faults {
		if _, err := s.Inject(f); err != nil {
			return nil, fmt.Errorf("start sqs: %w", err)
		}
	}
	listener, err := net.Listen("tcp", cfg.Addr)
	if err != nil {
		// The operation error repeats the address; its cause alone reads better.
		if op := (*net.OpError)(nil); errors.As(err, &op) {
			err = op.Err
		}
		return nil, fmt.Errorf("start sqs on %q: %w", cfg.Addr, err)
	}
	s.url = "http://" + reachable(listener.Addr())
	s.http = &http.Server{
		Handler:           http.HandlerFunc(s.serve),
		ConnContext:       withConn,
		ReadHeaderTimeout: headerTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          log.New(io.Discard, "", 0), // only what broken clients cause
	}
	s.running.Go(func() { _ = s.http.Serve(listener) }) // always ErrServerClosed
	return s, nil
}

// reachable is the address a client of this machine can dial: a listener on every address is reached through loopback.
func reachable(a net.Addr) string {
	tcp, ok := a.(*net.TCPAddr)
	if ok && tcp.IP.IsUnspecified() {
		return fmt.Sprintf("127.0.0.1:%d", tcp.Port)
	}
	return a.String()
}

// URL is the endpoint for an SDK, such as http://127.0.0.1:9324.
func (s *Server) URL() string { return s.url }

// QueueURL is the URL that a queue of this name has or would have.
func (s *Server) QueueURL(name string) string { return s.url + "/" + s.cfg.Account + "/" + name }

// Waiting is the number of long polls that wait for a message now.
func (s *Server) Waiting() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.waiting
}

// Close ends every poll with an empty answer, stops listening and forgets all queues. A second call does nothing.
func (s *Server) Close() error {
	var err error
	s.closed.Do(func() {
		close(s.closing)
		ctx, cancel := context.WithTimeout(context.Background(), drainTimeout)
		defer cancel()
		err = s.http.Shutdown(ctx)
		if errors.Is(err, context.DeadlineExceeded) {
			err = s.http.Close()
		}
		s.running.Wait()
	})
	if err != nil {
		return fmt.Errorf("stop sqs on %q: %w", s.url, err)
	}
	return nil
}
