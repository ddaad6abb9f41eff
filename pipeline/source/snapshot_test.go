package source_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/monthend/monthend/pipeline/column"
	"github.com/monthend/monthend/pipeline/source"
	"github.com/monthend/monthend/report"
)

func TestSnapshotSeesOneMoment(t *testing.T) {
	address, conn := database(t)
	execute(t, conn, "CREATE TABLE t AS SELECT 'before' AS s")
	p := open(t, address, nil)
	s := begin(t, p)
	if s.ID() == "" || strings.Count(s.ID(), ":") != 2 {
		t.Errorf("snapshot %q", s.ID())
	}
	execute(t, conn, "UPDATE t SET s = 'after'")
	if got := text(t, s, "SELECT s FROM t"); got != "before" {
		t.Errorf("got %q", got)
	}
	if got := text(t, begin(t, p), "SELECT s FROM t"); got != "after" {
		t.Errorf("a new snapshot: got %q", got)
	}
}

func TestSession(t *testing.T) {
	address, conn := database(t)
	execute(t, conn, "CREATE SCHEMA own; CREATE TABLE own.t AS SELECT 'found'::text AS s")
	execute(t, conn, "ALTER ROLE CURRENT_USER IN DATABASE "+conn.Config().Database+" SET search_path = own")
	execute(t, conn, "ALTER ROLE CURRENT_USER IN DATABASE "+conn.Config().Database+" SET DateStyle = 'German'")
	s := begin(t, open(t, address+"&lock_timeout=7s", nil))
	for sql, want := range map[string]string{
		"SELECT s FROM t":                                              "found",
		"SELECT current_setting('TimeZone')":                           "Europe/Prague",
		"SELECT current_setting('transaction_isolation')":              "repeatable read",
		"SELECT current_setting('transaction_read_only')":              "on",
		"SELECT current_setting('lock_timeout')":                       "7s",
		"SELECT current_setting('statement_timeout')":                  "1h",
		"SELECT current_setting('client_encoding')":                    "UTF8",
		"SELECT (@period_start)::text":                                 "2026-03-01 00:00:00+01",
		"SELECT (@period_end)::timestamp::text":                        "2026-04-01 00:00:00",
		"SELECT @period_first::text || '|' || @period_next":            "2026-03-01|2026-04-01",
		"SELECT pg_typeof(@tenant)::text || '|' || @tenant":            "text|acme",
		"SELECT date_trunc('day', @period_end - '1s'::interval)::text": "2026-03-31 00:00:00+02",
	} {
		if got := text(t, s, sql); got != want {
			t.Errorf("%s: got %q, want %q", sql, got, want)
		}
	}
}

