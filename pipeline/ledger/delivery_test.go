package ledger_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

var (
	hook   = report.Delivery{Webhook: &report.Webhook{URL: "https://hooks.example.com/month", SecretEnv: "MONTHEND_WEBHOOK_SECRET"}}
	folder = report.Delivery{Directory: "s3://shared/finance", Formats: []string{"pdf"}}
	taking = ledger.Taking{Lease: time.Minute, MostTries: 3, MostTime: time.Hour}
)

// deliver publishes the next version with these recipients.
func (b *bench) deliver(t testing.TB, approve bool, to ...report.Delivery) ledger.Version {
	t.Helper()
	c := mustClaim(t, b.Store, b.restatement("late rows"))
	return b.publishTo(t, c, approve, to...)
}

func (b *bench) publishTo(t testing.TB, c ledger.Claim, approve bool, to ...report.Delivery) ledger.Version {
	t.Helper()
	number, err := b.AllocateVersion(t.Context(), c, 0)
	if err != nil {
		t.Fatal(err)
	}
	p := publication(number)
	p.Approve, p.Deliver = approve, to
	version, err := b.Publish(t.Context(), c, p)
	if err != nil {
		t.Fatal(err)
	}
	return version
}

// take takes a delivery; the zero one when none is due.
func take(t testing.TB, s *ledger.Store) ledger.Delivery {
	t.Helper()
	d, _, err := s.TakeDelivery(t.Context(), taking)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (b *bench) end(t testing.TB, d ledger.Delivery, e ledger.TryEnd) {
	t.Helper()
	if err := b.EndTry(t.Context(), d, e); err != nil {
		t.Fatal(err)
	}
}

// states are those of a version's deliveries, in the order of Deliveries.
func (b *bench) states(t testing.TB, v ledger.Version) []string {
	t.Helper()
	list, err := b.Deliveries(t.Context(), v.RunID)
	if err != nil {
		t.Fatal(err)
	}
	got := []string{}
	for _, d := range list {
		got = append(got, strings.TrimSpace(d.Recipient.Kind()+" "+string(d.State)+" "+d.Error))
	}
	return got
}

func wantStates(t testing.TB, b *bench, v ledger.Version, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, b.states(t, v)); diff != "" {
		t.Errorf("deliveries of version %d (-want +got):\n%s", v.Number, diff)
	}
}

func TestDeliveriesOfAPublication(t *testing.T) {
	b := setup(t)
	c := mustClaim(t, b.Store, b.ask())
	v := b.publishTo(t, c, false, hook, folder)
	p := publication(v.Number)
	p.Deliver = []report.Delivery{hook, folder}
	if _, err := b.Publish(t.Context(), c, p); err != nil { // its answer was lost
		t.Fatal(err)
	}
	wantStates(t, b, v, "directory waiting", "webhook waiting")

	first, second := take(t, b.Store), take(t, b.open(t, "worker-2"))
	if first.ID == second.ID || first.ID == "" || second.ID == "" {
		t.Fatalf("two deliverers took %q and %q, want two deliveries", first.ID, second.ID)
	}
	if third := take(t, b.Store); third.ID != "" {
		t.Errorf("took %+v, want nothing: both are under lease", third)
	}
	both := []string{first.ID, second.ID}
	name := "monthly-financials/_/2026-03/v1"
	want := []string{hook.IdempotencyKey(name), folder.IdempotencyKey(name)}
	slices.Sort(both)
	slices.Sort(want)
	if diff := cmp.Diff(want, both); diff != "" {
		t.Errorf("ids (-want +got):\n%s", diff)
	}
	if first.Name() != name || first.Tries != 1 || first.Owner != "worker-1" || first.FirstAt.IsZero() || first.RunID != c.RunID {
		t.Errorf("got %+v, want the first try of %s", first, name)
	}
	if diff := cmp.Diff(folder, byKind(first, second, "directory").Recipient); diff != "" {
		t.Errorf("recipient (-want +got):\n%s", diff)
	}
}

func byKind(a, b ledger.Delivery, kind string) ledger.Delivery {
	if a.Recipient.Kind() == kind {
		return a
	}
	return b
}

