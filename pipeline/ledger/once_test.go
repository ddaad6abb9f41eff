package ledger_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/monthend/monthend/pipeline/ledger"
)

func once(key, asked, request string) ledger.Once {
	return ledger.Once{
		TokenID: "tok_1", Key: key, Asked: []byte(asked), Posting: posting(request, "alpha"),
		Said: ledger.Said{Status: 202, Location: "/api/runs/" + request, Body: []byte(fmt.Sprintf(`{"request_id":%q}`, request))},
	}
}

func (b *bench) once(t testing.TB, o ledger.Once) (ledger.OnceKind, ledger.Said) {
	t.Helper()
	kind, said, err := b.AskOnce(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return kind, said
}

func TestAskOnce(t *testing.T) {
	b := setup(t)
	if kind, said := b.once(t, once("k", "march", "r1")); kind != ledger.OnceNew || said.Location != "/api/runs/r1" {
		t.Fatalf("got %s %+v", kind, said)
	}
	if kind, said := b.once(t, once("k", "march", "r2")); kind != ledger.OnceAgain || said.Location != "/api/runs/r1" || said.Status != 202 || string(said.Body) != `{"request_id":"r1"}` {
		t.Errorf("got %s %+v, want the first answer", kind, said)
	}
	if kind, _ := b.once(t, once("k", "april", "r3")); kind != ledger.OnceOther {
		t.Errorf("got %s for another asking", kind)
	}
	for _, row := range []struct {
		key, asked string
		want       ledger.OnceKind
	}{{"k", "march", ledger.OnceAgain}, {"k", "april", ledger.OnceOther}, {"new", "march", ledger.OnceNew}, {"", "march", ledger.OnceNew}} {
		kind, said, err := b.AskedOnce(t.Context(), once(row.key, row.asked, "r9"))
		if err != nil || kind != row.want || kind == ledger.OnceAgain && said.Location != "/api/runs/r1" {
			t.Errorf("%+v: got %s %+v, %v", row, kind, said, err)
		}
	}
	others := once("k", "april", "r4")
	others.TokenID = "tok_2"
	if kind, _ := b.once(t, others); kind != ledger.OnceNew {
		t.Errorf("got %s for another's key", kind)
	}
	for range 2 {
		if kind, _ := b.once(t, once("", "march", "r5")); kind != ledger.OnceNew {
			t.Errorf("got %s without a key", kind)
		}
	}
	settled := once("done", "march", "")
	settled.Posting = ledger.Posting{}
	if kind, _ := b.once(t, settled); kind != ledger.OnceNew {
		t.Errorf("got %s for what posts nothing", kind)
	}
	if n := b.number(t, `SELECT count(*) FROM monthend.outbox`); n != 3 {
		t.Errorf("%d postings, want r1, r4 and r5", n)
	}
	if p, at, err := b.Posted(t.Context(), "r1"); err != nil || p.Key.Tenant != "alpha" || at.IsZero() {
		t.Errorf("got %+v at %s, %v", p, at, err)
	}
	if _, _, err := b.Posted(t.Context(), "r2"); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("got %v, want it not posted", err)
	}
	bad := once("bad", "march", "r6")
	bad.Posting.Key.Report = "../x"
	if _, _, err := b.AskOnce(t.Context(), bad); err == nil {
		t.Error("asked for no report")
	}
}

// However many ask at once under one key, one counts and all are answered alike.
func TestAskOnceRace(t *testing.T) {
	b := setup(t)
	var mu sync.Mutex
	kinds, answers := map[ledger.OnceKind]int{}, map[string]int{}
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			kind, said, err := b.AskOnce(t.Context(), once("k", "march", fmt.Sprintf("r%d", i)))
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			kinds[kind]++
			answers[string(said.Body)]++
		})
	}
	wg.Wait()
	if n := b.number(t, `SELECT count(*) FROM monthend.outbox`); n != 1 || kinds[ledger.OnceNew] != 1 || kinds[ledger.OnceAgain] != 15 || len(answers) != 1 {
		t.Errorf("%d postings, %v, %v", n, kinds, answers)
	}
}

func TestPruneOnce(t *testing.T) {
	b := setup(t)
	b.once(t, once("old", "march", "r1"))
	b.exec(t, `UPDATE monthend.idempotency SET created_at = clock_timestamp() - interval '25 hours'`)
	b.once(t, once("new", "march", "r2"))
	if n, err := b.PruneOnce(t.Context(), 24*time.Hour); n != 1 || err != nil {
		t.Errorf("forgot %d, %v, want the old one", n, err)
	}
	if kind, _ := b.once(t, once("new", "march", "r3")); kind != ledger.OnceAgain {
		t.Errorf("got %s, want the new one kept", kind)
	}
}
