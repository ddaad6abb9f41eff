package ledger_test

import (
	"errors"
	"testing"

	"github.com/monthend/monthend/pipeline/ledger"
)

func TestCancelAsked(t *testing.T) {
	b := setup(t)
	c := mustClaim(t, b.Store, b.ask())
	if asked, err := b.CancelAsked(t.Context(), c); err != nil || asked {
		t.Fatalf("got %v, %v; want that nobody asked", asked, err)
	}
	if _, err := b.Cancel(t.Context(), c.RunID, "controller"); err != nil {
		t.Fatal(err)
	}
	if asked, err := b.CancelAsked(t.Context(), c); err != nil || !asked {
		t.Errorf("got %v, %v; want that somebody asked", asked, err)
	}
}

// A look finds a lost lease as a renewal would, and strikes the crash as a renewal would.
func TestCancelAskedOfAStaleClaim(t *testing.T) {
	b := setup(t)
	ask := b.ask()
	stale := mustClaim(t, b.Store, ask)
	b.expire(t, stale.RunID)
	mustClaim(t, b.open(t, "worker-2"), ask)
	if _, err := b.CancelAsked(t.Context(), stale); !errors.Is(err, ledger.ErrFenced) {
		t.Errorf("got %v, want ErrFenced", err)
	}
	if n := b.number(t, `SELECT count(*) FROM monthend.attempts WHERE crashed`); n != 0 {
		t.Errorf("got %d crashes, want the one struck", n)
	}
}

// Whoever comes to be alone only after its claim is blamed for a crash as if it had been from the start.
func TestWorkAlone(t *testing.T) {
	b := setup(t)
	ask := b.ask()
	c := mustClaim(t, b.Store, ask)
	for range 2 {
		if err := b.WorkAlone(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	b.expire(t, c.RunID)
	if next := mustClaim(t, b.open(t, "worker-2"), ask); next.Crashes != 1 || next.CrashesAlone != 1 {
		t.Errorf("got %d crashes, %d alone; want 1, 1", next.Crashes, next.CrashesAlone)
	}
	if err := b.WorkAlone(t.Context(), c); !errors.Is(err, ledger.ErrFenced) {
		t.Errorf("alone under a stale claim: got %v, want ErrFenced", err)
	}
}