func TestEndTry(t *testing.T) {
	b := setup(t)
	v := b.deliver(t, false, hook)
	d := take(t, b.Store)
	again := ledger.TryEnd{State: ledger.DeliveryWaiting, Err: errors.New("503"), TraceID: "1-2-3"}
	b.end(t, d, again)
	b.end(t, d, again) // its answer was lost
	wantStates(t, b, v, "webhook waiting 503")

	cut := take(t, b.Store)
	if cut.Tries != 2 || cut.TraceID != "1-2-3" {
		t.Errorf("got %+v, want the second try", cut)
	}
	b.end(t, cut, ledger.TryEnd{State: ledger.DeliveryWaiting, Cut: true})
	last := take(t, b.Store)
	if last.Tries != 2 {
		t.Errorf("try %d after one that was cut off, want 2", last.Tries)
	}
	if err := b.EndTry(t.Context(), cut, ledger.TryEnd{State: ledger.Delivered}); !errors.Is(err, ledger.ErrFenced) {
		t.Errorf("an older try ended with %v, want it fenced", err)
	}
	if err := b.RenewDelivery(t.Context(), cut, time.Minute); !errors.Is(err, ledger.ErrFenced) {
		t.Errorf("an older try was renewed: %v", err)
	}
	if err := b.RenewDelivery(t.Context(), last, time.Minute); err != nil {
		t.Error(err)
	}
	b.end(t, last, ledger.TryEnd{State: ledger.Delivered})
	wantStates(t, b, v, "webhook delivered")
	if got := take(t, b.Store); got.ID != "" {
		t.Errorf("took %+v after its end", got)
	}
}

// What is not over in time, or killed each time, ends all the same, and is told of once.
func TestTriesEnd(t *testing.T) {
	b := setup(t)
	v := b.deliver(t, false, hook)
	for range taking.MostTries {
		take(t, b.Store)
		b.exec(t, `UPDATE monthend.deliveries SET lease_until = clock_timestamp() - interval '1 second'`) // its deliverer was killed
	}
	if d := take(t, b.Store); d.State != ledger.DeliveryFailed || !strings.Contains(d.Error, "given up after 3 tries since ") {
		t.Errorf("got %+v, want it given up", d)
	}
	if d := take(t, b.Store); d.ID != "" {
		t.Errorf("got %+v a second time", d)
	}
	if r, err := b.DeliverAgain(t.Context(), nameOf(v), false); err != nil || r.Answer != ledger.RedeliverDone || r.Begun != 1 {
		t.Errorf("got %+v, %v; want one begun anew", r, err)
	}
	b.end(t, take(t, b.Store), ledger.TryEnd{State: ledger.DeliveryWaiting, Err: errors.New("503")})
	b.exec(t, `UPDATE monthend.deliveries SET first_at = first_at - interval '61 minutes'`)
	if d := take(t, b.Store); d.State != ledger.DeliveryFailed || !strings.HasSuffix(d.Error, ": 503") {
		t.Errorf("got %+v, want it given up for its age", d)
	}
}

func nameOf(v ledger.Version) report.VersionName {
	return report.VersionName{Key: v.Key, Number: v.Number}
}

func TestSuperseded(t *testing.T) {
	b := setup(t)
	first := b.deliver(t, true, folder, hook)
	if _, err := b.Approve(t.Context(), nameOf(first), "anna"); err != nil {
		t.Fatal(err)
	}
	under := take(t, b.Store) // under way when the next is published
	second := b.deliver(t, false, folder, hook)
	for _, state := range b.states(t, first) {
		if !strings.HasSuffix(state, "waiting") && !strings.HasSuffix(state, "skipped superseded by version 2") {
			t.Errorf("got %q, want it under way or skipped", state)
		}
	}
	other := take(t, b.Store)
	if other.Version != 2 || other.Target == under.Target {
		t.Errorf("took %s of version %d while version 1 is brought to %s; want the other target", other.Target, other.Version, under.Target)
	}
	if d := take(t, b.Store); d.ID != "" {
		t.Errorf("took %+v, want it to wait for the older version's end", d)
	}
	// It never ends: its deliverer was killed.
	b.exec(t, `UPDATE monthend.deliveries SET lease_until = clock_timestamp() - interval '1 second' WHERE delivery_id = $1`, under.ID)
	seen := map[ledger.DeliveryState]int{}
	for range 2 {
		d := take(t, b.Store)
		seen[d.State] = d.Version
	}
	if diff := cmp.Diff(map[ledger.DeliveryState]int{ledger.DeliverySkipped: 1, ledger.DeliveryWaiting: 2}, seen); diff != "" {
		t.Errorf("taken (-want +got):\n%s", diff)
	}
	if r, err := b.DeliverAgain(t.Context(), nameOf(first), true); err != nil || r.Answer != ledger.RedeliverSuperseded || r.Current != 2 {
		t.Errorf("got %+v, %v; want it superseded by 2", r, err)
	}
	b.end(t, other, ledger.TryEnd{State: ledger.Delivered})
	// The deliverer of version 1 wakes up and may have written over version 2.
	stale := other
	stale.Version = 1
	if err := b.RenewTarget(t.Context(), stale); err != nil {
		t.Fatal(err)
	}
	if d := take(t, b.Store); d.ID != other.ID {
		t.Errorf("took %+v, want version 2 brought once more", d)
	}
	_ = second
}

