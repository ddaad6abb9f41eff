package ledger_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

func TestRenew(t *testing.T) {
	b := setup(t)
	c := mustClaim(t, b.Store, b.ask())
	b.exec(t, `UPDATE monthend.runs SET lease_until = clock_timestamp() + interval '1 second'`)
	before, err := b.Now(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	cancelled, err := b.Renew(t.Context(), c, ledger.Progress{Stage: "data_extraction", Rows: 4200})
	if err != nil || cancelled {
		t.Fatalf("got %v, %v; want it renewed", cancelled, err)
	}
	run, err := b.Run(t.Context(), c.RunID)
	if err != nil {
		t.Fatal(err)
	}
	if lease := run.LeaseUntil.Sub(before); lease < 15*time.Second {
		t.Errorf("got a lease until %s from then, want it full again", lease)
	}
	if run.Stage != "data_extraction" || run.Progress != 4200 {
		t.Errorf("got %q %d, want the progress", run.Stage, run.Progress)
	}
}

// A worker that froze longer than its lease, and whose run nobody wanted meanwhile, goes on.
func TestRenewAfterExpiry(t *testing.T) {
	b := setup(t)
	c := mustClaim(t, b.Store, b.ask())
	b.expire(t, c.RunID)
	if _, err := b.Renew(t.Context(), c, ledger.Progress{}); err != nil {
		t.Errorf("got %v, want it renewed", err)
	}
	if got := claim(t, b.Store, b.ask()); got.Kind != ledger.Busy {
		t.Errorf("got %+v, want busy again", got)
	}
}

// Fault 12: a worker paused past its lease wakes after a takeover and can do nothing, but its crash is struck.
func TestFencedAfterTakeover(t *testing.T) {
	b := setup(t)
	other := b.open(t, "worker-2")
	ask := b.ask()
	for name, act := range map[string]func(ledger.Claim) error{
		"Renew":           func(c ledger.Claim) error { _, err := b.Renew(t.Context(), c, ledger.Progress{}); return err },
		"AllocateVersion": func(c ledger.Claim) error { _, err := b.AllocateVersion(t.Context(), c, 0); return err },
		"AdoptVersion":    func(c ledger.Claim) error { _, err := b.AdoptVersion(t.Context(), c, 7); return err },
		"Publish":         func(c ledger.Claim) error { _, err := b.Publish(t.Context(), c, publication(1)); return err },
		"End": func(c ledger.Claim) error {
			return b.End(t.Context(), c, ledger.Ending{Outcome: report.Failed, Err: errors.New("no")})
		},
		"Release": func(c ledger.Claim) error { return b.Release(t.Context(), c, errors.New("no")) },
	} {
		t.Run(name, func(t *testing.T) {
			ask.Key.Tenant = name
			ask.RequestID = name
			stale := mustClaim(t, b.Store, ask)
			b.expire(t, stale.RunID)
			c := mustClaim(t, other, ask)
			if c.Crashes != 1 {
				t.Errorf("got %d crashes, want 1", c.Crashes)
			}
			if err := act(stale); !errors.Is(err, ledger.ErrFenced) {
				t.Errorf("got %v, want ErrFenced", err)
			}
			attempts, err := b.Attempts(t.Context(), stale.RunID)
			if err != nil {
				t.Fatal(err)
			}
			if attempts[0].Crashed || !strings.Contains(attempts[0].Error, "came back") {
				t.Errorf("got %+v, want the crash struck", attempts[0])
			}
			if run, err := b.Run(t.Context(), c.RunID); err != nil || run.Owner != "worker-2" || run.Version != 0 {
				t.Errorf("got %+v, %v; want the run as worker-2 has it", run, err)
			}
		})
	}
}

func TestCrashWorkedAloneIsCounted(t *testing.T) {
	b := setup(t)
	ask := b.ask()
	for i, alone := range []bool{false, true, true} {
		ask.Alone = alone
		c := mustClaim(t, b.Store, ask)
		if wantAlone := max(0, i-1); c.Crashes != i || c.CrashesAlone != wantAlone {
			t.Errorf("attempt %d: got %d crashes, %d alone; want %d, %d", c.Attempt, c.Crashes, c.CrashesAlone, i, wantAlone)
		}
		b.expire(t, c.RunID)
	}
}

func TestRelease(t *testing.T) {
	b := setup(t)
	c := mustClaim(t, b.Store, b.ask())
	for range 2 { // a repetition is answered like the first time
		if err := b.Release(t.Context(), c, errors.New("source is down")); err != nil {
			t.Fatal(err)
		}
	}
	run, err := b.Run(t.Context(), c.RunID)
	if err != nil {
		t.Fatal(err)
	}
	if run.Running || run.Owner != "" || run.Outcome != "" || run.Error != "source is down" {
		t.Errorf("got %+v, want the run free and unended", run)
	}
	attempts, err := b.Attempts(t.Context(), c.RunID)
	if err != nil {
		t.Fatal(err)
	}
	if a := attempts[0]; a.EndedAt.IsZero() || a.Crashed || a.Outcome != "" || a.Error != "source is down" {
		t.Errorf("got %+v, want the attempt ended by its error", a)
	}
	if _, err := b.Renew(t.Context(), c, ledger.Progress{}); !errors.Is(err, ledger.ErrFenced) {
		t.Errorf("renewing what was released: got %v, want ErrFenced", err)
	}
	if _, err := b.Publish(t.Context(), c, publication(1)); !errors.Is(err, ledger.ErrFenced) {
		t.Errorf("publishing what was released: got %v, want ErrFenced", err)
	}
}

func TestRenewUnknownRun(t *testing.T) {
	b := setup(t)
	c := ledger.Claim{RunID: "run_unheard_of", Token: 1, Owner: "worker-1", Lease: time.Second}
	if _, err := b.Renew(t.Context(), c, ledger.Progress{}); !errors.Is(err, ledger.ErrFenced) {
		t.Errorf("got %v, want ErrFenced", err)
	}
	if err := b.End(t.Context(), c, ledger.Ending{Outcome: report.Failed}); !errors.Is(err, ledger.ErrFenced) {
		t.Errorf("got %v, want ErrFenced", err)
	}
}
