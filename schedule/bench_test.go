package schedule_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/monthend/monthend/local/postgres/pgtest"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/schedule"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// bench is a ledger whose database shows the time that a test says.
type bench struct {
	*ledger.Store
	sql *pgx.Conn
}

// clock stands before PostgreSQL's own wherever clock_timestamp() is called without its schema.
const clock = `
	CREATE SCHEMA clock;
	CREATE TABLE clock.shown (at timestamptz NOT NULL);
	INSERT INTO clock.shown VALUES (now());
	CREATE FUNCTION clock.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS 'SELECT at FROM clock.shown';
	DO $$ BEGIN
		EXECUTE format('ALTER DATABASE %I SET search_path = clock, pg_catalog, public', current_database());
	END $$`

func migrated(ctx context.Context, url string) error {
	_, _, err := ledger.Migrate(ctx, url)
	return err
}

func setup(t *testing.T, at time.Time) *bench {
	t.Helper()
	t.Parallel()
	url := pgtest.Cloned(t, migrated)
	b := &bench{}
	var err error
	if b.sql, err = pgx.Connect(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.sql.Close(context.WithoutCancel(t.Context())) })
	b.exec(t, clock)
	b.set(t, at)
	if b.Store, err = ledger.Open(t.Context(), ledger.Config{URL: url, Owner: "worker"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func (b *bench) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	if _, err := b.sql.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// set sets the database's clock.
func (b *bench) set(t *testing.T, at time.Time) {
	t.Helper()
	b.exec(t, `UPDATE clock.shown SET at = $1`, at)
}

// asked is what stands in the outbox: the report and the period, in the order in which the rows were written.
func (b *bench) asked(t *testing.T) []string {
	t.Helper()
	rows, err := b.sql.Query(t.Context(), `SELECT report || ' ' || period FROM monthend.outbox ORDER BY ctid`)
	if err != nil {
		t.Fatal(err)
	}
	asked, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return asked
}

// scheduler is a new one, as a process that has just started.
func (b *bench) scheduler(t *testing.T, cfg schedule.Config, definitions ...report.Definition) *schedule.Scheduler {
	t.Helper()
	cfg.Ledger, cfg.Definitions = b.Store, definitions
	s, err := schedule.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// round is one look of a scheduler.
func round(t *testing.T, s *schedule.Scheduler) time.Duration {
	t.Helper()
	pause, err := s.Round(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return pause
}

// monthly is a definition in Prague with one schedule.
func monthly(t *testing.T, on, at string) report.Definition {
	t.Helper()
	s, _ := scheduleOf(t, on, at, "Europe/Prague", "cz", "Europe/Prague")
	return report.Definition{Name: "sales", Location: s.Location, Schedules: []report.Schedule{s}}
}

func instant(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}