func TestTwoTakersAtOnce(t *testing.T) {
	b := setup(t)
	var to []report.Delivery
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		to = append(to, report.Delivery{Email: &report.Email{To: name + "@example.com"}})
	}
	b.deliver(t, false, to...)
	var mutex sync.Mutex
	taken := map[string]int{}
	var takers sync.WaitGroup
	for _, owner := range []string{"x", "y", "z"} {
		s := b.open(t, owner)
		takers.Go(func() {
			for range 40 { // another's lock makes a look come back empty
				d, ok, err := s.TakeDelivery(t.Context(), taking)
				if err != nil {
					t.Error(err)
				}
				if ok {
					mutex.Lock()
					taken[d.ID]++
					mutex.Unlock()
				}
			}
		})
	}
	takers.Wait()
	if len(taken) != len(to) {
		t.Errorf("%d deliveries were taken, want %d", len(taken), len(to))
	}
	for id, n := range taken {
		if n != 1 {
			t.Errorf("%s was taken %d times", id, n)
		}
	}
}

func TestPostAlert(t *testing.T) {
	b := setup(t)
	alert := ledger.Alert{Condition: "failed/run_1", Key: march, RunID: "run_1", Title: "it failed", Body: []byte(`{"event":"failed"}`),
		Recipients: []report.Delivery{hook}}
	for i, want := range []bool{true, false} {
		if got, err := b.PostAlert(t.Context(), alert); err != nil || got != want {
			t.Errorf("post %d: got %t, %v; want %t", i+1, got, err, want)
		}
	}
	alert.Recipients = append(alert.Recipients, report.Delivery{Email: &report.Email{To: "ops@example.com"}})
	if got, err := b.PostAlert(t.Context(), alert); err != nil || !got {
		t.Errorf("got %t, %v; want the new recipient told", got, err)
	}
	b.deliver(t, false) // a version supersedes no alert
	d := take(t, b.Store)
	if d.Kind != ledger.DeliveryOfAlert || d.Name() != "failed/run_1" || d.Body != `{"event":"failed"}` || d.Report != march.Report {
		t.Errorf("got %+v, want the alert", d)
	}
	for _, wrong := range []ledger.Alert{{Body: []byte(`{}`), Recipients: alert.Recipients}, {Condition: "x", Body: []byte(`{`), Recipients: alert.Recipients},
		{Condition: "x", Body: []byte(`{}`), Recipients: []report.Delivery{{}}}} {
		if _, err := b.PostAlert(t.Context(), wrong); err == nil {
			t.Errorf("%+v was posted", wrong)
		}
	}
}

func TestUndelivered(t *testing.T) {
	b := setup(t)
	want := func(want ledger.Undelivered) {
		t.Helper()
		got, err := b.Undelivered(t.Context())
		if err != nil || (got.Oldest > 0) != (want.Waiting > 0) {
			t.Errorf("got %+v, %v", got, err)
		}
		got.Oldest = 0
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("undelivered (-want +got):\n%s", diff)
		}
	}
	want(ledger.Undelivered{})
	v := b.publishTo(t, mustClaim(t, b.Store, b.ask()), true, hook, folder)
	want(ledger.Undelivered{Held: 2})
	if _, err := b.Approve(t.Context(), nameOf(v), "anna"); err != nil {
		t.Fatal(err)
	}
	want(ledger.Undelivered{Waiting: 2})
	b.end(t, take(t, b.Store), ledger.TryEnd{State: ledger.DeliveryFailed, Err: errors.New("410")})
	b.end(t, take(t, b.Store), ledger.TryEnd{State: ledger.Delivered})
	want(ledger.Undelivered{Failed: 1})
	b.deliver(t, false) // what failed of an older version is nobody's any more
	want(ledger.Undelivered{})
}
