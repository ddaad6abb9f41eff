package ledger_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

// met is a firing of a schedule that has been known for a year and was due a minute ago.
func (b *bench) met(t testing.TB, schedule string) ledger.Firing {
	t.Helper()
	if _, err := b.Meet(t.Context(), schedule, "month", march.Report); err != nil {
		t.Fatal(err)
	}
	b.exec(t, `UPDATE monthend.schedules SET first_seen_at = first_seen_at - interval '1 year'`)
	return ledger.Firing{
		Schedule: schedule, Rhythm: "month", Report: march.Report, Period: march.Period, DueAt: b.now(t).Add(-time.Minute), CatchUp: 24 * time.Hour,
		RequestID: "of " + schedule, Body: []byte(`{"v":1}`), TraceHeader: "Root=1-69b2a3c4-0123456789abcdef01234567",
	}
}

func (b *bench) now(t testing.TB) time.Time {
	t.Helper()
	now, err := b.Now(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return now
}

func (b *bench) fires(t testing.TB, f ledger.Firing, want ledger.Fired) {
	t.Helper()
	if got, err := b.Fire(t.Context(), f); err != nil || got != want {
		t.Errorf("%s of %s: got %q, %v, want %q", f.Period, f.Schedule, got, err, want)
	}
}

func TestMeet(t *testing.T) {
	b := setup(t)
	if since, err := b.SeenSince(t.Context(), "sales", "month"); err != nil || !since.IsZero() {
		t.Errorf("got %s, %v of a schedule that nobody has met", since, err)
	}
	first, err := b.Meet(t.Context(), "sales", "month", "sales")
	if err != nil {
		t.Fatal(err)
	}
	again, err := b.Meet(t.Context(), "sales", "month", "sales")
	if err != nil || !again.Equal(first) {
		t.Errorf("met again: got %s, %v, want %s", again, err, first)
	}
	other, err := b.Meet(t.Context(), "sales", "quarter from january", "sales")
	if err != nil || !other.After(first) {
		t.Errorf("in another rhythm: got %s, %v, want later than %s", other, err, first)
	}
	if since, err := b.SeenSince(t.Context(), "sales", "month"); err != nil || !since.Equal(first) {
		t.Errorf("looked up: got %s, %v, want %s", since, err, first)
	}
}

func TestFire(t *testing.T) {
	b := setup(t)
	f := b.met(t, "sales")
	unmet := f
	unmet.Rhythm = "year from april"
	b.fires(t, unmet, ledger.FiredUnseen)
	before := f
	before.DueAt = b.now(t).AddDate(-2, 0, 0)
	b.fires(t, before, ledger.FiredUnseen)
	early := f
	early.DueAt = b.now(t).Add(time.Hour)
	b.fires(t, early, ledger.FiredEarly)
	if n := b.number(t, `SELECT count(*) FROM monthend.firings`) + b.number(t, `SELECT count(*) FROM monthend.outbox`); n != 0 {
		t.Errorf("%d rows are written of what was not fired", n)
	}

	b.fires(t, f, ledger.FiredNow)
	b.fires(t, f, ledger.FiredNow) // its answer was lost: the same trace asks
	other := f
	other.TraceHeader = "Root=1-69b2a3c4-fedcba987654321001234567"
	b.fires(t, other, ledger.FiredBefore)
	other.DueAt = f.DueAt.Add(-time.Hour) // the rule was changed since
	b.fires(t, other, ledger.FiredBefore)
	if n := b.number(t, `SELECT count(*) FROM monthend.outbox WHERE request_id = 'of sales' AND tenant = '' AND period = '2026-03' AND trace_header = $1`, f.TraceHeader); n != 1 {
		t.Errorf("got %d messages promised, want one", n)
	}

	late := f
	late.Period, late.RequestID, late.DueAt = march.Period.Add(-1), "late", b.now(t).Add(-25*time.Hour)
	b.fires(t, late, ledger.FiredMissed)
	late.CatchUp = 48 * time.Hour // a longer window later asks for nothing twice
	b.fires(t, late, ledger.FiredBefore)
	if n := b.number(t, `SELECT count(*) FROM monthend.outbox`); n != 1 {
		t.Errorf("got %d messages, want none of what was missed", n)
	}
	firings, err := b.Firings(t.Context(), "sales")
	if err != nil || len(firings) != 2 || firings[0].Period != march.Period || firings[0].RequestID != "of sales" || firings[1].RequestID != "" {
		t.Errorf("got firings %+v, %v, want March and then February, missed", firings, err)
	}
}

// However many schedulers fire at once, the period is asked for once.
func TestFireRace(t *testing.T) {
	b := setup(t)
	f := b.met(t, "sales")
	var mu sync.Mutex
	var wg sync.WaitGroup
	got := map[ledger.Fired]int{}
	for i := range 8 {
		wg.Go(func() {
			mine := f
			mine.TraceHeader = fmt.Sprintf("Root=1-69b2a3c4-%024x", i)
			fired, err := b.Fire(t.Context(), mine)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			got[fired]++
			mu.Unlock()
		})
	}
	wg.Wait()
	if got[ledger.FiredNow] != 1 || got[ledger.FiredBefore] != 7 {
		t.Errorf("got %v, want one that fired", got)
	}
}

func TestFireRefuses(t *testing.T) {
	b := setup(t)
	f := b.met(t, "sales")
	f.RequestID = ""
	if fired, err := b.Fire(t.Context(), f); err == nil {
		t.Errorf("got %q without a request id", fired)
	}
}

func TestLastSuccess(t *testing.T) {
	b := setup(t)
	f := b.met(t, "monthly-financials")
	success := func() time.Time {
		t.Helper()
		last, err := b.LastSuccess(t.Context(), f.Schedule, march.Report, []int{3, 6})
		if err != nil {
			t.Fatal(err)
		}
		return last
	}
	if last := success(); !last.IsZero() {
		t.Errorf("got %s before any", last)
	}
	april := b.ask()
	april.Key.Period = march.Period.Add(1)
	mustPublish(t, b.Store, mustClaim(t, b.Store, april))
	if last := success(); !last.IsZero() {
		t.Errorf("got %s by a month that the schedule has not", last)
	}
	version := mustPublish(t, b.Store, mustClaim(t, b.Store, b.ask()))
	if last := success(); !last.Equal(version.PublishedAt) {
		t.Errorf("got %s, want when March was published, %s", last, version.PublishedAt)
	}
	b.fires(t, f, ledger.FiredNow)
	again := b.ask()
	again.RequestID = f.RequestID
	claim(t, b.Store, again) // a duplicate
	if last, ended := success(), b.request(t, f.RequestID).EndedAt; !last.Equal(ended) {
		t.Errorf("got %s, want when the firing was answered, %s", last, ended)
	}
}

func TestUnpublished(t *testing.T) {
	b := setup(t)
	mustPublish(t, b.Store, mustClaim(t, b.Store, b.ask()))
	asked := []report.Period{march.Period.Add(1), march.Period, march.Period.Add(-1)}
	got, err := b.Unpublished(t.Context(), march.Report, asked)
	if err != nil || len(got) != 2 || got[0] != asked[0] || got[1] != asked[2] {
		t.Errorf("got %v, %v, want all but March, in the order asked", got, err)
	}
	if got, err := b.Unpublished(t.Context(), march.Report, nil); err != nil || len(got) != 0 {
		t.Errorf("got %v, %v of none", got, err)
	}
}

func TestBackfill(t *testing.T) {
	b := setup(t)
	past := b.now(t).Add(-time.Hour)
	fill := func(id string, months int, want ledger.Answered) {
		t.Helper()
		key := march
		key.Period = march.Period.Add(months)
		got, err := b.Backfill(t.Context(), ledger.Posting{RequestID: id, Key: key, Body: []byte(`{"v":1}`)}, past)
		if err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", key, got, err, want)
		}
		if seen, err := b.Answered(t.Context(), key); err != nil || want != ledger.AnsweredPosted && seen != want || seen == ledger.AnsweredMissing {
			t.Errorf("%s: looked up as %q, %v, want %q", key, seen, err, want)
		}
	}
	mustPublish(t, b.Store, mustClaim(t, b.Store, b.ask()))
	fill("first", 0, ledger.AnsweredPublished)
	running := b.ask()
	running.Key.Period = march.Period.Add(1)
	c := mustClaim(t, b.Store, running)
	fill("second", 1, ledger.AnsweredRunning)
	fill("third", 2, ledger.AnsweredPosted)
	fill("third", 2, ledger.AnsweredPosted) // its answer was lost
	fill("fourth", 2, ledger.AnsweredAsked)
	// What failed may be asked for anew.
	if err := b.End(t.Context(), c, ledger.Ending{Outcome: report.Failed}); err != nil {
		t.Fatal(err)
	}
	fill("fifth", 1, ledger.AnsweredPosted)
	ends := b.now(t).Add(time.Minute)
	if got, err := b.Backfill(t.Context(), posting("sixth", ""), ends); err != nil || got != ledger.AnsweredUnended {
		t.Errorf("of a month that goes on: got %q, %v", got, err)
	}
	if n := b.number(t, `SELECT count(*) FROM monthend.outbox`); n != 2 {
		t.Errorf("got %d messages promised, want 2", n)
	}
}

// A report with tenants is published when all of them are.
func TestUnpublishedTenants(t *testing.T) {
	b := setup(t)
	look := func(want ledger.Answered) {
		t.Helper()
		if got, err := b.Answered(t.Context(), march); err != nil || got != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
	look(ledger.AnsweredMissing)
	b.exec(t, `INSERT INTO monthend.requests (request_id, report, period, created_at) VALUES ('parent', $1, $2, now())`, march.Report, march.Period.String())
	b.exec(t, `INSERT INTO monthend.fanouts (request_id, tenants, created_at) VALUES ('parent', 2, now())`)
	look(ledger.AnsweredRunning)
	b.exec(t, `UPDATE monthend.fanouts SET state = 'partial', ended_at = now()`)
	look(ledger.AnsweredMissing)
	b.exec(t, `UPDATE monthend.fanouts SET state = 'done', ended_at = now()`)
	look(ledger.AnsweredPublished)
	if last, err := b.LastSuccess(t.Context(), "monthly-financials", march.Report, []int{3}); err != nil || last.IsZero() {
		t.Errorf("got last success %s, %v, want when all tenants had theirs", last, err)
	}
}
