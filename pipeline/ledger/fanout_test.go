package ledger_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

// allTenants is an asking for March of every tenant.
func allTenants(id string, tenants ...string) ledger.FanOut {
	return ledger.FanOut{
		RequestID: id, Job: report.Job{Report: march.Report, Period: "2026-03", RequestedBy: "controller", RequestID: id},
		Period: march.Period, TraceHeader: "Root=1-69b2a3c4-0123456789abcdef01234567", Tenants: tenants,
	}
}

func (b *bench) fanOut(t testing.TB, f ledger.FanOut) ledger.FanoutState {
	t.Helper()
	state, err := b.FanOut(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// claimChild claims what a posted message asks for.
func (b *bench) claimChild(t testing.TB, p ledger.Posting) ledger.Answer {
	t.Helper()
	job, err := report.DecodeJob(p.Body)
	if err != nil {
		t.Fatal(err)
	}
	if job.RequestID != p.RequestID || job.Tenant != p.Key.Tenant || job.Report != p.Key.Report || job.Period != p.Key.Period.String() {
		t.Errorf("message %+v is not of posting %+v", job, p)
	}
	return claim(t, b.Store, ledger.Ask{RequestID: job.RequestID, Key: p.Key, Restate: job.Restate, Reason: job.Reason, Retry: job.Retry,
		RequestedBy: job.RequestedBy})
}

// work sends what is due and ends each child: badly if its tenant is among the bad.
func (b *bench) work(t testing.TB, bad ...string) (tenants []string) {
	t.Helper()
	postings, err := b.Pick(t.Context(), turn)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range postings {
		tenants = append(tenants, p.Key.Tenant)
		answer := b.claimChild(t, p)
		switch {
		case answer.Kind == ledger.Settled:
		case slices.Contains(bad, p.Key.Tenant):
			err = b.End(t.Context(), answer.Claim, ledger.Ending{Outcome: report.Failed, Err: errors.New("the source broke")})
		default:
			mustPublish(t, b.Store, answer.Claim)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(tenants)
	return tenants
}

// pickByTenant takes the n messages that are due, in the order of their tenants.
func (b *bench) pickByTenant(t testing.TB, n int) []ledger.Posting {
	t.Helper()
	postings, err := b.Pick(t.Context(), turn)
	if err != nil || len(postings) != n {
		t.Fatalf("got %d messages, %v; want %d", len(postings), err, n)
	}
	slices.SortStableFunc(postings, func(x, y ledger.Posting) int { return strings.Compare(x.Key.Tenant, y.Key.Tenant) })
	return postings
}

func (b *bench) closed(t testing.TB, id string) ledger.Fanout {
	t.Helper()
	if _, err := b.CloseFanouts(t.Context()); err != nil {
		t.Fatal(err)
	}
	fanout, err := b.Fanout(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return fanout
}

// Fault 43, as the ledger sees it: one of many fails, the others stand, it alone is asked for again.
func TestFanOut(t *testing.T) {
	b := setup(t)
	ask := allTenants("parent", "a", "b", "c")
	for range 2 { // a redelivery changes nothing
		if state := b.fanOut(t, ask); state != ledger.FanoutOpen {
			t.Fatalf("got %q, want it open", state)
		}
	}
	if request := b.request(t, "parent"); request.Outcome != "" || request.RunID != "" || request.RequestedBy != "controller" {
		t.Errorf("got %+v, want an open request without a run", request)
	}
	if got := b.work(t, "b"); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Fatalf("asked for %v, want each tenant once", got)
	}
	got := b.closed(t, "parent")
	want := ledger.Fanout{RequestID: "parent", Report: march.Report, Period: march.Period, RequestedBy: "controller",
		State: ledger.FanoutPartial, Outcome: report.Failed, Tenants: 3, Children: map[report.Outcome]int{"published": 2, "failed": 1}, Rounds: 1, Closing: 1}
	got.CreatedAt, got.EndedAt = time.Time{}, time.Time{}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("parent (-want +got):\n%s", diff)
	}
	if request := b.request(t, "parent"); request.Error != "2 of 3 tenants done: 1 failed" {
		t.Errorf("got error %q", request.Error)
	}
	bad, err := b.Children(t.Context(), "parent", ledger.ChildFilter{Bad: true})
	if err != nil || len(bad) != 1 || bad[0].Tenant != "b" || bad[0].Error != "the source broke" {
		t.Fatalf("got %+v, %v; want b and why", bad, err)
	}

	n, err := b.Again(t.Context(), "parent", "controller", "")
	if err != nil || n != 1 {
		t.Fatalf("asked again for %d, %v; want 1", n, err)
	}
	if fanout := b.closed(t, "parent"); fanout.State != ledger.FanoutOpen || fanout.Ended() != 2 {
		t.Errorf("got %+v, want it open again with two done", fanout)
	}
	if got := b.work(t); !slices.Equal(got, []string{"b"}) {
		t.Errorf("asked again for %v, want b alone", got)
	}
	if fanout := b.closed(t, "parent"); fanout.State != ledger.FanoutDone || fanout.Good() != 3 || fanout.Outcome != report.Failed {
		t.Errorf("got %+v, want it done; its request keeps its outcome", fanout)
	}
	run, err := b.Run(t.Context(), bad[0].RunID)
	if err != nil || run.Attempt != 2 || run.Outcome != report.Published {
		t.Errorf("got %+v, %v; want the same run attempted again", run, err)
	}
	if n, err := b.Again(t.Context(), "parent", "controller", ""); n != 0 || err != nil {
		t.Errorf("asked again for %d, %v, want none: all are done", n, err)
	}
}

// What is published is not asked for again, nor what an earlier parent is at; a restatement asks for all.
func TestFanOutSpares(t *testing.T) {
	b := setup(t)
	b.fulfil(t, "before", "a", 0)
	b.fanOut(t, allTenants("first", "a", "b", "c"))
	if got := b.closed(t, "first"); got.Children[report.Duplicate] != 1 || got.Children[""] != 2 {
		t.Errorf("got %+v, want the published one done", got)
	}
	b.fanOut(t, allTenants("second", "a", "b", "c", "d"))
	if n := b.number(t, `SELECT count(*) FROM monthend.outbox WHERE done_at IS NULL`); n != 3 {
		t.Errorf("got %d messages, want one for each of b, c and d", n)
	}
	b.work(t, "c")
	for _, id := range []string{"first", "second"} {
		if got := b.closed(t, id); got.State != ledger.FanoutPartial || got.Children[report.Failed] != 1 {
			t.Errorf("%s: got %+v, want c failed alone", id, got)
		}
	}
	if _, err := b.Again(t.Context(), "first", "", ""); err != nil {
		t.Fatal(err)
	}
	b.work(t)
	for _, id := range []string{"first", "second"} { // one and the same run
		if got := b.closed(t, id); got.State != ledger.FanoutDone {
			t.Errorf("%s: got %+v, want it done", id, got)
		}
	}
	if state := b.fanOut(t, allTenants("third", "a", "b", "c", "d")); state != ledger.FanoutDone {
		t.Errorf("got %q, want it done at once", state)
	}
	if got := b.request(t, "third"); got.Outcome != report.Published {
		t.Errorf("got %+v, want its request ended with it", got)
	}
	again := allTenants("fourth", "a", "b")
	again.Job.Restate, again.Job.Reason = true, "late rows"
	b.fanOut(t, again)
	if got := b.work(t); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("restated %v, want a and b", got)
	}
	if n := b.number(t, `SELECT count(*) FROM monthend.versions WHERE reason = 'late rows'`); n != 2 {
		t.Errorf("got %d restated versions, want 2", n)
	}
}

// A run of a child that is attempted again on its own account mends its parent.
func TestFanOutFollowsRetry(t *testing.T) {
	b := setup(t)
	b.fanOut(t, allTenants("parent", "a", "b"))
	b.work(t, "b")
	b.closed(t, "parent")
	bad, err := b.Children(t.Context(), "parent", ledger.ChildFilter{Bad: true})
	if err != nil || len(bad) != 1 {
		t.Fatal(bad, err)
	}
	retry := b.ask()
	retry.Key.Tenant, retry.Retry = "b", bad[0].RunID
	mustPublish(t, b.Store, mustClaim(t, b.Store, retry))
	if got := b.closed(t, "parent"); got.State != ledger.FanoutDone || got.Closing != 2 {
		t.Errorf("got %+v, want it done", got)
	}
}

func TestFanOutRefuses(t *testing.T) {
	b := setup(t)
	b.fulfil(t, "taken", "", 0)
	if _, err := b.FanOut(t.Context(), allTenants("taken", "a")); err != nil {
		t.Errorf("got %v, want nothing done: it has ended", err)
	}
	other := allTenants("parent", "a")
	b.fanOut(t, other)
	other.Period = march.Period.Add(1)
	if _, err := b.FanOut(t.Context(), other); !errors.Is(err, ledger.ErrRequestReused) {
		t.Errorf("got %v, want ErrRequestReused", err)
	}
	if _, err := b.CancelRequest(t.Context(), "early", "controller", true); err != nil {
		t.Fatal(err)
	}
	if state := b.fanOut(t, allTenants("early", "a")); state != "" {
		t.Errorf("got %q, want nothing asked: it was cancelled before", state)
	}
	if _, err := b.Fanout(t.Context(), "early"); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("got %v, want no parent", err)
	}
}

// Children that end on many workers at once close their parent once, and none waits for another.
func TestFanOutRace(t *testing.T) {
	b := setup(t)
	tenants := make([]string, 24)
	for i := range tenants {
		tenants[i] = fmt.Sprintf("t%02d", i)
	}
	b.fanOut(t, allTenants("parent", tenants...))
	postings, err := b.Pick(t.Context(), turn)
	if err != nil {
		t.Fatal(err)
	}
	var closed int
	var mu sync.Mutex
	var wg sync.WaitGroup
	for w := range 3 {
		worker := b.open(t, fmt.Sprintf("racer-%d", w))
		wg.Go(func() {
			for _, p := range postings[w*8 : w*8+8] {
				answer, err := worker.Claim(t.Context(), ledger.Ask{RequestID: p.RequestID, Key: p.Key})
				if err == nil {
					err = worker.End(t.Context(), answer.Claim, ledger.Ending{Outcome: report.Unchanged})
				}
				ids, closeErr := worker.CloseFanouts(t.Context())
				if err := errors.Join(err, closeErr); err != nil {
					t.Error(err)
				}
				mu.Lock()
				closed += len(ids)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	fanout := b.closed(t, "parent")
	if fanout.State != ledger.FanoutDone || fanout.Closing != 1 || closed > 1 {
		t.Errorf("got %+v closed %d times, want it done once", fanout, closed)
	}
}

// Thousands of tenants are one statement, and a turn among them is found without reading them all.
func TestFanOutOfThousands(t *testing.T) {
	b := setup(t)
	tenants := make([]string, 2_000)
	for i := range tenants {
		tenants[i] = fmt.Sprintf("tenant-%05d", i)
	}
	b.fanOut(t, allTenants("parent", tenants...))
	if got := b.pick(t, turn); len(got) != turn.Most {
		t.Errorf("picked %d, want %d", len(got), turn.Most)
	}
	if _, err := b.CancelRequest(t.Context(), "parent", "controller", false); err != nil {
		t.Fatal(err)
	}
	if got := b.closed(t, "parent"); got.Outcome != report.Cancelled || got.Children[report.Cancelled] != len(tenants) {
		t.Errorf("got %+v, want all cancelled", got)
	}
}
