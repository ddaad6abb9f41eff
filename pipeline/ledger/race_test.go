package ledger_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

// Requests that arrive at the very moment of a publication are answered by it: none begins a second run of a published key,
// and none is left waiting for a run that has ended.
func TestPublishRace(t *testing.T) {
	b := setup(t)
	other := b.open(t, "worker-2")
	for round := range 20 {
		key := march
		key.Period = key.Period.Add(round)
		ask := b.ask()
		ask.Key = key
		c := mustClaim(t, b.Store, ask)
		if _, err := b.AllocateVersion(t.Context(), c, 0); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 6 {
			late := b.ask()
			late.Key = key
			wg.Go(func() {
				if answer, err := other.Claim(t.Context(), late); err != nil || answer.Kind == ledger.Claimed {
					t.Errorf("got %+v, %v; want it joined or settled", answer, err)
				}
			})
		}
		if _, err := b.Publish(t.Context(), c, publication(1)); err != nil {
			t.Error(err)
		}
		wg.Wait()
	}
	if n := b.number(t, `SELECT count(*) FROM monthend.requests WHERE outcome IS NULL`); n != 0 {
		t.Errorf("got %d requests without an outcome, want none", n)
	}
}

// The first of cancel and publish wins, and both know who it was.
func TestCancelRace(t *testing.T) {
	b := setup(t)
	other := b.open(t, "worker-2")
	for round := range 20 {
		ask := b.ask()
		ask.Key.Period = march.Period.Add(round)
		c := mustClaim(t, b.Store, ask)
		if _, err := b.AllocateVersion(t.Context(), c, 0); err != nil {
			t.Fatal(err)
		}
		var answer ledger.CancelAnswer
		var wg sync.WaitGroup
		wg.Go(func() {
			var err error
			if answer, err = other.Cancel(t.Context(), c.RunID, "controller"); err != nil {
				t.Error(err)
			}
		})
		_, err := b.Publish(t.Context(), c, publication(1))
		wg.Wait()
		published := err == nil && answer == ledger.CancelLate
		cancelled := errors.Is(err, ledger.ErrCancelled) && answer == ledger.CancelAsked
		if published == cancelled {
			t.Errorf("publish got %v, cancel got %q; want one of them to win", err, answer)
		}
	}
}

// Two takeovers of one lease that ran out: one of them gets it.
func TestTakeOverRace(t *testing.T) {
	b := setup(t)
	stores := []*ledger.Store{b.Store, b.open(t, "worker-2"), b.open(t, "worker-3")}
	ask := b.ask()
	for range 10 {
		var mu sync.Mutex
		var claims []ledger.Claim
		var wg sync.WaitGroup
		for _, store := range stores {
			wg.Go(func() {
				answer, err := store.Claim(t.Context(), ask)
				if err != nil {
					t.Error(err)
				}
				if answer.Kind == ledger.Claimed {
					mu.Lock()
					defer mu.Unlock()
					claims = append(claims, answer.Claim)
				}
			})
		}
		wg.Wait()
		if len(claims) != 1 {
			t.Fatalf("got claims %+v, want one", claims)
		}
		b.expire(t, claims[0].RunID)
	}
	run, ok, err := b.Unended(t.Context(), march)
	if err != nil || !ok || run.Attempt != 10 || run.Outcome != report.Outcome("") {
		t.Errorf("got %+v, %v; want the tenth attempt of one run", run, err)
	}
}
