// Package ledger remembers in PostgreSQL who asked for which report, which run answers, who works on it under which lease
// and fencing token, and which version is current. It stands below the pipeline, above nothing of ours but the vocabulary
// of report. It does not know how a run is worked, where its files lie, or that messages exist.
//
// Every decision is one statement that calls one function of the schema (see migrations). The function takes the lock of
// the key and then looks, so two deciders never overlap and a decision that is repeated because its answer was lost finds
// what it did the first time. All times are the database's.
package ledger

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// DefaultLease is how long a claim lives without being renewed.
const DefaultLease = 15 * time.Second

// Config says where the ledger is and who asks.
type Config struct {
	URL    string          // of the database: postgres://…; never printed
	Owner  string          // names this process in claims; "" may read, refuse and cancel, but not claim
	Lease  time.Duration   // 0 is DefaultLease
	Tracer pgx.QueryTracer // of every statement but renewals; nil traces nothing
	NewID  func() string   // an id per claim, unlike any other ever made and best in the order of time; nil is NewID
}

// Store is an open ledger. It is safe for concurrent use.
type Store struct {
	pool  *pgxpool.Pool
	beat  *pgxpool.Pool // one connection, for renewals only: they must not queue behind anything; nil without an owner
	owner string
	lease time.Duration
	newID func() string
}

// Open connects to the ledger and checks its schema. The error is a *URLError for a url that cannot be read, an
// *UnreachableError when no writable database answers, a *SchemaError when the schema and this program do not fit.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	if cfg.Lease < 0 || cfg.Lease > math.MaxInt32*time.Second {
		return nil, fmt.Errorf("open ledger: lease %s is not a length of time to hold a claim", cfg.Lease)
	}
	if cfg.Lease == 0 {
		cfg.Lease = DefaultLease
	}
	if cfg.NewID == nil {
		cfg.NewID = NewID
	}
	s := &Store{owner: clip(cfg.Owner, maxName), lease: cfg.Lease, newID: cfg.NewID}

	var err error
	if s.pool, err = openPool(ctx, cfg.URL, cfg.Tracer, work); err != nil {
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	if cfg.Owner != "" {
		// Connected now: the first renewal must not be the one to find out that there is no connection left.
		if s.beat, err = openPool(ctx, cfg.URL, nil, beat); err != nil {
			s.Close()
			return nil, fmt.Errorf("open ledger: %w", err)
		}
	}
	if err := s.checkSchema(ctx); err != nil {
		s.Close()
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	return s, nil
}

// Close waits for what is under way and ends every connection.
func (s *Store) Close() {
	for _, pool := range []*pgxpool.Pool{s.pool, s.beat} {
		if pool != nil {
			pool.Close()
		}
	}
}

// Now is the database's clock.
func (s *Store) Now(ctx context.Context) (time.Time, error) {
	var now time.Time
	if err := s.pool.QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&now); err != nil {
		return time.Time{}, fmt.Errorf("ledger: ask the clock: %w", err)
	}
	return now.UTC(), nil
}

// Ping reports whether the ledger answers.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.pool.Ping(ctx); err != nil {
		return fmt.Errorf("ledger: ping: %w", err)
	}
	return nil
}

// one runs a query that answers exactly one row of columns named as T's fields.
func one[T any](ctx context.Context, pool *pgxpool.Pool, sql string, args ...any) (T, error) {
	rows, err := pool.Query(ctx, sql, args...)
	if err != nil {
		var zero T
		return zero, err
	}
	return pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[T])
}
