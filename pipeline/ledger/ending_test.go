package ledger_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

func TestEnd(t *testing.T) {
	b := setup(t)
	for _, outcome := range []report.Outcome{report.Unchanged, report.DataFailed, report.Failed, report.Cancelled} {
		t.Run(string(outcome), func(t *testing.T) {
			asked, joined := b.ask(), b.ask()
			asked.Key.Tenant, joined.Key.Tenant = string(outcome), string(outcome)
			c := mustClaim(t, b.Store, asked)
			claim(t, b.Store, joined)
			ending := ledger.Ending{Outcome: outcome, Err: errors.New("the reason"), RecordsExtracted: 10, RecordsRejected: 2}
			for range 2 { // a repetition is answered like the first time
				if err := b.End(t.Context(), c, ending); err != nil {
					t.Fatal(err)
				}
			}
			for _, ask := range []ledger.Ask{asked, joined} {
				if r := b.request(t, ask.RequestID); r.Outcome != outcome || r.RunID != c.RunID || r.Error != "the reason" {
					t.Errorf("got request %+v, want %s", r, outcome)
				}
				want := ledger.Answer{Kind: ledger.Settled, RunID: c.RunID, Outcome: outcome}
				if got := claim(t, b.Store, ask); !cmp.Equal(got, want) {
					t.Errorf("redelivery: got %+v, want %+v", got, want)
				}
			}
			run, err := b.Run(t.Context(), c.RunID)
			if err != nil || run.Outcome != outcome || run.Error != "the reason" || run.RecordsExtracted != 10 || run.RecordsRejected != 2 {
				t.Errorf("got %+v, %v; want it ended", run, err)
			}
			other := ledger.Ending{Outcome: report.Failed}
			if outcome == report.Failed {
				other.Outcome = report.Cancelled
			}
			if err := b.End(t.Context(), c, other); !errors.Is(err, ledger.ErrFenced) {
				t.Errorf("another outcome: got %v, want ErrFenced", err)
			}
		})
	}
	c := mustClaim(t, b.Store, b.ask())
	for _, outcome := range []report.Outcome{"", report.Published, report.Duplicate, "done"} {
		if err := b.End(t.Context(), c, ledger.Ending{Outcome: outcome}); err == nil {
			t.Errorf("got no error for outcome %q", outcome)
		}
	}
}

// After a run that ended without a version the key is free: a new request is a new run.
func TestEndFreesKey(t *testing.T) {
	b := setup(t)
	c := mustClaim(t, b.Store, b.ask())
	if err := b.End(t.Context(), c, ledger.Ending{Outcome: report.DataFailed, Err: errors.New("the gate is shut")}); err != nil {
		t.Fatal(err)
	}
	if next := mustClaim(t, b.Store, b.ask()); next.RunID == c.RunID || next.Attempt != 1 {
		t.Errorf("got %+v, want a new run", next)
	}
}

func TestRefuse(t *testing.T) {
	b := setup(t)
	refusal := ledger.Refusal{RequestID: "bad", MessageID: "message-1", Report: "../Quarterly\x00", Period: "2026-13", Tenant: strings.Repeat("é", 400),
		RequestedBy: "analyst", Reason: "month 13 is not between 1 and 12"}
	for range 2 {
		if _, err := b.Refuse(t.Context(), refusal); err != nil {
			t.Fatal(err)
		}
	}
	refusal.Reason = "something else"
	if _, err := b.Refuse(t.Context(), refusal); err != nil {
		t.Fatal(err)
	}
	got := b.request(t, "bad")
	if got.Outcome != report.Failed || got.Error != "month 13 is not between 1 and 12" || got.Period != "2026-13" || got.Report != "../Quarterly\uFFFD" || got.RunID != "" {
		t.Errorf("got %+v, want the first refusal", got)
	}
	if _, err := b.Refuse(t.Context(), ledger.Refusal{Report: "x"}); err == nil {
		t.Error("got no error without a request id")
	}
}

func TestRefuseKeepsOutcome(t *testing.T) {
	b := setup(t)
	ask := b.ask()
	mustPublish(t, b.Store, mustClaim(t, b.Store, ask))
	outcome, err := b.Refuse(t.Context(), ledger.Refusal{RequestID: ask.RequestID, Report: march.Report, Reason: "unknown report"})
	if err != nil || outcome != report.Published {
		t.Fatalf("got %q, %v, want the outcome it has", outcome, err)
	}
	if got := b.request(t, ask.RequestID); got.Outcome != report.Published || got.Error != "" {
		t.Errorf("got %+v, want it published", got)
	}
}

// A worker without the definition refuses what another one had begun.
func TestRefuseOfClaimedRequest(t *testing.T) {
	b := setup(t)
	ask := b.ask()
	c := mustClaim(t, b.Store, ask)
	refusal := ledger.Refusal{RequestID: ask.RequestID, Report: march.Report, Period: "2026-03", Reason: "unknown report"}
	if outcome, err := b.Refuse(t.Context(), refusal); err != nil || outcome != "" {
		t.Fatalf("got %q, %v, want none while it is worked", outcome, err)
	}
	if got := b.request(t, ask.RequestID); got.Outcome != "" {
		t.Errorf("got %+v, want the outcome left to the run while it is worked", got)
	}
	b.expire(t, c.RunID)
	if _, err := b.Refuse(t.Context(), refusal); err != nil {
		t.Fatal(err)
	}
	run, err := b.Run(t.Context(), c.RunID)
	if got := b.request(t, ask.RequestID); err != nil || got.Outcome != report.Failed || run.Outcome != report.Failed {
		t.Errorf("got request %+v and run %+v, %v; want both failed", got, run, err)
	}
}

