package source

import (
	"context"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Postgres is a PostgreSQL database, or a replica of one, that is only read.
type Postgres struct {
	pool     *pgxpool.Pool
	tracer   pgx.QueryTracer
	settings map[string]string // of every snapshot's transaction
}

const (
	connectTimeout = 15 * time.Second
	// maxConns is the ceiling when the URL has no pool_max_conns. Each snapshot holds one; the worker's concurrency bounds them.
	maxConns = 64
)

// limits are the time limits of a snapshot's transaction where the URL has none. As parameters of the URL
// (?statement_timeout=30min&lock_timeout=5s) they win, "0" being no limit.
var limits = map[string]string{
	"statement_timeout":                   "1h",
	"lock_timeout":                        "30s",
	"idle_in_transaction_session_timeout": "10min",
}

// pinned are settings on which the text of a value depends: equal rows must give equal text, whatever the role's defaults.
var pinned = map[string]string{
	"DateStyle":                   "ISO, YMD",
	"IntervalStyle":               "postgres",
	"bytea_output":                "hex",
	"extra_float_digits":          "1",
	"standard_conforming_strings": "on",
}

// OpenPostgres connects to the database at url, a URL or a keyword string. tracer may be nil; it sees the extract queries
// only, with placeholders, not the session's housekeeping. The role's search_path stays as it is.
func OpenPostgres(ctx context.Context, url string, tracer pgx.QueryTracer) (*Postgres, error) {
	return openPostgres(ctx, url, tracer, tap)
}

func openPostgres(ctx context.Context, url string, tracer pgx.QueryTracer, tap func(*pgx.ConnConfig)) (*Postgres, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		// The driver's words may quote the URL, and with it a password.
		return nil, mistake("the source's URL is not a PostgreSQL connection string")
	}
	p := &Postgres{tracer: tracer, settings: map[string]string{}}
	params := cfg.ConnConfig.RuntimeParams
	for name, value := range limits {
		// Connection poolers refuse these when a session begins, so they are set in the transaction.
		if given, found := params[name]; found {
			value = given
			delete(params, name)
		}
		p.settings[name] = value
	}
	for name, value := range pinned {
		p.settings[name] = value
	}
	params["client_encoding"] = "UTF8"
	if params["application_name"] == "" {
		params["application_name"] = "monthend"
	}
	if cfg.ConnConfig.ConnectTimeout == 0 {
		cfg.ConnConfig.ConnectTimeout = connectTimeout
	}
	if !strings.Contains(url, "pool_max_conns") {
		cfg.MaxConns = max(cfg.MaxConns, maxConns)
	}
	cfg.ConnConfig.Tracer = tracer
	cfg.ConnConfig.DialFunc = unpolled(cfg.ConnConfig.DialFunc)
	tap(cfg.ConnConfig)
	if p.pool, err = pgxpool.NewWithConfig(ctx, cfg); err != nil {
		return nil, explain(context.Cause(ctx), err, nil)
	}
	if err := p.ping(ctx); err != nil {
		p.pool.Close()
		return nil, err
	}
	return p, nil
}

// unpolled has a connection's socket read outside of Go's poller, where the system can.
func unpolled(dial pgconn.DialFunc) pgconn.DialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return unpoll(conn)
	}
}

func (p *Postgres) ping(ctx context.Context) error {
	conn, err := p.pool.Acquire(ctx)
	if err != nil {
		return explain(context.Cause(ctx), err, nil)
	}
	conn.Release()
	return nil
}

// Close ends all connections. Open snapshots are closed first, by whoever opened them.
func (p *Postgres) Close() { p.pool.Close() }
