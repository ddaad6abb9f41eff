package ledger_test

import (
	"errors"
	"testing"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

func TestApprove(t *testing.T) {
	b := setup(t)
	v := b.publishTo(t, mustClaim(t, b.Store, b.ask()), true, hook)
	awaited, err := b.Approvals(t.Context(), v.RunID, "another")
	if a, ok := awaited[v.RunID]; err != nil || !ok || a.By != "" || len(awaited) != 1 {
		t.Errorf("got %+v, %v; want it awaited", awaited, err)
	}
	wantStates(t, b, v, "webhook held")
	if d := take(t, b.Store); d.ID != "" {
		t.Errorf("took %+v, which is held", d)
	}
	if r, err := b.DeliverAgain(t.Context(), nameOf(v), true); err != nil || r.Answer != ledger.RedeliverHeld {
		t.Errorf("got %+v, %v; want it held", r, err)
	}
	got, err := b.Approve(t.Context(), nameOf(v), "anna")
	if err != nil || got.Answer != ledger.Approved || got.By != "anna" || got.At.IsZero() || got.Released != 1 {
		t.Errorf("got %+v, %v; want it approved by anna", got, err)
	}
	again, err := b.Approve(t.Context(), nameOf(v), "boris")
	if err != nil || again.Answer != ledger.ApprovedBefore || again.By != "anna" || !again.At.Equal(got.At) {
		t.Errorf("got %+v, %v; want anna's approval of %s", again, err, got.At)
	}
	wantStates(t, b, v, "webhook waiting")
	given, err := b.Approvals(t.Context(), v.RunID)
	if err != nil || given[v.RunID].By != "anna" {
		t.Errorf("got %+v, %v; want it approved by anna", given, err)
	}
	if _, err := b.sql.Exec(t.Context(), `UPDATE monthend.approvals SET approved_by = 'mallory'`); err == nil {
		t.Error("an approval was rewritten")
	}
}

func TestApproveRefused(t *testing.T) {
	b := setup(t)
	if _, err := b.Approve(t.Context(), report.VersionName{Key: march, Number: 1}, "anna"); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("got %v, want no such version", err)
	}
	first := b.publishTo(t, mustClaim(t, b.Store, b.ask()), false)
	second := b.deliver(t, true, hook) // a restatement, asked for by controller
	if got, err := b.Approve(t.Context(), nameOf(first), "anna"); err != nil || got.Answer != ledger.ApproveSuperseded || got.Current != 2 {
		t.Errorf("got %+v, %v; want it superseded by 2", got, err)
	}
	if got, err := b.Approve(t.Context(), nameOf(second), " Controller"); err != nil || got.Answer != ledger.ApproveOwn || got.By != "" {
		t.Errorf("got %+v, %v; want whoever asked refused", got, err)
	}
	wantStates(t, b, second, "webhook held")
	if got, err := b.Approve(t.Context(), nameOf(second), "anna"); err != nil || got.Answer != ledger.Approved || got.Released != 1 {
		t.Errorf("got %+v, %v; want it approved", got, err)
	}
	if r, err := b.DeliverAgain(t.Context(), nameOf(first), true); err != nil || r.Answer != ledger.RedeliverSuperseded {
		t.Errorf("got %+v, %v; want it superseded", r, err)
	}
}

// Nobody but the definition asks for an approval, but anybody may give one.
func TestApproveUnasked(t *testing.T) {
	b := setup(t)
	v := b.publishTo(t, mustClaim(t, b.Store, b.ask()), false)
	if got, err := b.Approve(t.Context(), nameOf(v), "anna"); err != nil || got.Answer != ledger.Approved || got.Released != 0 {
		t.Errorf("got %+v, %v; want it approved", got, err)
	}
	if r, err := b.DeliverAgain(t.Context(), nameOf(v), false); err != nil || r.Answer != ledger.RedeliverNone {
		t.Errorf("got %+v, %v; want none", r, err)
	}
}