func TestRefuseOfWaitingRequest(t *testing.T) {
	b := setup(t)
	mustClaim(t, b.Store, b.ask())
	waiting := b.restatement("late rows")
	claim(t, b.Store, waiting)
	if _, err := b.Refuse(t.Context(), ledger.Refusal{RequestID: waiting.RequestID, Report: march.Report, Period: "previous-month", Reason: "unknown report"}); err != nil {
		t.Fatal(err)
	}
	if got := b.request(t, waiting.RequestID); got.Outcome != report.Failed || got.Error != "unknown report" {
		t.Errorf("got %+v, want it failed", got)
	}
}

// A message that took another request's id does the other no harm.
func TestRefuseOfReusedRequest(t *testing.T) {
	b := setup(t)
	mustClaim(t, b.Store, b.ask())
	waiting := b.restatement("late rows")
	claim(t, b.Store, waiting)
	for _, other := range []ledger.Refusal{
		{Report: "bank-month", Period: "2026-03"}, {Report: march.Report, Period: "2026-04"}, {Report: march.Report, Period: "2026-03", Tenant: "acme"},
	} {
		other.RequestID, other.Reason = waiting.RequestID, "the request id stands for another key"
		if outcome, err := b.Refuse(t.Context(), other); err != nil || outcome != report.Failed {
			t.Fatalf("got %q, %v, want failed", outcome, err)
		}
	}
	if got := b.request(t, waiting.RequestID); got.Outcome != "" {
		t.Errorf("got %+v, want it to wait on", got)
	}
}

// TestRefuseOfCancelledRequest: a request is cancelled before any worker saw it, and then it turns out to be a bad job.
func TestRefuseOfCancelledRequest(t *testing.T) {
	b := setup(t)
	if _, err := b.CancelRequest(t.Context(), "unseen", "analyst", true); err != nil {
		t.Fatal(err)
	}
	outcome, err := b.Refuse(t.Context(), ledger.Refusal{RequestID: "unseen", Report: "no-such-report", Period: "2026-03", Reason: "unknown report"})
	if err != nil || outcome != report.Cancelled {
		t.Errorf("got %q, %v, want cancelled", outcome, err)
	}
}

func TestCancelHeldRun(t *testing.T) {
	b := setup(t)
	ask := b.ask()
	c := mustClaim(t, b.Store, ask)
	if got, err := b.Cancel(t.Context(), c.RunID, "controller"); err != nil || got != ledger.CancelAsked {
		t.Fatalf("got %q, %v; want it asked", got, err)
	}
	if cancelled, err := b.Renew(t.Context(), c, ledger.Progress{}); err != nil || !cancelled {
		t.Errorf("got %v, %v; want the holder told", cancelled, err)
	}
	number, err := b.AllocateVersion(t.Context(), c, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Publish(t.Context(), c, publication(number)); !errors.Is(err, ledger.ErrCancelled) {
		t.Errorf("got %v, want ErrCancelled", err)
	}
	if err := b.End(t.Context(), c, ledger.Ending{Outcome: report.Cancelled}); err != nil {
		t.Error(err)
	}
	if got := claim(t, b.Store, ask); got.Outcome != report.Cancelled {
		t.Errorf("got %+v, want the request cancelled", got)
	}
	if got, err := b.Cancel(t.Context(), c.RunID, "controller"); err != nil || got != ledger.CancelLate {
		t.Errorf("got %q, %v; want it too late", got, err)
	}
	// A retry begins without the old wish to cancel.
	retry := b.ask()
	retry.Retry = c.RunID
	if cancelled, err := b.Renew(t.Context(), mustClaim(t, b.Store, retry), ledger.Progress{}); err != nil || cancelled {
		t.Errorf("got %v, %v; want the retry to go on", cancelled, err)
	}
}

func TestCancelFreeRun(t *testing.T) {
	b := setup(t)
	ask := b.ask()
	c := mustClaim(t, b.Store, ask)
	if err := b.Release(t.Context(), c, errors.New("source is down")); err != nil {
		t.Fatal(err)
	}
	if got, err := b.Cancel(t.Context(), c.RunID, "controller"); err != nil || got != ledger.CancelDone {
		t.Errorf("got %q, %v; want it cancelled at once", got, err)
	}
	if got := claim(t, b.Store, ask); got.Outcome != report.Cancelled {
		t.Errorf("got %+v, want the request cancelled", got)
	}
	if _, err := b.Cancel(t.Context(), "run_unheard_of", ""); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
}

// The holder was asked to cancel and died: the next claim ends the run instead of working it.
func TestCancelOfCrashedRun(t *testing.T) {
	b := setup(t)
	ask := b.ask()
	c := mustClaim(t, b.Store, ask)
	if _, err := b.Cancel(t.Context(), c.RunID, "controller"); err != nil {
		t.Fatal(err)
	}
	b.expire(t, c.RunID)
	if got := claim(t, b.Store, ask); got.Kind != ledger.Settled || got.Outcome != report.Cancelled {
		t.Errorf("got %+v, want it cancelled", got)
	}
}
