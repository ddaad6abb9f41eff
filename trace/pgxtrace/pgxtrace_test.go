package pgxtrace_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/monthend/monthend/local/postgres/pgtest"
	"github.com/monthend/monthend/local/xray"
	"github.com/monthend/monthend/trace"
	"github.com/monthend/monthend/trace/pgxtrace"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// record gives what work told within one segment: the segment's direct subsegments, in order of their beginning.
func record(t *testing.T, work func(ctx context.Context)) (root trace.Document, calls []trace.Document) {
	t.Helper()
	server, err := xray.Start(xray.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	tracer, err := trace.New(trace.Config{Address: server.UDPAddr()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, seg := tracer.Begin(t.Context(), "worker", "", trace.BeginOptions{})
	work(ctx)
	seg.End(nil)
	if err := tracer.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	wait, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	// The root is sent last.
	segments, err := server.Wait(wait, seg.TraceID(), func(all []trace.Document) bool { return len(all) == 1 && all[0].Type == "" })
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range server.Violations() {
		t.Error(v)
	}
	return segments[0], segments[0].Subsegments
}

// connect opens a traced connection outside any segment.
func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	config.Tracer = pgxtrace.New()
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

// queries are the texts of calls, which must all lead to one database.
func queries(t *testing.T, conn *pgx.Conn, calls []trace.Document) []string {
	t.Helper()
	var all []string
	for _, c := range calls {
		if c.SQL == nil || c.Namespace != "remote" {
			t.Fatalf("not a query: %+v", c)
		}
		if got, want := c.Name, conn.Config().Database+"@localhost"; got != want {
			t.Errorf("name: got %s, want %s", got, want)
		}
		all = append(all, c.SQL.SanitizedQuery)
	}
	return all
}

func TestQuery(t *testing.T) {
	conn := connect(t, pgtest.Database(t))
	const secret = "a value that must not be told"
	var n int
	_, calls := record(t, func(ctx context.Context) {
		if err := conn.QueryRow(ctx, "select count(*) from generate_series(1, $1) where $2 <> ''", 3, secret).Scan(&n); err != nil {
			t.Fatal(err)
		}
		rows, err := conn.Query(ctx, "select g from generate_series(1, $1) g", 5)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := pgx.CollectRows(rows, pgx.RowTo[int]); err != nil {
			t.Fatal(err)
		}
	})
	want := []string{"select count(*) from generate_series(1, $1) where $2 <> ''", "select g from generate_series(1, $1) g"}
	if diff := cmp.Diff(want, queries(t, conn, calls)); diff != "" {
		t.Errorf("queries (-want +got):\n%s", diff)
	}
	if got := string(calls[1].Metadata["default"]["rows"]); got != "5" {
		t.Errorf("rows: got %s, want 5", got)
	}
	if calls[1].Metadata["default"]["prepare_ms"] == nil || calls[1].Subsegments != nil {
		t.Errorf("the preparing is a figure of the query, not a call: %+v", calls[1])
	}
	sql := calls[0].SQL
	u, err := url.Parse(sql.URL)
	if err != nil {
		t.Fatal(err)
	}
	if _, set := u.User.Password(); set || u.Scheme != "postgres" || sql.User != conn.Config().User || sql.DatabaseType != "PostgreSQL" ||
		!strings.HasPrefix(sql.DatabaseVersion, "1") || sql.DriverVersion != "github.com/jackc/pgx/v5" {
		t.Errorf("sql: %+v", sql)
	}
	told, err := json.Marshal(calls)
	if err != nil {
		t.Fatal(err)
	}
	for _, hidden := range []string{secret, conn.Config().Password} {
		if hidden != "" && strings.Contains(string(told), hidden) {
			t.Errorf("%q is told: %s", hidden, told)
		}
	}
}

func TestSilentOutside(t *testing.T) {
	conn := connect(t, pgtest.Database(t))
	if _, err := conn.Exec(t.Context(), "select 1"); err != nil {
		t.Fatal(err)
	}
	root, calls := record(t, func(ctx context.Context) {
		if _, err := conn.Exec(trace.Silent(ctx), "select 2"); err != nil {
			t.Fatal(err)
		}
	})
	if calls != nil || root.Metadata != nil {
		t.Errorf("got %+v", root)
	}
}

func TestQueryFails(t *testing.T) {
	conn := connect(t, pgtest.Database(t))
	_, calls := record(t, func(ctx context.Context) {
		if _, err := conn.Exec(ctx, "select * from nowhere"); err == nil {
			t.Fatal("no error")
		}
		if _, err := conn.Exec(ctx, "select $1::text::integer", "a value that must not be told"); err == nil {
			t.Fatal("no error")
		}
		cancelled, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := conn.Exec(cancelled, "select 3"); !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v", err)
		}
	})
	if len(calls) != 3 {
		t.Fatalf("got %d calls, want 3", len(calls))
	}
	for i, want := range []struct{ status, message string }{
		{"fault", `ERROR: relation "nowhere" does not exist (SQLSTATE 42P01)`},
		{"fault", "SQLSTATE 22P02"},
		{"ok", "context canceled"},
	} {
		got := calls[i]
		if got.Cause == nil || got.Status() != want.status || !strings.Contains(got.Cause.Exceptions[0].Message, want.message) {
			t.Errorf("%s: %s, cause %+v, want %s", got.SQL.SanitizedQuery, got.Status(), got.Cause, want.message)
			continue
		}
		if stack := got.Cause.Exceptions[0].Stack; len(stack) == 0 || stack[0].Path != "trace/pgxtrace/pgxtrace_test.go" {
			t.Errorf("%s: stack %+v", got.SQL.SanitizedQuery, stack)
		}
	}
}

func TestCopyBatchAndPrepare(t *testing.T) {
	conn := connect(t, pgtest.Database(t))
	_, calls := record(t, func(ctx context.Context) {
		if _, err := conn.Exec(ctx, `create table "odd name" (a int, b text)`); err != nil {
			t.Fatal(err)
		}
		rows := pgx.CopyFromRows([][]any{{1, "x"}, {2, "y"}, {3, "z"}})
		if _, err := conn.CopyFrom(ctx, pgx.Identifier{"odd name"}, []string{"a", "b"}, rows); err != nil {
			t.Fatal(err)
		}
		var batch pgx.Batch
		batch.Queue(`update "odd name" set b = $1 where a > 1`, "w")
		batch.Queue(`select a from "odd name" where a = $1`, 1)
		if err := conn.SendBatch(ctx, &batch).Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Prepare(ctx, "one", "select $1::int"); err != nil {
			t.Fatal(err)
		}
	})
	want := []string{
		`create table "odd name" (a int, b text)`,
		`copy "odd name" ("a", "b") from stdin binary`,
		`update "odd name" set b = $1 where a > 1` + ";\n" + `select a from "odd name" where a = $1`,
		"select $1::int",
	}
	if diff := cmp.Diff(want, queries(t, conn, calls)); diff != "" {
		t.Fatalf("queries (-want +got):\n%s", diff)
	}
	var rows []string
	for _, c := range calls {
		rows = append(rows, string(c.Metadata["default"]["rows"]))
	}
	if diff := cmp.Diff([]string{"", "3", "3", ""}, rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if calls[3].SQL.Preparation != "statement" || string(calls[2].Metadata["default"]["statements"]) != "2" {
		t.Errorf("prepare %+v, batch %v", calls[3].SQL, calls[2].Metadata)
	}
}

func TestBatchFails(t *testing.T) {
	conn := connect(t, pgtest.Database(t))
	_, calls := record(t, func(ctx context.Context) {
		var batch pgx.Batch
		batch.Queue("select 1")
		batch.Queue("select 1/0")
		if err := conn.SendBatch(ctx, &batch).Close(); err == nil {
			t.Fatal("no error")
		}
	})
	if len(calls) != 1 || !calls[0].Fault || calls[0].Metadata["default"]["rows"] != nil {
		t.Errorf("got %+v", calls)
	}
}

// waiting tells when somebody begins to wait for the pool.
type waiting struct {
	*pgxtrace.Tracer
	begun func()
}

func (w *waiting) TraceAcquireStart(ctx context.Context, pool *pgxpool.Pool, data pgxpool.TraceAcquireStartData) context.Context {
	ctx = w.Tracer.TraceAcquireStart(ctx, pool, data)
	if w.begun != nil {
		w.begun()
	}
	return ctx
}

func TestPool(t *testing.T) {
	config, err := pgxpool.ParseConfig(pgtest.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	waits := &waiting{Tracer: pgxtrace.New()}
	config.ConnConfig.Tracer = waits
	config.MaxConns = 1
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	root, calls := record(t, func(ctx context.Context) {
		held, err := pool.Acquire(ctx)
		if err != nil {
			t.Fatal(err)
		}
		waits.begun = func() { time.AfterFunc(50*time.Millisecond, held.Release) }
		if _, err := pool.Exec(ctx, "select 1"); err != nil {
			t.Fatal(err)
		}
	})
	if root.Metadata["default"]["pool_wait_ms"] == nil {
		t.Errorf("metadata: %v, want the wait for the pool", root.Metadata)
	}
	last := calls[len(calls)-1]
	if last.SQL == nil || last.SQL.SanitizedQuery != "select 1" {
		t.Errorf("got %+v", calls)
	}
}

func TestConnect(t *testing.T) {
	dsn := pgtest.Database(t)
	_, calls := record(t, func(ctx context.Context) {
		config, err := pgx.ParseConfig(dsn)
		if err != nil {
			t.Fatal(err)
		}
		config.Tracer = pgxtrace.New()
		conn, err := pgx.ConnectConfig(ctx, config)
		if err != nil {
			t.Fatal(err)
		}
		conn.Close(ctx)

		config.Host, config.Port = "127.0.0.1", 1
		config.Fallbacks = nil
		if _, err := pgx.ConnectConfig(ctx, config); err == nil {
			t.Fatal("somebody listens on port 1")
		}
	})
	if len(calls) != 2 || calls[0].Fault || !calls[1].Fault || string(calls[0].Metadata["default"]["operation"]) != `"connect"` {
		t.Fatalf("got %+v", calls)
	}
	if got := calls[1].Name; !strings.HasSuffix(got, "@127.0.0.1") {
		t.Errorf("name: got %s", got)
	}
}
