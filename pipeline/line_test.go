package pipeline_test

import (
	"fmt"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
)

// line is the ledger's way to its database, which can be cut and mended.
type line struct {
	url string // of the database at its end

	mu    sync.Mutex
	cut   bool
	conns map[net.Conn]bool
}

// newLine forwards until the test ends.
func newLine(t *testing.T, database string) *line {
	t.Helper()
	cfg, err := pgx.ParseConfig(database)
	if err != nil {
		t.Fatal(err)
	}
	network, address := "tcp", net.JoinHostPort(cfg.Host, fmt.Sprint(cfg.Port))
	if cfg.Host[0] == '/' {
		network, address = "unix", fmt.Sprintf("%s/.s.PGSQL.%d", cfg.Host, cfg.Port)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &line{conns: map[net.Conn]bool{}}
	l.url = fmt.Sprintf("postgres://%s@%s/%s?sslmode=disable", url.UserPassword(cfg.User, cfg.Password), listener.Addr(), cfg.Database)
	var running sync.WaitGroup
	running.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() { l.forward(client, network, address) })
		}
	})
	t.Cleanup(func() {
		l.down()
		listener.Close()
		running.Wait()
	})
	return l
}

func (l *line) forward(client net.Conn, network, address string) {
	defer client.Close()
	server, err := net.Dial(network, address)
	if err != nil {
		return
	}
	defer server.Close()
	if !l.add(client, server) {
		return
	}
	var both sync.WaitGroup
	for _, way := range [][2]net.Conn{{server, client}, {client, server}} {
		both.Go(func() {
			io.Copy(way[0], way[1])
			way[0].Close()
		})
	}
	both.Wait()
}

func (l *line) add(conns ...net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range conns {
		l.conns[c] = true
	}
	return !l.cut
}

// down ends every connection and lets none through.
func (l *line) down() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = true
	for c := range l.conns {
		c.Close()
	}
	clear(l.conns)
}

func (l *line) up() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = false
}
