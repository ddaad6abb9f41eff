package ledger_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

func TestStanding(t *testing.T) {
	b := setup(t)
	look := func() ledger.Standing {
		t.Helper()
		n, err := b.Standing(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if diff := cmp.Diff(ledger.Standing{}, look()); diff != "" {
		t.Errorf("an empty ledger (-want +got):\n%s", diff)
	}

	month := func(m time.Month) report.Key {
		return report.Key{Report: "monthly-financials", Period: report.Period{Year: 2026, Month: m}}
	}
	claimOf := func(m time.Month) ledger.Claim {
		ask := b.ask()
		ask.Key = month(m)
		return mustClaim(t, b.Store, ask)
	}
	held, released, expired := claimOf(time.January), claimOf(time.February), claimOf(time.March)
	ended := claimOf(time.April)
	if err := b.Release(t.Context(), released, nil); err != nil {
		t.Fatal(err)
	}
	b.expire(t, expired.RunID)
	if err := b.End(t.Context(), ended, ledger.Ending{Outcome: report.Unchanged}); err != nil {
		t.Fatal(err)
	}
	exec := func(sql string, args ...any) {
		t.Helper()
		if _, err := b.sql.Exec(t.Context(), sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	exec(`UPDATE monthend.runs SET started_at = clock_timestamp() - interval '10 minutes' WHERE run_id = $1`, held.RunID)
	for _, id := range []string{"posted-1", "posted-2", "posted-3"} {
		if err := b.Post(t.Context(), ledger.Posting{RequestID: id, Key: month(time.May), Body: []byte("{}")}); err != nil {
			t.Fatal(err)
		}
	}
	exec(`UPDATE monthend.outbox SET created_at = created_at - interval '1 hour' WHERE request_id = 'posted-1'`)
	exec(`UPDATE monthend.outbox SET sent_at = clock_timestamp(), sends = 1 WHERE request_id = 'posted-3'`)
	desk := report.Delivery{Webhook: &report.Webhook{URL: "https://desk.example/hook", SecretEnv: "SECRET"}}
	for _, condition := range []string{"failed/1", "failed/2", "failed/3"} {
		if _, err := b.PostAlert(t.Context(), ledger.Alert{Condition: condition, Body: []byte("{}"), Recipients: []report.Delivery{desk}}); err != nil {
			t.Fatal(err)
		}
	}
	exec(`UPDATE monthend.deliveries SET state = 'failed', ended_at = clock_timestamp() WHERE condition = 'failed/1'`)
	exec(`UPDATE monthend.deliveries SET state = 'failed', ended_at = clock_timestamp() - interval '2 days' WHERE condition = 'failed/2'`)

	got := look()
	if got.ClaimAge < 10*time.Minute || got.ClaimAge > 11*time.Minute || got.OutboxAge < time.Hour || got.OutboxAge > 61*time.Minute {
		t.Errorf("ages: %s, %s", got.ClaimAge, got.OutboxAge)
	}
	got.ClaimAge, got.OutboxAge = 0, 0
	want := ledger.Standing{Held: 1, Expired: 1, Waiting: 1, OutboxPending: 2, DeliveriesWaiting: 1, DeliveriesFailed: 1}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what is open (-want +got):\n%s", diff)
	}
}
