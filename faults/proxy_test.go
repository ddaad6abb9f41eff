package faults_test

import (
	"context"
	"net"
	"net/url"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// Proxy is one worker's way to PostgreSQL: a TCP port of loopback in front of the server's socket. It can be cut, refused
// and stalled, and its traps see each statement as it is executed, whether it was prepared before or not.
type Proxy struct {
	traps
	tb       testing.TB
	target   func() string // connection string of the database
	listener net.Listener
	running  sync.WaitGroup

	mu       sync.Mutex
	links    map[*link]bool
	refusing bool
	flowing  chan struct{} // closed while bytes flow
	closed   bool
}

// NewProxy listens until the end of the test.
func NewProxy(tb testing.TB, target func() string) *Proxy {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatalf("listen for a proxy: %v", err)
	}
	p := &Proxy{tb: tb, target: target, listener: listener, links: map[*link]bool{}, flowing: make(chan struct{})}
	close(p.flowing)
	p.running.Go(p.accept)
	tb.Cleanup(p.close)
	return p
}

// URL is the connection string of the target through the proxy, with parameters added.
func (p *Proxy) URL(parameters ...string) string {
	u, err := url.Parse(p.target())
	if err != nil {
		p.tb.Fatal("the target of a proxy is not a URL")
	}
	query := u.Query()
	query.Del("host")
	query.Del("port")
	query.Set("sslmode", "disable")
	for i := 0; i+1 < len(parameters); i += 2 {
		query.Set(parameters[i], parameters[i+1])
	}
	u.Host, u.RawQuery = p.listener.Addr().String(), query.Encode()
	return u.String()
}

// Cut ends every connection that is open now.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		l.close()
	}
}

// Refuse ends new connections at once, until Accept.
func (p *Proxy) Refuse() { p.refuse(true) }

// Accept takes connections again.
func (p *Proxy) Accept() { p.refuse(false) }

func (p *Proxy) refuse(refusing bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refusing = refusing
}

// Stall lets no byte through in either direction, and cuts nothing, until Flow: a network that swallows packets.
func (p *Proxy) Stall() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.flowing:
		p.flowing = make(chan struct{})
	default:
	}
}

// Flow lets bytes through again, those first that waited.
func (p *Proxy) Flow() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.flow()
}

func (p *Proxy) flow() {
	select {
	case <-p.flowing:
	default:
		close(p.flowing)
	}
}

// gate waits while the proxy stalls; false when the link has ended meanwhile.
func (p *Proxy) gate(ended <-chan struct{}) bool {
	p.mu.Lock()
	flowing := p.flowing
	p.mu.Unlock()
	select {
	case <-flowing:
		return true
	case <-ended:
		return false
	}
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return // closed
		}
		p.running.Go(func() { p.serve(client) })
	}
}

// serve joins one connection to the server and pumps until either side ends it.
func (p *Proxy) serve(client net.Conn) {
	defer client.Close()
	p.mu.Lock()
	refusing := p.refusing || p.closed
	p.mu.Unlock()
	if refusing {
		return
	}
	server, err := dial(p.target())
	if err != nil {
		return // as a server that is down: the client sees its connection end
	}
	l := newLink(p, client, server)
	p.mu.Lock()
	p.links[l] = true
	gone := p.closed
	p.mu.Unlock()
	if gone {
		l.close()
	}
	l.pump()
	p.mu.Lock()
	delete(p.links, l)
	p.mu.Unlock()
}

// dial connects to the server of a connection string, by socket or TCP.
func dial(target string) (net.Conn, error) {
	cfg, err := pgconn.ParseConfig(target)
	if err != nil {
		return nil, err
	}
	network, address := pgconn.NetworkAddress(cfg.Host, cfg.Port)
	var d net.Dialer
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return d.DialContext(ctx, network, address)
}

func (p *Proxy) close() {
	p.listener.Close()
	p.mu.Lock()
	p.closed = true
	p.flow()
	for l := range p.links {
		l.close()
	}
	p.mu.Unlock()
	p.running.Wait()
}
