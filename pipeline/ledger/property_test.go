package ledger_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

// world drives a ledger with a few workers and keys in random order and knows who may do what: the claim that was given last
// for a run, until it is released or ended.
type world struct {
	*bench
	random   *rand.Rand
	workers  []*ledger.Store
	asks     []ledger.Ask
	claims   []ledger.Claim            // every claim ever given, the stale ones too
	holder   map[string]int64          // run → token that holds it; absent: nobody
	tokens   map[report.Key]int64      // the largest token given
	outcomes map[string]report.Outcome // request → outcome once seen
	highest  map[report.Key]int        // the largest version published
}

// TestInvariants lets random histories happen and checks after each step what must be true of every run.
func TestInvariants(t *testing.T) {
	const steps = 120
	for seed := range uint64(4) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			b := setup(t)
			w := &world{
				bench: b, random: rand.New(rand.NewPCG(seed, 0)), workers: []*ledger.Store{b.Store, b.open(t, "worker-2"), b.open(t, "worker-3")},
				holder: map[string]int64{}, tokens: map[report.Key]int64{}, outcomes: map[string]report.Outcome{}, highest: map[report.Key]int{},
			}
			for range steps {
				w.step(t)
				w.check(t)
			}
			w.finish(t)
		})
	}
}

func (w *world) step(t *testing.T) {
	switch n := w.random.IntN(100); {
	case n < 15 || len(w.asks) == 0:
		w.ask(t)
	case n < 40 || len(w.claims) == 0:
		w.deliver(t, w.asks[w.random.IntN(len(w.asks))])
	case n < 55:
		w.expire(t, w.claim().RunID)
	case n < 65:
		c := w.claim()
		_, err := w.Renew(t.Context(), c, ledger.Progress{})
		w.expect(t, "renew", c, err)
	case n < 75:
		c := w.claim()
		w.release(t, c, w.Release(t.Context(), c, errors.New("source is down")))
	case n < 82:
		w.publish(t, w.claim())
	case n < 90:
		c := w.claim()
		_, err := w.AllocateVersion(t.Context(), c, w.random.IntN(3))
		w.expect(t, "allocate", c, err)
	default:
		c := w.claim()
		outcome := []report.Outcome{report.Unchanged, report.DataFailed, report.Failed, report.Cancelled}[w.random.IntN(4)]
		err := w.End(t.Context(), c, ledger.Ending{Outcome: outcome})
		w.expect(t, "end", c, err)
		if err == nil {
			delete(w.holder, c.RunID)
		}
	}
}

// claim is one of the claims ever given, mostly a recent one.
func (w *world) claim() ledger.Claim {
	recent := w.claims[max(0, len(w.claims)-4):]
	if w.random.IntN(4) == 0 {
		recent = w.claims
	}
	return recent[w.random.IntN(len(recent))]
}

// ask makes a new request for one of two keys: plain, restating, or a retry.
func (w *world) ask(t *testing.T) {
	ask := w.bench.ask()
	ask.Key.Tenant = []string{"", "acme"}[w.random.IntN(2)]
	switch w.random.IntN(4) {
	case 0:
		ask.Restate, ask.Reason = true, "late rows"
	case 1:
		if i := slices.IndexFunc(w.claims, func(c ledger.Claim) bool { return c.Key == ask.Key }); i >= 0 {
			ask.Retry = w.claims[i].RunID
		}
	}
	w.asks = append(w.asks, ask)
	w.deliver(t, ask)
}

// deliver brings a request, for the first time or again, to one of the workers.
func (w *world) deliver(t *testing.T, ask ledger.Ask) {
	answer := claim(t, w.workers[w.random.IntN(len(w.workers))], ask)
	if answer.Kind != ledger.Claimed {
		return
	}
	c := answer.Claim
	if c.Token <= w.tokens[c.Key] {
		t.Errorf("got token %d after %d", c.Token, w.tokens[c.Key])
	}
	w.tokens[c.Key] = c.Token
	w.holder[c.RunID] = c.Token
	w.claims = append(w.claims, c)
}

func (w *world) release(t *testing.T, c ledger.Claim, err error) {
	// Releasing once more what nobody has claimed since is the same release.
	if _, held := w.holder[c.RunID]; !held && err == nil {
		return
	}
	w.expect(t, "release", c, err)
	if err == nil {
		delete(w.holder, c.RunID)
	}
}

