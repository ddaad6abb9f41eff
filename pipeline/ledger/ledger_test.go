package ledger_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/monthend/monthend/local/postgres/pgtest"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

var march = report.Key{Report: "monthly-financials", Period: report.Period{Year: 2026, Month: time.March}}

// bench is one ledger and a way round it.
type bench struct {
	*ledger.Store
	url string
	sql *pgx.Conn // as an operator would look at it
	ids atomic.Int64
}

func migrated(ctx context.Context, url string) error {
	_, _, err := ledger.Migrate(ctx, url)
	return err
}

// setup opens a fresh ledger whose claims are made by "worker-1". Its test runs beside others: each waits mostly for the
// database.
func setup(t *testing.T) *bench {
	t.Helper()
	t.Parallel()
	b := &bench{url: pgtest.Cloned(t, migrated)}
	b.Store = b.open(t, "worker-1")
	conn, err := pgx.Connect(t.Context(), b.url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.WithoutCancel(t.Context())) })
	b.sql = conn
	return b
}

// open is another worker at the same ledger.
func (b *bench) open(t testing.TB, owner string) *ledger.Store {
	t.Helper()
	store, err := ledger.Open(t.Context(), ledger.Config{URL: b.url, Owner: owner})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	return store
}

// ask is a plain request of its own.
func (b *bench) ask() ledger.Ask {
	return ledger.Ask{RequestID: fmt.Sprintf("request-%d", b.ids.Add(1)), Key: march, TraceID: "1-69b2a3c4-0123456789abcdef01234567"}
}

// restatement is a request of its own to read the source again.
func (b *bench) restatement(reason string) ledger.Ask {
	ask := b.ask()
	ask.Restate, ask.Reason, ask.RequestedBy = true, reason, "controller"
	return ask
}

func mustClaim(t testing.TB, s *ledger.Store, ask ledger.Ask) ledger.Claim {
	t.Helper()
	answer := claim(t, s, ask)
	if answer.Kind != ledger.Claimed {
		t.Fatalf("claim of %s got %+v, want it claimed", ask.RequestID, answer)
	}
	return answer.Claim
}

func claim(t testing.TB, s *ledger.Store, ask ledger.Ask) ledger.Answer {
	t.Helper()
	answer, err := s.Claim(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// expire lets the lease of a run run out, without waiting for it.
func (b *bench) expire(t testing.TB, runID string) {
	t.Helper()
	b.exec(t, `UPDATE monthend.runs SET lease_until = clock_timestamp() - interval '1 second' WHERE run_id = $1 AND owner IS NOT NULL`, runID)
}

func (b *bench) exec(t testing.TB, sql string, args ...any) {
	t.Helper()
	if _, err := b.sql.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// number is what one query counts.
func (b *bench) number(t testing.TB, sql string, args ...any) int64 {
	t.Helper()
	var n int64
	if err := b.sql.QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

func publication(number int) ledger.Publication {
	digest := fmt.Sprintf("%064x", number)
	return ledger.Publication{
		Number: number, ContentDigest: digest, DataDigest: digest[:32], Path: fmt.Sprintf("%s/v%d-%s", march.Path(), number, digest[:8]),
		Manifest: []byte(`{"content": {"version": 1}}`), RecordsExtracted: 100, RecordsRejected: 3,
	}
}

// mustPublish takes a claim to its version.
func mustPublish(t testing.TB, s *ledger.Store, c ledger.Claim) ledger.Version {
	t.Helper()
	number, err := s.AllocateVersion(t.Context(), c, 0)
	if err != nil {
		t.Fatal(err)
	}
	version, err := s.Publish(t.Context(), c, publication(number))
	if err != nil {
		t.Fatal(err)
	}
	return version
}

func (b *bench) request(t testing.TB, id string) ledger.Request {
	t.Helper()
	request, err := b.Request(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return request
}

func TestNow(t *testing.T) {
	b := setup(t)
	got, err := b.Now(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got.IsZero() || got.Location() != time.UTC {
		t.Errorf("got %v, want the database's time in UTC", got)
	}
}

func TestNewID(t *testing.T) {
	first, second := ledger.NewID(), ledger.NewID()
	if first == second || len(first) != len("run_")+26 || !strings.HasPrefix(first, "run_") {
		t.Errorf("got %q and %q, want two ids of run_ and 26 characters", first, second)
	}
}
