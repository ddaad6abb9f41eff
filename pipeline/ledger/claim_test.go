package ledger_test

import (
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

func TestClaimNewRun(t *testing.T) {
	b := setup(t)
	ask := b.ask()
	ask.MessageID, ask.RequestedBy, ask.Schedule, ask.DefinitionDigest = "message-1", "analyst", "monthly", "d1"
	got := mustClaim(t, b.Store, ask)
	want := ledger.Claim{RunID: got.RunID, Key: march, Attempt: 1, Token: got.Token, Owner: "worker-1", RequestedBy: "analyst",
		Lease: ledger.DefaultLease}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("claim (-want +got):\n%s", diff)
	}
	run, err := b.Run(t.Context(), got.RunID)
	if err != nil {
		t.Fatal(err)
	}
	if !run.Running || run.Owner != "worker-1" || run.Key != march || run.Outcome != "" {
		t.Errorf("got run %+v, want it running under worker-1", run)
	}
	if left := run.LeaseUntil.Sub(run.StartedAt); left != ledger.DefaultLease {
		t.Errorf("got a lease of %s, want %s", left, ledger.DefaultLease)
	}
	wantRequest := ledger.Request{RequestID: ask.RequestID, RunID: got.RunID, Report: march.Report, Period: "2026-03",
		RequestedBy: "analyst", Schedule: "monthly", MessageID: "message-1"}
	if diff := cmp.Diff(wantRequest, b.request(t, ask.RequestID), cmpopts.IgnoreFields(ledger.Request{}, "CreatedAt")); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
	attempts, err := b.Attempts(t.Context(), got.RunID)
	if err != nil {
		t.Fatal(err)
	}
	wantAttempts := []ledger.Attempt{{Number: 1, Token: got.Token, Owner: "worker-1", TraceID: ask.TraceID, DefinitionDigest: "d1"}}
	if diff := cmp.Diff(wantAttempts, attempts, cmpopts.IgnoreFields(ledger.Attempt{}, "StartedAt")); diff != "" {
		t.Errorf("attempts (-want +got):\n%s", diff)
	}
}

func TestClaimRace(t *testing.T) {
	b := setup(t)
	const askers = 20
	other := b.open(t, "worker-2")
	answers := make([]ledger.Answer, askers)
	var wg sync.WaitGroup
	for i := range askers {
		store := []*ledger.Store{b.Store, other}[i%2]
		ask := b.ask()
		wg.Go(func() {
			answer, err := store.Claim(t.Context(), ask)
			if err != nil {
				t.Error(err)
			}
			answers[i] = answer
		})
	}
	wg.Wait()
	kinds := map[ledger.AnswerKind]int{}
	runs := map[string]bool{}
	for _, a := range answers {
		kinds[a.Kind]++
		runs[a.RunID] = true
	}
	if want := (map[ledger.AnswerKind]int{ledger.Claimed: 1, ledger.Busy: askers - 1}); !cmp.Equal(kinds, want) {
		t.Errorf("got %v, want %v", kinds, want)
	}
	if len(runs) != 1 {
		t.Errorf("got runs %v, want one", runs)
	}
}

// The same delivery twice at the same time, to two workers: faults 9 and 41.
func TestClaimRaceOfOneRequest(t *testing.T) {
	b := setup(t)
	ask := b.ask()
	var wg sync.WaitGroup
	kinds := make(chan ledger.AnswerKind, 10)
	for i := range cap(kinds) {
		store := b.open(t, "worker-"+strconv.Itoa(10+i))
		wg.Go(func() {
			answer, err := store.Claim(t.Context(), ask)
			if err != nil {
				t.Error(err)
			}
			kinds <- answer.Kind
		})
	}
	wg.Wait()
	close(kinds)
	claimed := 0
	for kind := range kinds {
		if kind == ledger.Claimed {
			claimed++
		}
	}
	if claimed != 1 {
		t.Errorf("got %d claims, want 1", claimed)
	}
}

