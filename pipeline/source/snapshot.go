package source

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/monthend/monthend/report"
)

// Snapshot is one REPEATABLE READ, READ ONLY transaction: all its queries see the database as it was at one moment. It is
// used by one goroutine at a time.
type Snapshot struct {
	conn   *pgxpool.Conn
	tracer pgx.QueryTracer // nil: nobody is told
	types  catalog
	id     string
	rows   *Rows // of the last query
}

// Begin takes a snapshot in a session whose time zone is zone, an IANA name. Close gives the connection back.
func (p *Postgres) Begin(ctx context.Context, zone string) (*Snapshot, error) {
	if zone == "" || strings.EqualFold(zone, "Local") {
		return nil, mistake("begin snapshot: time zone %q is no IANA name", zone)
	}
	conn, err := p.pool.Acquire(ctx)
	if err != nil {
		return nil, wrap("begin snapshot", explain(context.Cause(ctx), err, nil))
	}
	s := &Snapshot{conn: conn, tracer: p.tracer, types: catalog{}}
	if err := s.begin(ctx, p.settings, zone); err != nil {
		s.release()
		return nil, wrap("begin snapshot", err)
	}
	return s, nil
}

// begin goes below the tracer: a trace shows the queries of the report, not the session's housekeeping.
func (s *Snapshot) begin(ctx context.Context, settings map[string]string, zone string) error {
	conn := s.conn.Conn().PgConn()
	if _, err := conn.Exec(ctx, "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY, NOT DEFERRABLE").ReadAll(); err != nil {
		return explain(context.Cause(ctx), err, nil)
	}
	// Local to the transaction, so that nothing is left in a session that a pooler hands to somebody else. The first query
	// takes the snapshot.
	var sql strings.Builder
	var args [][]byte
	sql.WriteString("SELECT pg_current_snapshot()::text")
	set := func(name, value string) {
		args = append(args, []byte(name), []byte(value))
		sql.WriteString(setConfig(len(args)))
	}
	set("TimeZone", zone)
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		set(name, settings[name])
	}
	result := conn.ExecParams(ctx, sql.String(), args, nil, nil, nil).Read()
	if result.Err != nil {
		return explainSettings(ctx, result.Err, zone)
	}
	if len(result.Rows) != 1 || len(result.Rows[0]) == 0 {
		return mistake("the server names no snapshot")
	}
	s.id = string(result.Rows[0][0])
	return nil
}

// setConfig sets, for the transaction, the setting named by the last but one parameter to the last.
func setConfig(last int) string {
	return fmt.Sprintf(", set_config($%d, $%d, true)", last-1, last)
}

// explainSettings names the zone where the server refuses a value: no other setting comes from a definition.
func explainSettings(ctx context.Context, err error, zone string) error {
	var server *pgconn.PgError
	if errors.As(err, &server) && server.Code == "22023" && strings.Contains(server.Message, "TimeZone") {
		return mistake("the server does not know the time zone %q", zone)
	}
	return explain(context.Cause(ctx), err, nil)
}

// ID is the snapshot as pg_current_snapshot() tells it: which transactions it sees.
func (s *Snapshot) ID() string { return s.id }

// Query starts an extract query. Its rows are read, or closed, before the next query of the snapshot.
func (s *Snapshot) Query(ctx context.Context, q report.Extract, p Params) (*Rows, error) {
	if err := s.free(q); err != nil {
		return nil, err
	}
	query, err := bind(q, p)
	if err != nil {
		return nil, err
	}
	// Cancelling is the only quick way out of a half-read answer: closing it would read the rest.
	ctx, cancel := context.WithCancelCause(ctx)
	ctx, told := tell(ctx, s.tracer, s.conn.Conn(), query.sql)
	st, err := s.prepare(ctx, query)
	if err != nil {
		told.end(pgconn.CommandTag{}, err)
		cancel(nil)
		return nil, err
	}
	conn := s.conn.Conn().PgConn()
	answer := conn.ExecPrepared(ctx, "", st.args, nil, []int16{pgx.BinaryFormatCode})
	if ctx.Err() != nil || conn.IsClosed() || len(answer.FieldDescriptions()) == 0 {
		// There is no answer to read rows of. Either the driver did not even ask, and nothing would ever come; or it gave the
		// connection up while it waited, and empties it by itself, so that nobody may read beside it; or the server refused.
		tag, err := answer.Close()
		told.end(tag, err)
		err = explain(context.Cause(ctx), cmp.Or(err, errClosed), &st.bound)
		cancel(nil)
		return nil, err
	}
	s.rows = &Rows{
		wire:        conn.Conn().(*wire),
		statement:   st,
		ended:       func() error { return context.Cause(ctx) },
		cancel:      cancel,
		answer:      answer,
		transaction: conn,
		told:        told,
		digest:      newDigest(st.fields, s.types),
	}
	return s.rows, nil
}

// free refuses a query while the one before it is still read.
func (s *Snapshot) free(q report.Extract) error {
	if s.rows != nil && !s.rows.closed {
		return mistake("query %q: the rows of the query before it are still open", q.Name)
	}
	return nil
}

// Close ends the transaction and gives the connection back. It is safe to call twice.
func (s *Snapshot) Close(ctx context.Context) error {
	if s.conn == nil {
		return nil
	}
	if s.rows != nil {
		s.rows.Close()
	}
	defer s.release()
	conn := s.conn.Conn().PgConn()
	if conn.IsClosed() {
		return nil // and with it the transaction
	}
	if _, err := conn.Exec(ctx, "ROLLBACK").ReadAll(); err != nil {
		return wrap("close snapshot", explain(context.Cause(ctx), err, nil))
	}
	return nil
}

// release hands the connection to the pool, which throws away one that is still in a transaction.
func (s *Snapshot) release() {
	s.conn.Release()
	s.conn = nil
}
