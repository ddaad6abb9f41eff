package ledger_test

import (
	"bytes"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

// turn is a drain's that takes all it can get, with K = 2.
var turn = ledger.Turn{Most: 100, Tenant: 2, Tenants: 1000, Held: time.Minute}

func posting(id, tenant string) ledger.Posting {
	key := march
	key.Tenant = tenant
	return ledger.Posting{RequestID: id, Key: key, Body: []byte(`{"v":1}`)}
}

func (b *bench) post(t testing.TB, tenant string, ids ...string) {
	t.Helper()
	for _, id := range ids {
		if err := b.Post(t.Context(), posting(id, tenant)); err != nil {
			t.Fatal(err)
		}
	}
}

// pick is the request ids of one pick.
func (b *bench) pick(t testing.TB, turn ledger.Turn) []string {
	t.Helper()
	postings, err := b.Pick(t.Context(), turn)
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]string, 0, len(postings))
	for _, p := range postings {
		ids = append(ids, p.RequestID)
	}
	return ids
}

func (b *bench) sent(t testing.TB, lost time.Duration, ids ...string) {
	t.Helper()
	messages := map[string]string{}
	for _, id := range ids {
		messages[id] = "message of " + id
	}
	if err := b.Sent(t.Context(), messages, lost); err != nil {
		t.Fatal(err)
	}
}

// fulfil ends a request of a tenant by publishing its month.
func (b *bench) fulfil(t testing.TB, id, tenant string, month int) {
	t.Helper()
	ask := b.ask()
	ask.RequestID, ask.Key.Tenant, ask.Key.Period = id, tenant, march.Period.Add(month)
	mustPublish(t, b.Store, mustClaim(t, b.Store, ask))
}

func TestPost(t *testing.T) {
	b := setup(t)
	want := posting("request-1", "alpha")
	want.TraceHeader, want.Apart = "Root=1-69b2a3c4-0123456789abcdef01234567", true
	previous := posting("request-2", "")
	previous.Key.Period = report.Period{}
	again := want
	again.Body, again.Apart = []byte(`{"v":2}`), false
	for _, p := range []ledger.Posting{want, again, previous} {
		if err := b.Post(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	got, err := b.Pick(t.Context(), turn)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]ledger.Posting{want, previous}, got); diff != "" {
		t.Errorf("picked (-want +got):\n%s", diff)
	}
	for name, bad := range map[string]ledger.Posting{
		"no id":     {Key: march, Body: []byte("x")},
		"no report": {RequestID: "a", Key: report.Key{Report: "../r"}, Body: []byte("x")},
		"no tenant": {RequestID: "a", Key: report.Key{Report: "r", Tenant: ".x"}, Body: []byte("x")},
		"no body":   {RequestID: "a", Key: march},
		"too long":  {RequestID: "a", Key: march, Body: bytes.Repeat([]byte("x"), report.MaxJobSize+1)},
		"no text":   {RequestID: "a", Key: march, Body: []byte("a\x00b")},
	} {
		if err := b.Post(t.Context(), bad); err == nil {
			t.Errorf("%s: posted, want it refused", name)
		}
	}
}