func TestClaimBusy(t *testing.T) {
	b := setup(t)
	c := mustClaim(t, b.Store, b.ask())
	plain := b.ask()
	for waits := 1; waits <= 3; waits++ {
		got := claim(t, b.Store, plain)
		if got.Kind != ledger.Busy || got.RunID != c.RunID || got.Waits != waits {
			t.Errorf("got %+v, want busy with run %s for the %d. time", got, c.RunID, waits)
		}
		if got.RetryAfter <= 0 || got.RetryAfter > ledger.DefaultLease {
			t.Errorf("got %s to wait, want what is left of the lease", got.RetryAfter)
		}
	}
	if got := b.request(t, plain.RequestID); got.RunID != c.RunID || got.Waits != 3 {
		t.Errorf("got request %+v, want it joined to run %s", got, c.RunID)
	}
	restated := b.restatement("late rows")
	if got := claim(t, b.Store, restated); got.Kind != ledger.Busy {
		t.Errorf("got %+v, want busy", got)
	}
	if got := b.request(t, restated.RequestID); got.RunID != "" {
		t.Errorf("got a restatement joined to run %q, want it to wait", got.RunID)
	}
	if attempts, err := b.Attempts(t.Context(), c.RunID); err != nil || len(attempts) != 1 {
		t.Errorf("got attempts %+v, %v; want waiting to make none", attempts, err)
	}
}

func TestClaimTakesOver(t *testing.T) {
	b := setup(t)
	first := b.ask()
	old := mustClaim(t, b.Store, first)
	number, err := b.AllocateVersion(t.Context(), old, 0)
	if err != nil {
		t.Fatal(err)
	}
	b.expire(t, old.RunID)

	restated := b.restatement("late rows")
	if got := claim(t, b.Store, restated); got.Kind != ledger.Busy || got.RetryAfter != ledger.DefaultLease {
		t.Errorf("got %+v, want a restatement to wait for a run that is not its own", got)
	}
	// A request that joins only now may take over too: whoever comes first.
	c := mustClaim(t, b.open(t, "worker-2"), b.ask())
	if c.RunID != old.RunID || c.Attempt != 2 || c.Token <= old.Token || c.Version != number || c.Crashes != 1 {
		t.Errorf("got %+v, want the second attempt of run %s with a larger token, its version and one crash", c, old.RunID)
	}
	attempts, err := b.Attempts(t.Context(), old.RunID)
	if err != nil {
		t.Fatal(err)
	}
	if !attempts[0].Crashed || attempts[0].EndedAt.IsZero() || attempts[1].Crashed {
		t.Errorf("got %+v, want the first attempt ended by a crash", attempts)
	}
	if got := claim(t, b.Store, first); got.Kind != ledger.Busy {
		t.Errorf("got %+v, want the first request to meet the new lease", got)
	}
}

func TestClaimAfterRelease(t *testing.T) {
	b := setup(t)
	ask := b.ask()
	old := mustClaim(t, b.Store, ask)
	if err := b.Release(t.Context(), old, errors.New("source is down")); err != nil {
		t.Fatal(err)
	}
	c := mustClaim(t, b.Store, ask)
	if c.RunID != old.RunID || c.Attempt != 2 || c.Crashes != 0 {
		t.Errorf("got %+v, want the second attempt without a crash", c)
	}
}

func TestClaimPublishedKey(t *testing.T) {
	b := setup(t)
	first := b.ask()
	c := mustClaim(t, b.Store, first)
	mustPublish(t, b.Store, c)

	got := claim(t, b.Store, first)
	if want := (ledger.Answer{Kind: ledger.Settled, RunID: c.RunID, Outcome: report.Published}); !cmp.Equal(got, want) {
		t.Errorf("redelivery got %+v, want %+v", got, want)
	}
	second := b.ask()
	for range 2 {
		got = claim(t, b.Store, second)
		if want := (ledger.Answer{Kind: ledger.Settled, RunID: c.RunID, Outcome: report.Duplicate}); !cmp.Equal(got, want) {
			t.Errorf("second request got %+v, want %+v", got, want)
		}
	}
	if got := b.request(t, second.RequestID); got.Outcome != report.Duplicate || got.EndedAt.IsZero() {
		t.Errorf("got request %+v, want a duplicate", got)
	}
}