func TestQueryErrors(t *testing.T) {
	address, conn := database(t)
	execute(t, conn, "CREATE TABLE t AS SELECT 'Müller'::text AS s, 'sad'::text AS mood; CREATE DOMAIN words AS text[]")
	p := open(t, address, nil)
	for sql, want := range map[string]string{
		"SELECT s\nFROM missing":                                      `extract/q.sql:2:6: relation "missing" does not exist (SQLSTATE 42P01)`,
		"SELECT nothing FROM t":                                       `extract/q.sql:1:8: column "nothing" does not exist`,
		"SELECT s FROM\nt WHERE":                                      "extract/q.sql:2:8: syntax error at end of input",
		"SELECT s::int FROM t":                                        "the server refused a value (its words are withheld: they may quote a row) (SQLSTATE 22P02)",
		"INSERT INTO t VALUES ('x')":                                  "extract/q.sql: the query returns no columns",
		"DELETE FROM t RETURNING s":                                   "cannot execute DELETE in a read-only transaction",
		"COMMIT":                                                      "the query returns no columns",
		"SELECT 1; SELECT 2":                                          "cannot insert multiple commands",
		"SELECT 1::numeric(40,2) AS n":                                `column "n" is numeric with 40 digits, more than 38; cast it, as in n::numeric(38,2)`,
		"SELECT ARRAY[1::numeric(40,2)] AS n":                         `column "n" is an array of numeric with 40 digits, more than 38; cast it, as in n::numeric(38,2)[]`,
		"SELECT point(1, 2) AS p":                                     `column "p" is point, which is not supported; cast it, as in p::text`,
		"SELECT ARRAY[point(1, 2)] AS p":                              `column "p" is an array of point, which is not supported; cast it, as in p::text[]`,
		"SELECT '1'::money AS m":                                      `column "m" is money, which is not supported; cast it, as in m::numeric(38,2)`,
		"SELECT t AS r FROM t":                                        `column "r" is t, which is not supported; cast it, as in r::text`,
		"SELECT '1 2'::int2vector AS v":                               `column "v" is int2vector, which is not supported`,
		"SELECT ARRAY[ARRAY['x']::words] AS a":                        `column "a" is an array of words, which is not supported`,
		"SELECT ARRAY[[1,2],[3,4]] AS a":                              `column "a", row 1: the array has 2 dimensions, and a list has one; cast it, as in array_to_json(a)::text`,
		"SELECT n FROM (VALUES (0.1), (0.00000000001)) AS v(n)":       `column "n", row 2: the numeric has more than 10 decimals; numeric without precision is read as numeric(38,10): declare another, as in ::numeric(38,18)`,
		"SELECT 1e30 AS n":                                            `column "n", row 1: the numeric has too many digits`,
		"SELECT n::numeric(5,2) FROM (VALUES ('1'), ('NaN')) AS v(n)": `column "n", row 2: the numeric NaN has no decimal value`,
		"SELECT ARRAY['1', 'Infinity']::numeric[] AS n":               `column "n", row 1: element 2: an infinite numeric has no decimal value`,
		"SELECT '294276-12-31 23:59:59'::timestamp AS ts":             `column "ts", row 1: the timestamp is too far away`,
		"SELECT @nobody":                                              "parameter @nobody is not known",
	} {
		_, _, err := query(begin(t, p), sql)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", sql, err, want)
			continue
		}
		if !source.IsPermanent(err) || source.IsTransient(err) {
			t.Errorf("%s: %v is not permanent", sql, err)
		}
		for e := err; e != nil; e = errors.Unwrap(e) {
			if strings.Contains(e.Error(), "Müller") {
				t.Errorf("%s: the error quotes a row: %v", sql, e)
			}
		}
	}
}

