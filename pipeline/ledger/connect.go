package ledger

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// session is how a pool's connections behave.
type session struct {
	conns            int32
	connectTimeout   time.Duration
	statementTimeout time.Duration
	lockTimeout      time.Duration // shorter, so that a lock that is not given is told apart from a slow statement
}

var (
	work = session{conns: 4, connectTimeout: 5 * time.Second, statementTimeout: 10 * time.Second, lockTimeout: 5 * time.Second}
	// A renewal that takes longer than its interval is worth nothing.
	beat = session{conns: 1, connectTimeout: 4 * time.Second, statementTimeout: 4 * time.Second, lockTimeout: 3 * time.Second}
	// A migration may work long, but never waits long: whatever holds a table is still in use.
	migration = session{connectTimeout: 5 * time.Second, lockTimeout: 10 * time.Second}
)

// openPool opens the pool and proves that a writable database answers.
func openPool(ctx context.Context, rawURL string, tracer pgx.QueryTracer, s session) (*pgxpool.Pool, error) {
	cfg, err := parse(rawURL)
	if err != nil {
		return nil, err
	}
	s.apply(cfg.ConnConfig)
	cfg.ConnConfig.Tracer = tracer
	cfg.MaxConns = s.conns
	cfg.MinConns = 0
	cfg.MinIdleConns = 0
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, unreachable(cfg.ConnConfig, err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, unreachable(cfg.ConnConfig, err)
	}
	return pool, nil
}

// parse reads a url of the form postgres://user:password@host:port/database, or libpq's keywords.
func parse(rawURL string) (*pgxpool.Config, error) {
	if strings.TrimSpace(rawURL) == "" {
		return nil, &URLError{Problem: "is empty"}
	}
	cfg, err := pgxpool.ParseConfig(rawURL)
	if err == nil {
		return cfg, nil
	}
	// The driver quotes the url and redacts what it recognises; a malformed url hides its password from that. Only a url
	// that is well formed as such has its parts known, and then the cause does not quote them.
	problem := "cannot be read"
	if _, broken := url.Parse(rawURL); broken == nil && strings.Contains(rawURL, "://") {
		if cause, ok := err.(interface{ Unwrap() error }); ok && cause.Unwrap() != nil {
			problem = "cannot be read: " + cause.Unwrap().Error()
		}
	}
	return nil, &URLError{Problem: problem}
}

// apply sets what every session of the ledger relies on.
func (s session) apply(cfg *pgx.ConnConfig) {
	params := cfg.RuntimeParams
	params["application_name"] = "monthend"
	params["timezone"] = "UTC"
	// The functions look again after each lock; a snapshot taken before it would show them the past.
	params["default_transaction_isolation"] = "read committed"
	params["statement_timeout"] = milliseconds(s.statementTimeout)
	params["lock_timeout"] = milliseconds(s.lockTimeout)
	if cfg.ConnectTimeout == 0 || cfg.ConnectTimeout > s.connectTimeout {
		cfg.ConnectTimeout = s.connectTimeout
	}
	// After a failover the old primary may still answer: it is refused at the door.
	if cfg.ValidateConnect == nil {
		cfg.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// unreachable names the database without its password.
func unreachable(cfg *pgx.ConnConfig, err error) error {
	address := fmt.Sprintf("%s:%d/%s", cfg.Host, cfg.Port, cfg.Database)
	if strings.HasPrefix(cfg.Host, "/") {
		address = fmt.Sprintf("%s/.s.PGSQL.%d/%s", cfg.Host, cfg.Port, cfg.Database)
	}
	return &UnreachableError{Address: address, Err: err}
}