// A redelivery of an ended request changes no row.
func TestClaimSettledWritesNothing(t *testing.T) {
	b := setup(t)
	ask := b.ask()
	mustPublish(t, b.Store, mustClaim(t, b.Store, ask))
	const fingerprint = `SELECT (SELECT sum(hashtext(r::text || r.xmin::text)) FROM monthend.requests r)
		+ (SELECT sum(hashtext(r::text || r.xmin::text)) FROM monthend.runs r)
		+ (SELECT sum(hashtext(a::text || a.xmin::text)) FROM monthend.attempts a)`
	want := b.number(t, fingerprint)
	claim(t, b.Store, ask)
	if got := b.number(t, fingerprint); got != want {
		t.Errorf("got fingerprint %d, want %d", got, want)
	}
}

func TestClaimRestatement(t *testing.T) {
	b := setup(t)
	mustPublish(t, b.Store, mustClaim(t, b.Store, b.ask()))
	ask := b.restatement("late rows")
	c := mustClaim(t, b.Store, ask)
	if !c.Restate || c.Reason != "late rows" || c.RequestedBy != "controller" {
		t.Errorf("got %+v, want what the restatement said", c)
	}
	if got := claim(t, b.Store, b.ask()); got.Outcome != report.Duplicate {
		t.Errorf("got %+v, want a plain request answered while a restatement runs", got)
	}
	v := mustPublish(t, b.Store, c)
	if v.Number != 2 || v.Reason != "late rows" || v.Previous != publication(1).ContentDigest {
		t.Errorf("got %+v, want version 2 in place of version 1", v)
	}
	// A redelivered restatement never restates twice.
	if got := claim(t, b.Store, ask); got.Outcome != report.Published || got.RunID != c.RunID {
		t.Errorf("got %+v, want the first outcome", got)
	}
}

