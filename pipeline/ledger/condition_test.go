package ledger_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

// untold are the names of what nobody has been told of.
func (b *bench) untold(t *testing.T) []string {
	t.Helper()
	conditions, err := b.Untold(t.Context(), 100)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{}
	for _, c := range conditions {
		names = append(names, c.Name)
	}
	return names
}

// The end of a run is noted with it: by whichever door it ends, once, and only where something went wrong.
func TestEndIsNoted(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	month := time.January
	next := func() ledger.Claim { // of another month: one run a key
		ask := b.ask()
		ask.Key.Period.Month, month = month, month+1
		return mustClaim(t, b.Store, ask)
	}
	failed := next()
	ending := ledger.Ending{Outcome: report.Failed, Err: errors.New(`query "x": no such table`), RecordsExtracted: 7, RecordsRejected: 2}
	for range 2 { // a repeated call finds the end
		if err := b.End(ctx, failed, ending); err != nil {
			t.Fatal(err)
		}
	}
	dataFailed := next()
	if err := b.End(ctx, dataFailed, ledger.Ending{Outcome: report.DataFailed, Err: errors.New("the gate is shut")}); err != nil {
		t.Fatal(err)
	}
	for _, outcome := range []report.Outcome{report.Unchanged, report.Cancelled} {
		if err := b.End(ctx, next(), ledger.Ending{Outcome: outcome}); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Release(ctx, next(), errors.New("a transient error")); err != nil {
		t.Fatal(err)
	}
	// A message that turned bad takes the run that nobody works on with it.
	ask := b.ask()
	ask.Key.Period.Month = time.December
	abandoned := mustClaim(t, b.Store, ask)
	b.expire(t, abandoned.RunID)
	if _, err := b.Refuse(ctx, ledger.Refusal{RequestID: ask.RequestID, Report: ask.Key.Report, Period: ask.Key.Period.String(), Reason: "bad"}); err != nil {
		t.Fatal(err)
	}
	want := []string{"failed/" + failed.RunID, "data_failed/" + dataFailed.RunID, "failed/" + abandoned.RunID}
	if diff := cmp.Diff(want, b.untold(t)); diff != "" {
		t.Errorf("noted (-want +got):\n%s", diff)
	}
	all, err := b.Untold(ctx, 1)
	if err != nil || len(all) != 1 {
		t.Fatalf("got %+v, %v", all, err)
	}
	got := all[0]
	if got.NotedAt.IsZero() {
		t.Error("it was noted at no time")
	}
	got.NotedAt = time.Time{}
	wantFirst := ledger.Condition{Name: want[0], Kind: report.AlertFailed, Key: failed.Key, RunID: failed.RunID, Attempt: 1,
		TraceID: "1-69b2a3c4-0123456789abcdef01234567", Why: `query "x": no such table`, Extracted: 7, Rejected: 2}
	if diff := cmp.Diff(wantFirst, got); diff != "" {
		t.Errorf("what is noted (-want +got):\n%s", diff)
	}

	// Attempted again and failed again, it is not noted again, told or not.
	if err := b.Told(ctx, want[0], 1); err != nil {
		t.Fatal(err)
	}
	again := b.ask()
	again.Key, again.Retry = failed.Key, failed.RunID
	if err := b.End(ctx, mustClaim(t, b.Store, again), ending); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want[1:], b.untold(t)); diff != "" {
		t.Errorf("after another attempt (-want +got):\n%s", diff)
	}
}

// A request that is refused has no run that could be noted: it is noted itself, once, where it names a report and a month. What
// became of all tenants is told by each of them.
func TestRefusalIsNoted(t *testing.T) {
	b := setup(t)
	refuse := func(id, name, period string) {
		t.Helper()
		for range 2 { // a repeated call finds the first
			if _, err := b.Refuse(t.Context(), ledger.Refusal{RequestID: id, Report: name, Period: period, Reason: "no such column"}); err != nil {
				t.Fatal(err)
			}
		}
	}
	refuse("no-month", march.Report, "previous-month")
	refuse("no-report", "Not A Name", "2026-03")
	refuse("no-such-month", march.Report, "2026-13")
	refuse("tenants-unknown", march.Report, "2026-03")
	b.fanOut(t, allTenants("parent", "anna", "bert"))
	b.work(t, "anna", "bert")
	if _, err := b.CloseFanouts(t.Context()); err != nil {
		t.Fatal(err)
	}
	if parent, err := b.Request(t.Context(), "parent"); err != nil || parent.Outcome != report.Failed {
		t.Fatalf("got parent %+v, %v; want failed", parent, err)
	}

	conditions, err := b.Untold(t.Context(), 10)
	if err != nil || len(conditions) != 3 {
		t.Fatalf("got %+v, %v; want the request and two runs", conditions, err)
	}
	got := conditions[0]
	got.NotedAt = time.Time{}
	want := ledger.Condition{Name: "failed/tenants-unknown", Kind: report.AlertFailed, Key: march, RequestID: "tenants-unknown", Why: "no such column"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what is noted (-want +got):\n%s", diff)
	}
	for _, c := range conditions[1:] {
		if c.RunID == "" || c.Key.Tenant == "" {
			t.Errorf("noted %+v, want a tenant's run", c)
		}
	}
}

func TestNote(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	due := time.Date(2026, 4, 8, 10, 0, 0, 0, time.UTC)
	c := ledger.Condition{Name: "overdue/monthly-financials/2026-03", Kind: report.AlertOverdue, Key: march, Why: "it had to be there", DueAt: due}
	for i := range 3 {
		if noted, err := b.Note(ctx, c); err != nil || noted != (i == 0) {
			t.Fatalf("time %d: got %v, %v", i+1, noted, err)
		}
	}
	got, err := b.Untold(ctx, 10)
	if err != nil || len(got) != 1 || !got[0].DueAt.Equal(due) {
		t.Fatalf("got %+v, %v", got, err)
	}
	if err := b.TellLater(ctx, c.Name, time.Hour); err != nil {
		t.Fatal(err)
	}
	if got := b.untold(t); len(got) != 0 {
		t.Errorf("put off: got %v", got)
	}
	b.exec(t, `UPDATE monthend.conditions SET next_at = clock_timestamp()`)
	if got := b.untold(t); len(got) != 1 {
		t.Errorf("later: got %v", got)
	}
	for range 2 {
		if err := b.Told(ctx, c.Name, 2); err != nil {
			t.Fatal(err)
		}
	}
	if n := b.number(t, `SELECT recipients FROM monthend.conditions WHERE told_at IS NOT NULL`); n != 2 {
		t.Errorf("%d recipients, want 2", n)
	}
	if noted, err := b.Note(ctx, c); err != nil || noted || len(b.untold(t)) != 0 {
		t.Errorf("what was told is noted again: %v, %v", noted, err)
	}
	if _, err := b.Note(ctx, ledger.Condition{Kind: report.AlertSlow}); err == nil {
		t.Error("a condition without a name is noted")
	}
}
