package ledger_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

func cancelRequest(t testing.TB, s *ledger.Store, id string, unmet bool) ledger.CancelAnswer {
	t.Helper()
	got, err := s.CancelRequest(t.Context(), id, "controller", unmet)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// A request that no worker has met is over at once, and its message is settled by that whenever it comes.
func TestCancelUnmetRequest(t *testing.T) {
	b := setup(t)
	ask := b.restatement("late rows")
	ask.MessageID, ask.Schedule = "message-1", "monthly"
	if _, err := b.CancelRequest(t.Context(), ask.RequestID, "controller", false); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
	if got := cancelRequest(t, b.Store, ask.RequestID, true); got != ledger.CancelDone {
		t.Errorf("got %q, want %q", got, ledger.CancelDone)
	}
	if got := cancelRequest(t, b.Store, ask.RequestID, true); got != ledger.CancelLate {
		t.Errorf("again: got %q, want %q", got, ledger.CancelLate)
	}
	want := ledger.Answer{Kind: ledger.Settled, Outcome: report.Cancelled}
	for range 2 {
		if diff := cmp.Diff(want, claim(t, b.Store, ask)); diff != "" {
			t.Errorf("delivery (-want +got):\n%s", diff)
		}
	}
	wantRequest := ledger.Request{RequestID: ask.RequestID, Report: march.Report, Period: "2026-03", Restate: true, Reason: "late rows",
		RequestedBy: "controller", Schedule: "monthly", MessageID: "message-1", Outcome: report.Cancelled,
		Error: "cancelled by controller before it was claimed"}
	if diff := cmp.Diff(wantRequest, b.request(t, ask.RequestID), cmpopts.IgnoreFields(ledger.Request{}, "CreatedAt", "EndedAt")); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
	// The key is as free as before, and the id stands for this key from now on.
	mustClaim(t, b.Store, b.ask())
	ask.Key.Tenant = "other"
	if _, err := b.Claim(t.Context(), ask); !errors.Is(err, ledger.ErrRequestReused) {
		t.Errorf("under another key: got %v, want ErrRequestReused", err)
	}
}

// A restatement that waits for another run ends alone.
func TestCancelWaitingRequest(t *testing.T) {
	b := setup(t)
	held := mustClaim(t, b.Store, b.ask())
	waiting := b.restatement("late rows")
	if got := claim(t, b.Store, waiting); got.Kind != ledger.Busy {
		t.Fatalf("got %+v, want it to wait", got)
	}
	if got := cancelRequest(t, b.Store, waiting.RequestID, true); got != ledger.CancelDone {
		t.Errorf("got %q, want %q", got, ledger.CancelDone)
	}
	if got := claim(t, b.Store, waiting); got.Kind != ledger.Settled || got.Outcome != report.Cancelled {
		t.Errorf("got %+v, want it settled as cancelled", got)
	}
	mustPublish(t, b.Store, held)
}

// A request that led to a run speaks for the run.
func TestCancelRequestOfRun(t *testing.T) {
	b := setup(t)
	ask := b.ask()
	held := mustClaim(t, b.Store, ask)
	if got := cancelRequest(t, b.Store, ask.RequestID, true); got != ledger.CancelAsked {
		t.Errorf("held: got %q, want %q", got, ledger.CancelAsked)
	}
	if cancelled, err := b.Renew(t.Context(), held, ledger.Progress{}); err != nil || !cancelled {
		t.Errorf("renewal: got %v, %v; want it told", cancelled, err)
	}
	b.expire(t, held.RunID)
	if got := cancelRequest(t, b.Store, ask.RequestID, true); got != ledger.CancelDone {
		t.Errorf("free: got %q, want %q", got, ledger.CancelDone)
	}
	if got := cancelRequest(t, b.Store, ask.RequestID, true); got != ledger.CancelLate {
		t.Errorf("ended: got %q, want %q", got, ledger.CancelLate)
	}
	run, err := b.Run(t.Context(), held.RunID)
	if err != nil || run.Outcome != report.Cancelled {
		t.Errorf("got %+v, %v; want it cancelled", run, err)
	}
}

// Who asks after somebody asked for a run's end gets a run of its own, whether that one's worker lives to end it or not; who had joined it
// before takes its end.
func TestAskAfterCancel(t *testing.T) {
	for name, dies := range map[string]bool{"lives": false, "dies": true} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			ask, joined, late := b.ask(), b.ask(), b.ask()
			held := mustClaim(t, b.Store, ask)
			if got := claim(t, b.Store, joined); got.Kind != ledger.Busy {
				t.Fatalf("got %+v, want it to wait", got)
			}
			cancelRequest(t, b.Store, ask.RequestID, false)
			if got := claim(t, b.Store, late); got.Kind != ledger.Busy || got.RunID != held.RunID {
				t.Fatalf("got %+v, want it to wait", got)
			}
			if dies {
				b.expire(t, held.RunID)
			} else if err := b.End(t.Context(), held, ledger.Ending{Outcome: report.Cancelled}); err != nil {
				t.Fatal(err)
			}
			own := mustClaim(t, b.Store, late)
			if own.RunID == held.RunID {
				t.Errorf("got the run %q that was cancelled", own.RunID)
			}
			mustPublish(t, b.Store, own)
			for id, want := range map[string]report.Outcome{ask.RequestID: report.Cancelled, joined.RequestID: report.Cancelled, late.RequestID: report.Published} {
				if got := b.request(t, id); got.Outcome != want {
					t.Errorf("got %+v, want %q", got, want)
				}
			}
		})
	}
}

// A first delivery and a cancellation at the same moment: one of them is first, and nothing is both.
func TestCancelRequestRace(t *testing.T) {
	b := setup(t)
	for i := range 30 {
		ask := b.ask()
		ask.Key.Tenant = fmt.Sprintf("t%d", i)
		var answer ledger.Answer
		var word ledger.CancelAnswer
		var wg sync.WaitGroup
		wg.Go(func() { answer = claim(t, b.Store, ask) })
		wg.Go(func() { word = cancelRequest(t, b.Store, ask.RequestID, true) })
		wg.Wait()
		switch {
		case answer.Kind == ledger.Settled && answer.Outcome == report.Cancelled && word == ledger.CancelDone:
		case answer.Kind == ledger.Claimed && word == ledger.CancelAsked:
			if _, err := b.Publish(t.Context(), answer.Claim, publication(1)); !errors.Is(err, ledger.ErrCancelled) {
				t.Errorf("publish: got %v, want ErrCancelled", err)
			}
		default:
			t.Errorf("got %+v and %q, want them to agree", answer, word)
		}
	}
}

func TestCancelBadRequest(t *testing.T) {
	b := setup(t)
	for _, id := range []string{"", "a\x00b", strings.Repeat("x", 201)} {
		if _, err := b.CancelRequest(t.Context(), id, "controller", true); err == nil || strings.Contains(err.Error(), "\x00") {
			t.Errorf("%q: got %v, want it refused", id, err)
		}
	}
}