func TestClaimRetry(t *testing.T) {
	b := setup(t)
	c := mustClaim(t, b.Store, b.ask())
	number, err := b.AllocateVersion(t.Context(), c, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.End(t.Context(), c, ledger.Ending{Outcome: report.DataFailed, Err: errors.New("the gate is shut")}); err != nil {
		t.Fatal(err)
	}
	retry := b.ask()
	retry.Retry = c.RunID
	again := mustClaim(t, b.Store, retry)
	if again.RunID != c.RunID || again.Attempt != 2 || again.Version != number || again.Token <= c.Token {
		t.Errorf("got %+v, want the second attempt of run %s with version %d", again, c.RunID, number)
	}
	v := mustPublish(t, b.Store, again)
	if v.Number != number {
		t.Errorf("got version %d, want %d", v.Number, number)
	}
	late := b.ask()
	late.Retry = c.RunID
	if got := claim(t, b.Store, late); got.Outcome != report.Duplicate || got.RunID != c.RunID {
		t.Errorf("got %+v, want a retry of what is published to be a duplicate", got)
	}
	late = b.ask()
	late.Retry = "run_unheard_of"
	if _, err := b.Claim(t.Context(), late); !errors.Is(err, ledger.ErrRetryUnknown) {
		t.Errorf("got %v, want ErrRetryUnknown", err)
	}
	late = b.ask()
	late.Retry, late.Key.Tenant = c.RunID, "acme"
	if _, err := b.Claim(t.Context(), late); !errors.Is(err, ledger.ErrRetryUnknown) {
		t.Errorf("got %v, want ErrRetryUnknown for another tenant's run", err)
	}
}

func TestClaimRetryOfUnendedRun(t *testing.T) {
	b := setup(t)
	mustPublish(t, b.Store, mustClaim(t, b.Store, b.ask()))
	c := mustClaim(t, b.Store, b.restatement("late rows"))
	b.expire(t, c.RunID)
	// The restatement's own message is lost for good; a redrive names its run.
	retry := b.ask()
	retry.Retry = c.RunID
	if again := mustClaim(t, b.Store, retry); again.RunID != c.RunID || !again.Restate || again.Attempt != 2 {
		t.Errorf("got %+v, want the second attempt of run %s", again, c.RunID)
	}
}

// A restatement that failed is retried after another one was published: its own version could never be current.
func TestClaimRetryOvertaken(t *testing.T) {
	b := setup(t)
	mustPublish(t, b.Store, mustClaim(t, b.Store, b.ask()))
	failed := mustClaim(t, b.Store, b.restatement("late rows"))
	if number, err := b.AllocateVersion(t.Context(), failed, 0); err != nil || number != 2 {
		t.Fatalf("got %d, %v; want 2", number, err)
	}
	if err := b.End(t.Context(), failed, ledger.Ending{Outcome: report.Failed, Err: errors.New("disk full")}); err != nil {
		t.Fatal(err)
	}
	mustPublish(t, b.Store, mustClaim(t, b.Store, b.restatement("later rows")))
	retry := b.ask()
	retry.Retry = failed.RunID
	c := mustClaim(t, b.Store, retry)
	if c.RunID != failed.RunID || c.Version != 0 {
		t.Errorf("got %+v, want run %s without its old version", c, failed.RunID)
	}
	if v := mustPublish(t, b.Store, c); v.Number != 4 || v.Reason != "late rows" {
		t.Errorf("got %+v, want version 4", v)
	}
}

// An id stands for one asking: a second message under it cannot turn a plain request into a restatement.
func TestClaimKeepsWhatWasAsked(t *testing.T) {
	b := setup(t)
	ask := b.ask()
	c := mustClaim(t, b.Store, ask)
	if err := b.Release(t.Context(), c, errors.New("source is down")); err != nil {
		t.Fatal(err)
	}
	mustPublish(t, b.Store, mustClaim(t, b.Store, b.ask()))
	waiting := b.restatement("late rows")
	c = mustClaim(t, b.Store, waiting)
	b.expire(t, c.RunID)
	waiting.Restate, waiting.Reason = false, ""
	if got := mustClaim(t, b.Store, waiting); !got.Restate || got.Reason != "late rows" {
		t.Errorf("got %+v, want the restatement that was asked for", got)
	}
}

func TestClaimRequestReused(t *testing.T) {
	b := setup(t)
	ask := b.ask()
	mustClaim(t, b.Store, ask)
	ask.Key.Period = ask.Key.Period.Add(1)
	if _, err := b.Claim(t.Context(), ask); !errors.Is(err, ledger.ErrRequestReused) {
		t.Errorf("got %v, want ErrRequestReused", err)
	}
}

func TestClaimBadAsk(t *testing.T) {
	b := setup(t)
	for name, spoil := range map[string]func(*ledger.Ask){
		"no request id":     func(a *ledger.Ask) { a.RequestID = "" },
		"NUL in request id": func(a *ledger.Ask) { a.RequestID = "a\x00b" },
		"long request id":   func(a *ledger.Ask) { a.RequestID = string(make([]byte, 1000)) },
		"report is no name": func(a *ledger.Ask) { a.Key.Report = "Monthly Financials" },
		"tenant is no name": func(a *ledger.Ask) { a.Key.Tenant = "../acme" },
		"no period":         func(a *ledger.Ask) { a.Key.Period = report.Period{} },
	} {
		t.Run(name, func(t *testing.T) {
			ask := b.ask()
			spoil(&ask)
			if answer, err := b.Claim(t.Context(), ask); err == nil {
				t.Errorf("got %+v, want an error", answer)
			}
		})
	}
	nobody := b.open(t, "")
	if _, err := nobody.Claim(t.Context(), b.ask()); err == nil {
		t.Error("got no error, want a claim without an owner refused")
	}
	// Texts from outside are made fit, not refused: they decide nothing.
	ask := b.restatement("a\x00b \xff")
	mustClaim(t, b.Store, ask)
	if got, want := b.request(t, ask.RequestID).Reason, "a\uFFFDb \uFFFD"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A lease that is short runs out by the database's clock alone.
func TestClaimLeaseRunsOut(t *testing.T) {
	b := setup(t)
	brief, err := ledger.Open(t.Context(), ledger.Config{URL: b.url, Owner: "worker-2", Lease: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(brief.Close)
	c := mustClaim(t, brief, b.ask())
	b.exec(t, `SELECT pg_sleep(0.002)`)
	if again := mustClaim(t, b.Store, b.ask()); again.RunID != c.RunID || again.Crashes != 1 {
		t.Errorf("got %+v, want run %s taken over", again, c.RunID)
	}
}