// A request is asked until it has its outcome, and never after.
func TestPickUntilOutcome(t *testing.T) {
	b := setup(t)
	b.fulfil(t, "ended-before", "", 0)
	b.post(t, "", "ended-before", "lost", "ends")
	if got, want := b.pick(t, turn), []string{"lost", "ends"}; !slices.Equal(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	if got := b.pick(t, turn); len(got) != 0 {
		t.Errorf("got %v while another drain sends them, want none", got)
	}
	b.sent(t, -time.Second, "lost", "ends")
	b.fulfil(t, "ends", "", 1)
	if got, want := b.pick(t, turn), []string{"lost"}; !slices.Equal(got, want) {
		t.Errorf("got %v after the time of a lost message, want %v", got, want)
	}
	b.sent(t, time.Hour, "lost")
	if got := b.pick(t, turn); len(got) != 0 {
		t.Errorf("got %v, want none before that time", got)
	}
	if n := b.number(t, `SELECT extract(epoch FROM due_at - sent_at)::bigint FROM monthend.outbox WHERE request_id = 'lost'`); n != 2*3600 {
		t.Errorf("got %d s after the second send, want twice the hour", n)
	}
	if n := b.number(t, `SELECT count(*) FROM monthend.outbox WHERE done_at IS NULL`); n != 1 {
		t.Errorf("got %d rows not done, want the lost one", n)
	}
}

// A crash between the send and the record of it: the row is due again once its drain cannot be at it any more.
func TestPickUnsent(t *testing.T) {
	b := setup(t)
	b.post(t, "alpha", "request-1")
	brief := turn
	brief.Held = 0
	for range 2 {
		if got := b.pick(t, brief); len(got) != 1 {
			t.Fatalf("got %v, want the row that nobody told of", got)
		}
	}
	// The message of the first send is being worked on, long after it was sent: that is not a lost one.
	b.sent(t, -time.Second, "request-1")
	ask := b.ask()
	ask.RequestID, ask.Key.Tenant = "request-1", "alpha"
	c := mustClaim(t, b.Store, ask)
	if got := b.pick(t, turn); len(got) != 0 {
		t.Errorf("got %v while a worker has it, want none", got)
	}
	b.exec(t, `UPDATE monthend.outbox SET due_at = clock_timestamp()`)
	b.expire(t, c.RunID)
	if got := b.pick(t, turn); len(got) != 1 {
		t.Errorf("got %v after its worker died with its message, want it", got)
	}
}

// The one with the fewest in the queue is next, then who was served longest ago; nobody has more than his share.
func TestPickTurns(t *testing.T) {
	b := setup(t)
	many := make([]string, 20)
	for i := range many {
		many[i] = fmt.Sprintf("many-%02d", i)
	}
	b.post(t, "many", many...)
	if got, want := b.pick(t, turn), many[:2]; !slices.Equal(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	b.sent(t, time.Hour, many[:2]...)
	b.post(t, "one", "one-00")
	b.post(t, "two", "two-00", "two-01", "two-02")
	b.post(t, "", "plain-00", "plain-01", "plain-02")
	narrow := turn
	narrow.Most = 2
	for _, want := range [][]string{
		{"one-00", "two-00", "plain-00", "plain-01"}, // one message each; no tenant is nobody's competitor
		{"two-01", "plain-02"},
		{},
	} {
		got := b.pick(t, narrow)
		if !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
		b.sent(t, time.Hour, got...)
	}
	b.fulfil(t, "many-00", "many", 0)
	b.fulfil(t, "two-00", "two", 0)
	narrow.Most = 1
	for _, want := range []string{"many-02", "two-02"} { // many was served before two
		if got := b.pick(t, narrow); !slices.Equal(got, []string{want}) {
			t.Errorf("got %v, want %s", got, want)
		}
		b.sent(t, time.Hour, want)
	}
	b.post(t, "three", "three-00", "three-01", "three-02")
	for _, test := range []struct{ tenants, want int }{{9, 0}, {11, 2}} { // five are in the queue
		narrow.Most, narrow.Tenants = 100, test.tenants
		if got := b.pick(t, narrow); len(got) != test.want {
			t.Errorf("got %v of %d in all, want %d", got, test.tenants, test.want)
		}
	}
}

// However many drains pick at once, a row is one's only and the shares hold.
func TestPickRace(t *testing.T) {
	b := setup(t)
	for i := range 30 {
		for _, tenant := range []string{"", "a", "b", "c"} {
			b.post(t, tenant, fmt.Sprintf("%s-%02d", tenant, i))
		}
	}
	small := turn
	small.Most = 7
	var mu sync.Mutex
	picked := map[string]int{}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 5 {
				postings, err := b.Pick(t.Context(), small)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				for _, p := range postings {
					picked[p.RequestID]++
					picked["of "+p.Key.Tenant]++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for what, n := range picked {
		if want := map[string]int{"of ": 30, "of a": 2, "of b": 2, "of c": 2}[what]; n != max(want, 1) {
			t.Errorf("%s: got %d, want %d", what, n, max(want, 1))
		}
	}
}

// Outcomes that come in any way end what was posted.
func TestOutboxDone(t *testing.T) {
	b := setup(t)
	b.post(t, "alpha", "refused", "cancelled", "joined", "claimed")
	if _, err := b.Refuse(t.Context(), ledger.Refusal{RequestID: "refused", Report: "monthly-financials", Reason: "bad job"}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.CancelRequest(t.Context(), "cancelled", "controller", true); err != nil {
		t.Fatal(err)
	}
	ask := b.ask()
	ask.RequestID, ask.Key.Tenant = "claimed", "alpha"
	c := mustClaim(t, b.Store, ask)
	ask.RequestID = "joined"
	if answer := claim(t, b.Store, ask); answer.Kind != ledger.Busy {
		t.Fatalf("got %+v, want it to wait", answer)
	}
	if n := b.number(t, `SELECT count(*) FROM monthend.outbox WHERE done_at IS NULL`); n != 2 {
		t.Errorf("got %d rows not done, want the two that wait for the run", n)
	}
	if err := b.End(t.Context(), c, ledger.Ending{Outcome: report.DataFailed}); err != nil {
		t.Fatal(err)
	}
	if n := b.number(t, `SELECT count(*) FROM monthend.outbox WHERE done_at IS NULL`); n != 0 {
		t.Errorf("got %d rows not done, want none", n)
	}
}

// What was fulfilled long ago is forgotten; what was not, never.
func TestPruneOutbox(t *testing.T) {
	b := setup(t)
	for _, id := range []string{"long-ago", "lately", "open"} {
		if err := b.Post(t.Context(), posting(id, id)); err != nil {
			t.Fatal(err)
		}
	}
	b.pick(t, turn)
	b.fulfil(t, "long-ago", "long-ago", 0)
	b.fulfil(t, "lately", "lately", 0)
	b.exec(t, `UPDATE monthend.outbox SET created_at = created_at - interval '1 year'`)
	b.exec(t, `UPDATE monthend.outbox SET done_at = done_at - interval '25 hours' WHERE request_id = 'long-ago'`)
	if n, err := b.PruneOutbox(t.Context(), 24*time.Hour); n != 1 || err != nil {
		t.Errorf("forgot %d, %v; want 1", n, err)
	}
	if n := b.number(t, `SELECT count(*) FROM monthend.outbox WHERE request_id IN ('lately', 'open')`); n != 2 {
		t.Errorf("%d are left of the others, want 2", n)
	}
}