func TestDescribe(t *testing.T) {
	address, conn := database(t)
	execute(t, conn, "CREATE TABLE t (id bigint, amount numeric(18,2)); INSERT INTO t VALUES (1, 2)")
	s := begin(t, open(t, address, nil))
	describe := func(sql string) ([]column.Column, error) {
		return s.Describe(context.Background(), report.Extract{Name: "q", SQL: sql, Path: "extract/q.sql"})
	}
	for sql, want := range map[string]string{
		"SELECT id,\n missing FROM t WHERE @tenant = ''":     `extract/q.sql:2:2: column "missing" does not exist (SQLSTATE 42703)`,
		"SELECT @tenant, @period_start,\n\t@tenant, missing": `extract/q.sql:2:11: column "missing" does not exist (SQLSTATE 42703)`,
		"SELECT č FROM t, nowhere":                           `extract/q.sql:1:18: relation "nowhere" does not exist`,
		"DELETE FROM t":                                      "extract/q.sql: the query returns no columns",
		"SELECT @nobody":                                     "extract/q.sql:1:8: parameter @nobody is not known",
		"SELECT 1 / 0 AS n, point(1, 2) AS p":                `column "p" is point`,
	} {
		if got, err := describe(sql); err == nil || !strings.Contains(err.Error(), want) || !source.IsPermanent(err) {
			t.Errorf("%s: got %v, %v, want %q", sql, got, err, want)
		}
	}
	var place *source.Error
	if _, err := describe("SELECT\n  *\nFROM nowhere"); !errors.As(err, &place) || place.Path != "extract/q.sql" || place.Line != 3 || place.Col != 6 {
		t.Errorf("got %+v", place)
	}
	// Nothing is run: a division by zero is not met.
	got, err := describe("SELECT id, amount AS sum, 1 / (id - 1) AS n FROM t WHERE id >= 1 AND now() >= @period_start")
	if err != nil {
		t.Fatal(err)
	}
	want := []column.Column{
		{Name: "id", Type: column.Type{Kind: column.Int64}},
		{Name: "sum", Type: column.Type{Kind: column.Decimal, Precision: 18, Scale: 2}},
		{Name: "n", Type: column.Type{Kind: column.Int64}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := text(t, s, "SELECT amount::text FROM t"); got != "2.00" {
		t.Errorf("a query after the mistakes: got %q", got)
	}
}

func TestTransientErrors(t *testing.T) {
	address, conn := database(t)
	execute(t, conn, "CREATE TABLE t AS SELECT g AS n FROM generate_series(1, 200000) AS g")
	t.Run("statement timeout", func(t *testing.T) {
		_, _, err := query(begin(t, open(t, address+"&statement_timeout=50ms", nil)), "SELECT pg_sleep(60)::text")
		if !source.IsTransient(err) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("lock timeout", func(t *testing.T) {
		tx, err := conn.Begin(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback(context.Background())
		if _, err := tx.Exec(context.Background(), "LOCK TABLE t"); err != nil {
			t.Fatal(err)
		}
		_, _, err = query(begin(t, open(t, address+"&lock_timeout=50ms", nil)), "SELECT n FROM t")
		if !source.IsTransient(err) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("the server ends the session", func(t *testing.T) {
		s := begin(t, open(t, address, nil))
		rows, err := s.Query(context.Background(), report.Extract{SQL: "SELECT n, repeat('x', 500) AS s FROM t"}, march)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		execute(t, conn, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'monthend'")
		var b column.Batch
		for err == nil {
			err = rows.Next(&b)
		}
		if !source.IsTransient(err) || source.IsPermanent(err) {
			t.Errorf("got %v", err)
		}
		if again := rows.Next(&b); again != err {
			t.Errorf("asked again: got %v", again)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		lost := errors.New("the lease is lost")
		ctx, cancel := context.WithCancelCause(context.Background())
		s := begin(t, open(t, address, nil))
		rows, err := s.Query(ctx, report.Extract{SQL: "SELECT n, repeat('x', 500) AS s FROM t"}, march)
		if err != nil {
			t.Fatal(err)
		}
		cancel(lost)
		var b column.Batch
		for err == nil {
			err = rows.Next(&b)
		}
		if !errors.Is(err, lost) || source.IsPermanent(err) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("left half read", func(t *testing.T) {
		s := begin(t, open(t, address, nil))
		rows, err := s.Query(context.Background(), report.Extract{SQL: "SELECT n FROM t"}, march)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Query(context.Background(), report.Extract{SQL: "SELECT n FROM t"}, march); err == nil {
			t.Error("two queries at once")
		}
		rows.Close()
		var b column.Batch
		if err := rows.Next(&b); err == nil {
			t.Error("closed rows go on")
		}
	})
}

func TestOpenErrors(t *testing.T) {
	address, _ := database(t)
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	const secret = "s3cret-passw0rd"
	u.User = url.UserPassword(u.User.Username(), secret)
	wrong := u.String()
	u.Path = "/missing"
	for _, test := range []struct {
		url       string
		transient bool
	}{
		{wrong, false},
		{"postgres://somebody:" + secret + "@127.0.0.1:1/x", true},
		{"postgres://somebody:" + secret + "@127.0.0.1:99999/x", false},
		{"postgres://somebody:" + secret + "%zz@127.0.0.1/x", false},
		{"not a url " + secret, false},
	} {
		p, err := source.OpenPostgres(context.Background(), test.url, nil)
		if err == nil {
			p.Close()
			// A server that trusts everybody takes any password: then there is nothing to refuse.
			if test.url != wrong {
				t.Errorf("%s opens", strings.ReplaceAll(test.url, secret, "…"))
			}
			continue
		}
		if strings.Contains(err.Error(), secret) {
			t.Error("the error shows the password")
		}
		if strings.Count(err.Error(), "refused") > 1 {
			t.Errorf("%v: the same is said twice", err)
		}
		if source.IsTransient(err) != test.transient || source.IsPermanent(err) == test.transient {
			t.Errorf("transient %v is wanted: %v", test.transient, err)
		}
	}
	if _, err := open(t, address, nil).Begin(context.Background(), "Europe/Atlantis"); err == nil || !strings.Contains(err.Error(), `time zone "Europe/Atlantis"`) {
		t.Errorf("got %v", err)
	}
}

// recorder is a pgx.QueryTracer that keeps the texts.
type recorder struct{ sql []string }

func (r *recorder) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	r.sql = append(r.sql, data.SQL)
	return ctx
}

func (r *recorder) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func TestTracerSeesTheQueriesOnly(t *testing.T) {
	address, _ := database(t)
	r := &recorder{}
	s := begin(t, open(t, address, r))
	text(t, s, "SELECT @tenant")
	if err := s.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"SELECT ($1::text)"}, r.sql); diff != "" {
		t.Error(diff)
	}
}
