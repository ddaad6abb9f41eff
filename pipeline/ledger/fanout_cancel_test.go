package ledger_test

import (
	"slices"
	"sync"
	"testing"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

func TestCancelFanout(t *testing.T) {
	b := setup(t)
	b.fanOut(t, allTenants("parent", "a", "b", "c", "d"))
	postings, err := b.Pick(t.Context(), turn)
	if err != nil {
		t.Fatal(err)
	}
	mustPublish(t, b.Store, b.claimChild(t, postings[0]).Claim)
	held := b.claimChild(t, postings[1])
	answer, err := b.CancelRequest(t.Context(), "parent", "controller", false)
	if err != nil || answer != ledger.CancelAsked {
		t.Fatalf("got %q, %v; want it asked: one is in work", answer, err)
	}
	for _, p := range postings[2:] {
		if got := b.claimChild(t, p); got.Kind != ledger.Settled || got.Outcome != report.Cancelled {
			t.Errorf("got %+v, want the message of %s settled", got, p.Key.Tenant)
		}
	}
	if err := b.End(t.Context(), held.Claim, ledger.Ending{Outcome: report.Cancelled}); err != nil {
		t.Fatal(err)
	}
	got := b.closed(t, "parent")
	if got.State != ledger.FanoutPartial || got.Outcome != report.Cancelled || got.Children[report.Cancelled] != 3 {
		t.Errorf("got %+v, want the three others cancelled", got)
	}
	if answer, err := b.CancelRequest(t.Context(), "parent", "", false); err != nil || answer != ledger.CancelLate {
		t.Errorf("got %q, %v; want it too late", answer, err)
	}
	if n := b.number(t, `SELECT count(*) FROM monthend.outbox WHERE done_at IS NULL`); n != 0 {
		t.Errorf("got %d messages to send, want none", n)
	}
}

// What a parent waits for and has not asked for itself goes on without it.
func TestCancelJoined(t *testing.T) {
	b := setup(t)
	b.fanOut(t, allTenants("first", "a", "b"))
	b.fanOut(t, allTenants("second", "a", "b", "c"))
	if answer, err := b.CancelRequest(t.Context(), "second", "controller", false); err != nil || answer != ledger.CancelDone {
		t.Fatalf("got %q, %v; want it over", answer, err)
	}
	if got := b.work(t); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("ran %v, want the first one's", got)
	}
	if got := b.closed(t, "first"); got.State != ledger.FanoutDone {
		t.Errorf("got %+v, want it done", got)
	}
	if got := b.closed(t, "second"); got.State != ledger.FanoutFailed || got.Children[report.Cancelled] != 3 {
		t.Errorf("got %+v, want all of it cancelled", got)
	}
}

// What a later parent has joined goes on for that one, met by a worker or not; the last who waits for it can end it.
func TestCancelLeavesWhoJoined(t *testing.T) {
	b := setup(t)
	b.fanOut(t, allTenants("first", "a", "b", "c", "d"))
	postings := b.pickByTenant(t, 4)
	held := b.claimChild(t, postings[0])
	b.fanOut(t, allTenants("second", "a", "b", "c"))
	if answer, err := b.CancelRequest(t.Context(), "first", "controller", false); err != nil || answer != ledger.CancelDone {
		t.Fatalf("got %q, %v; want it over", answer, err)
	}
	if got := b.closed(t, "first"); got.State != ledger.FanoutFailed || got.Children[report.Cancelled] != 4 {
		t.Errorf("got %+v, want all of it cancelled", got)
	}
	mustPublish(t, b.Store, held.Claim)
	mustPublish(t, b.Store, b.claimChild(t, postings[1]).Claim)
	if got := b.claimChild(t, postings[3]); got.Outcome != report.Cancelled {
		t.Errorf("got %+v, want the message of d, which was the first one's alone, settled", got)
	}
	if got := b.closed(t, "second"); got.State != ledger.FanoutOpen || got.Children[report.Duplicate]+got.Children[report.Published] != 2 {
		t.Errorf("got %+v, want it open with a and b done", got)
	}

	b.fanOut(t, allTenants("third", "c")) // joins what the second one has joined
	for _, id := range []string{"second", "third"} {
		if answer, err := b.CancelRequest(t.Context(), id, "controller", false); err != nil || answer != ledger.CancelDone {
			t.Fatalf("%s: got %q, %v; want it over", id, answer, err)
		}
	}
	if got := b.claimChild(t, postings[2]); got.Outcome != report.Cancelled {
		t.Errorf("got %+v, want the message of c settled: nobody waits for it any more", got)
	}
}

// Two parents may have asked for a tenant under ids of their own and wait for one run.
func TestCancelLeavesSharedRun(t *testing.T) {
	b := setup(t)
	b.fanOut(t, allTenants("first", "a", "b"))
	b.work(t, "a", "b")
	b.closed(t, "first")
	b.fanOut(t, allTenants("second", "a", "b"))
	if n, err := b.Again(t.Context(), "first", "controller", ""); n != 2 || err != nil {
		t.Fatalf("asked again for %d, %v; want 2", n, err)
	}
	postings := b.pickByTenant(t, 4) // each tenant's of both
	a := b.claimChild(t, postings[0])
	if got := b.claimChild(t, postings[1]); got.Kind != ledger.Busy {
		t.Fatalf("got %+v, want it to wait for the other one's run", got)
	}
	alone := b.claimChild(t, postings[2])
	owner := map[bool]string{true: "first", false: "second"}
	firsts := func(p ledger.Posting) bool { return p.RequestID == ledger.ChildID("first", p.Key.Tenant, 2) }
	cancelled := owner[firsts(postings[2])] // whose run of b nobody else has joined
	if answer, err := b.CancelRequest(t.Context(), cancelled, "controller", false); err != nil || answer != ledger.CancelAsked {
		t.Fatalf("got %q, %v; want it asked: its own run is in work", answer, err)
	}
	if err := b.End(t.Context(), alone.Claim, ledger.Ending{Outcome: report.Cancelled}); err != nil {
		t.Fatal(err)
	}
	mustPublish(t, b.Store, a.Claim)
	mustPublish(t, b.Store, b.claimChild(t, postings[3]).Claim)
	other := owner[!firsts(postings[2])]
	if got := b.closed(t, other); got.State != ledger.FanoutDone {
		t.Errorf("got %+v, want the other one done", got)
	}
	if got := b.closed(t, cancelled); got.State != ledger.FanoutFailed || got.Children[report.Cancelled] != 2 {
		t.Errorf("got %+v, want all of it cancelled", got)
	}
}

// Whoever asks while another parent is being cancelled gets what was asked for.
func TestCancelWhileAnotherJoins(t *testing.T) {
	b := setup(t)
	for i := range 6 {
		month := march.Period.Add(-i)
		ask := func(id string) ledger.FanOut {
			f := allTenants(id+month.String(), "a", "b")
			f.Period, f.Job.Period = month, month.String()
			return f
		}
		first, second := ask("first"), ask("second")
		b.fanOut(t, first)
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := b.FanOut(t.Context(), second); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			if _, err := b.CancelRequest(t.Context(), first.RequestID, "", false); err != nil {
				t.Error(err)
			}
		})
		wg.Wait()
		b.work(t)
		if got := b.closed(t, second.RequestID); got.State != ledger.FanoutDone {
			t.Errorf("%s: got %+v, want it done", month, got)
		}
		if got := b.closed(t, first.RequestID); got.State != ledger.FanoutFailed {
			t.Errorf("%s: got %+v, want it cancelled", month, got)
		}
	}
}
