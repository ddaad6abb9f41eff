// Package postgres starts a private PostgreSQL server from the binaries that a machine has, so that the demo, the laptop
// and the tests talk to the real database. It stands among the local servers: only cmd and tests import it, and what they
// get is a connection string like any other. It holds no tables and no data of ours, and it never listens on the network:
// the server is reached through a Unix socket, with a password.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// superuser is the name of the role that initdb makes, whatever account the server runs under.
const superuser = "postgres"

const (
	startTimeout = 30 * time.Second // from launching the server to its first answer; crash recovery may take most of it
	closeTimeout = 10 * time.Second // for a fast shutdown, before the harder ways
)

// Config says where the server keeps its files and where its binaries come from. The zero Config starts a server in a
// private temporary directory from whatever PostgreSQL is found.
type Config struct {
	// Dir keeps the database over restarts; "" is a temporary directory that Close removes. Dir is made when it is
	// missing. Who drops privileges also makes it searchable (mode 0711), but its contents stay closed.
	Dir string
	// Temp is where temporary directories are made; "" is the system's.
	Temp string
	// Search lists the folders that may hold initdb and postgres; nil is PATH and the usual places of the system.
	Search []string
	// NoDownload forbids fetching a PostgreSQL build through npm when none is installed.
	NoDownload bool
	// NPM is the npm program; "" is the one on PATH, if any.
	NPM string
	// Cache is where a fetched build is kept; "" is the user's cache directory.
	Cache string
	// Announce is told, in one line, what takes long, such as a download; nil says nothing.
	Announce func(string)
}

// Server is a running PostgreSQL server. Its methods may be called from several goroutines.
type Server struct {
	home     *home
	process  *process
	password string
	close    func() error
}

// Start finds PostgreSQL, makes the database where there is none, starts the server and returns when it answers. Where no
// PostgreSQL of version 14 or newer is found or may be fetched, the error is a *MissingError. ctx bounds the start only;
// the server runs until Close, or until the process that started it ends (on Linux; elsewhere see sweep).
func Start(ctx context.Context, cfg Config) (server *Server, err error) {
	if cfg.Announce == nil {
		cfg.Announce = func(string) {}
	}
	who, err := serverAccount()
	if err != nil {
		return nil, fmt.Errorf("start postgresql: %w", err)
	}
	sweep(cfg)
	h, err := openHome(cfg, who)
	if err != nil {
		return nil, fmt.Errorf("start postgresql: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.close())
		}
	}()
	major, err := h.major()
	if err != nil {
		return nil, fmt.Errorf("start postgresql in %q: %w", h.dir, err)
	}
	bin, err := find(ctx, cfg, who, major)
	if err != nil {
		return nil, fmt.Errorf("start postgresql in %q: %w", h.dir, err)
	}
	password, err := h.prepare(ctx, bin)
	if err != nil {
		return nil, fmt.Errorf("start postgresql in %q: %w", h.dir, err)
	}
	p, err := h.serve(bin)
	if err != nil {
		return nil, fmt.Errorf("start postgresql in %q: %w", h.dir, err)
	}
	s := &Server{home: h, process: p, password: password}
	s.close = sync.OnceValue(s.stop)
	if err := s.await(ctx); err != nil {
		p.stop(0)
		return nil, fmt.Errorf("start postgresql in %q: %w", h.dir, err)
	}
	return s, nil
}

// URL is the connection string of one database, with the superuser's password in it: it is a secret. "" is the database
// "postgres".
func (s *Server) URL(database string) string {
	if database == "" {
		database = "postgres"
	}
	u := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(superuser, s.password),
		Path:     "/" + database,
		RawQuery: url.Values{"host": {s.home.socket}, "port": {port}}.Encode(),
	}
	return u.String()
}

// CreateDatabase creates a database; one that is there stays as it is.
func (s *Server) CreateDatabase(ctx context.Context, name string) error {
	conn, err := pgx.Connect(ctx, s.URL(""))
	if err != nil {
		return fmt.Errorf("create database %q: %w", name, err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	_, err = conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize())
	var already *pgconn.PgError
	if errors.As(err, &already) && already.Code == "42P04" { // duplicate_database
		return nil
	}
	if err != nil {
		return fmt.Errorf("create database %q: %w", name, err)
	}
	return nil
}

// Close shuts the server down, first politely, and removes its directory if that is temporary. It is bounded in time
// whatever the server does, and may be called again.
func (s *Server) Close() error { return s.close() }

func (s *Server) stop() error {
	err := s.process.stop(closeTimeout)
	return errors.Join(err, s.home.close())
}

// await returns when the server answers a query, when it has died or when the time is over.
func (s *Server) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, fmt.Errorf("no answer within %s: %w", startTimeout, context.DeadlineExceeded))
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-s.process.done:
			return fmt.Errorf("the server ended: %s", s.home.lastWords())
		case <-ctx.Done():
			return fmt.Errorf("wait for the server: %w", context.Cause(ctx))
		case <-tick.C:
		}
		if _, err := os.Stat(filepath.Join(s.home.socket, socketName)); err != nil {
			continue // not listening yet
		}
		if s.answers(ctx) {
			return nil
		}
	}
}

func (s *Server) answers(ctx context.Context) bool {
	conn, err := pgx.Connect(ctx, s.URL(""))
	if err != nil {
		return false // still starting up: the caller asks again until its time is over
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var one int
	return conn.QueryRow(ctx, "select 1").Scan(&one) == nil
}
