package ledger_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/monthend/monthend/pipeline/ledger"
)

// recorder is a tracer that keeps the statements it is told of.
type recorder struct {
	mu         sync.Mutex
	statements []string
}

func (r *recorder) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.statements = append(r.statements, data.SQL)
	return ctx
}

func (r *recorder) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func (r *recorder) saw(text string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, statement := range r.statements {
		if strings.Contains(statement, text) {
			return true
		}
	}
	return false
}

func TestTracer(t *testing.T) {
	b := setup(t)
	r := &recorder{}
	store, err := ledger.Open(t.Context(), ledger.Config{URL: b.url, Owner: "worker-2", Tracer: r})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	c := mustClaim(t, store, b.ask())
	if _, err := store.Renew(t.Context(), c, ledger.Progress{}); err != nil {
		t.Fatal(err)
	}
	if !r.saw("monthend.claim") || r.saw("SET lease_until") {
		t.Errorf("got statements %q, want the claim and no renewal", r.statements)
	}
}

func TestSession(t *testing.T) {
	b := setup(t)
	b.exec(t, `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = ''Asia/Tokyo''', current_database()); END $$`)
	b.exec(t, `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_isolation = ''serializable''', current_database()); END $$`)
	store := b.open(t, "worker-2")
	mustPublish(t, store, mustClaim(t, store, b.ask()))
	if n := b.number(t, `SELECT count(*) FROM pg_stat_activity WHERE application_name = 'monthend' AND datname = current_database()`); n == 0 {
		t.Error("got no session of the name monthend")
	}
}

// A database that ends every connection, as it does when it restarts, is only a pause.
func TestConnectionsEnded(t *testing.T) {
	b := setup(t)
	ask := b.ask()
	c := mustClaim(t, b.Store, ask)
	if _, err := b.AllocateVersion(t.Context(), c, 0); err != nil {
		t.Fatal(err)
	}
	b.exec(t, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'monthend' AND datname = current_database()`)
	if _, err := b.Publish(t.Context(), c, publication(1)); err != nil {
		t.Error(err)
	}
	if v, ok, err := b.Current(t.Context(), march); err != nil || !ok || v.RunID != c.RunID {
		t.Errorf("got %+v, %v; want version 1", v, err)
	}
}

func TestBadLease(t *testing.T) {
	if _, err := ledger.Open(t.Context(), ledger.Config{URL: "postgres://localhost/x", Lease: -1}); err == nil {
		t.Error("got no error, want a lease below zero refused")
	}
}

func TestRenewWithoutOwner(t *testing.T) {
	b := setup(t)
	c := mustClaim(t, b.Store, b.ask())
	if _, err := b.open(t, "").Renew(t.Context(), c, ledger.Progress{}); err == nil {
		t.Error("got no error, want a ledger that was opened to read not to renew")
	}
}