func (w *world) publish(t *testing.T, c ledger.Claim) {
	valid := w.holder[c.RunID] == c.Token
	number, err := w.AllocateVersion(t.Context(), c, 0)
	w.expect(t, "allocate", c, err)
	if err != nil {
		number = w.random.IntN(5) + 1 // a stale worker may hold any number
	}
	version, err := w.Publish(t.Context(), c, publication(number))
	if !valid && err == nil {
		if version.RunID != c.RunID || version.Number != number {
			t.Errorf("stale claim %+v published %+v", c, version)
		}
		return // a repetition of what it had published
	}
	w.expect(t, "publish", c, err)
	if err != nil {
		return
	}
	if number <= w.highest[c.Key] {
		t.Errorf("got version %d after %d", number, w.highest[c.Key])
	}
	w.highest[c.Key] = number
	delete(w.holder, c.RunID)
}

// expect compares what the ledger allowed with who holds the run.
func (w *world) expect(t *testing.T, what string, c ledger.Claim, err error) {
	t.Helper()
	holds := w.holder[c.RunID] == c.Token
	if holds && err != nil || !holds && err != nil && !errors.Is(err, ledger.ErrFenced) {
		t.Errorf("%s of run %s, attempt %d: got %v", what, c.RunID, c.Attempt, err)
	}
	if !holds && err == nil && what != "end" {
		t.Errorf("%s of run %s, attempt %d: got no error from a stale claim", what, c.RunID, c.Attempt)
	}
}

func (w *world) check(t *testing.T) {
	t.Helper()
	for key, highest := range w.highest {
		if v, ok, err := w.Current(t.Context(), key); err != nil || !ok || v.Number != highest {
			t.Fatalf("got %+v, %v as the current version of %s; want %d", v, err, key, highest)
		}
	}
	rows, _ := w.sql.Query(t.Context(), `SELECT request_id, outcome FROM monthend.requests WHERE outcome IS NOT NULL`)
	var request string
	var outcome report.Outcome
	_, err := pgx.ForEachRow(rows, []any{&request, &outcome}, func() error {
		if before, ended := w.outcomes[request]; ended && outcome != before {
			return fmt.Errorf("request %s has outcome %q after %q", request, outcome, before)
		}
		w.outcomes[request] = outcome
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	rows, _ = w.sql.Query(t.Context(), violations)
	broken, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(broken) > 0 {
		t.Fatalf("got %q, %v; want nothing broken", broken, err)
	}
}

// violations names what the ledger holds and must not. Keys differ by their tenant only.
const violations = `
	SELECT 'a key with two unended runs' FROM monthend.runs WHERE ended_at IS NULL GROUP BY tenant HAVING count(*) > 1
	UNION ALL SELECT 'a published key without a current version' FROM monthend.versions v
	  WHERE NOT EXISTS (SELECT FROM monthend.current c WHERE c.tenant = v.tenant)
	UNION ALL SELECT 'a request that waits for an ended run' FROM monthend.requests q JOIN monthend.runs r USING (run_id)
	  WHERE q.outcome IS NULL AND r.outcome IS NOT NULL
	UNION ALL SELECT 'a published run without a version, or the reverse' FROM monthend.runs r LEFT JOIN monthend.versions v USING (run_id)
	  WHERE (r.outcome IS NOT DISTINCT FROM 'published') <> (v.run_id IS NOT NULL)
	UNION ALL SELECT 'a broken chain of versions' FROM (
	    SELECT previous, lag(content_digest) OVER w AS replaced, published_at, lag(published_at) OVER w AS before
	      FROM monthend.versions WINDOW w AS (PARTITION BY tenant ORDER BY version)) x
	  WHERE previous IS DISTINCT FROM replaced OR published_at < before
	UNION ALL SELECT 'an open attempt of a run that nobody holds' FROM monthend.attempts a JOIN monthend.runs r USING (run_id)
	  WHERE a.ended_at IS NULL AND r.owner IS NULL
	UNION ALL SELECT 'a held run whose last attempt is not open' FROM monthend.runs r
	  LEFT JOIN monthend.attempts a ON (a.run_id, a.attempt) = (r.run_id, r.attempt)
	  WHERE r.owner IS NOT NULL AND (a.token IS DISTINCT FROM r.token OR a.ended_at IS NOT NULL)`

// finish works what is left, as a fleet would: every request comes to an outcome.
func (w *world) finish(t *testing.T) {
	for range 2 * len(w.asks) {
		w.exec(t, `UPDATE monthend.runs SET lease_until = clock_timestamp() - interval '1 second' WHERE owner IS NOT NULL`)
		for _, ask := range w.asks {
			if answer := claim(t, w.Store, ask); answer.Kind == ledger.Claimed {
				w.holder[answer.Claim.RunID] = answer.Claim.Token
				w.publish(t, answer.Claim)
			}
		}
	}
	w.check(t)
	for _, ask := range w.asks {
		if w.outcomes[ask.RequestID] == "" {
			t.Errorf("got no outcome of %+v: %+v", ask, w.request(t, ask.RequestID))
		}
	}
}
