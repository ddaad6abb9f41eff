package ledger_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jackc/pgx/v5"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

func TestAllocateVersion(t *testing.T) {
	b := setup(t)
	ask := b.ask()
	c := mustClaim(t, b.Store, ask)
	for _, storeHighest := range []int{4, 9} { // once a run, whatever the store holds later
		if got, err := b.AllocateVersion(t.Context(), c, storeHighest); err != nil || got != 5 {
			t.Errorf("got %d, %v; want 5", got, err)
		}
	}
	if err := b.End(t.Context(), c, ledger.Ending{Outcome: report.Failed, Err: errors.New("disk full")}); err != nil {
		t.Fatal(err)
	}
	// The run ended unpublished: its number is a gap, no other run takes it.
	next := mustClaim(t, b.Store, b.ask())
	if got, err := b.AllocateVersion(t.Context(), next, 0); err != nil || got != 6 {
		t.Errorf("got %d, %v; want 6", got, err)
	}
	other := b.ask()
	other.Key.Tenant = "acme"
	if got, err := b.AllocateVersion(t.Context(), mustClaim(t, b.Store, other), 0); err != nil || got != 1 {
		t.Errorf("got %d, %v; want 1 for another key", got, err)
	}
}

// Fault 16: a failover lost the last commits, the store has what they published.
func TestAdoptVersion(t *testing.T) {
	b := setup(t)
	mustPublish(t, b.Store, mustClaim(t, b.Store, b.ask()))
	c := mustClaim(t, b.Store, b.restatement("late rows"))
	if got, err := b.AdoptVersion(t.Context(), c, 1); err != nil || got != 0 {
		t.Errorf("got %d, %v; want 0 for a version that the ledger knows", got, err)
	}
	for _, number := range []int{3, 4} {
		if got, err := b.AdoptVersion(t.Context(), c, number); err != nil || got != 3 {
			t.Errorf("got %d, %v; want 3", got, err)
		}
	}
	if got, err := b.AllocateVersion(t.Context(), c, 0); err != nil || got != 3 {
		t.Errorf("got %d, %v; want what was adopted", got, err)
	}
	if v, err := b.Publish(t.Context(), c, publication(3)); err != nil || v.Number != 3 {
		t.Errorf("got %+v, %v; want version 3", v, err)
	}
}

func TestPublish(t *testing.T) {
	b := setup(t)
	asked, joined, waiting := b.ask(), b.ask(), b.restatement("late rows")
	c := mustClaim(t, b.Store, asked)
	claim(t, b.Store, joined)
	claim(t, b.Store, waiting)
	number, err := b.AllocateVersion(t.Context(), c, 0)
	if err != nil {
		t.Fatal(err)
	}
	p := publication(number)
	got, err := b.Publish(t.Context(), c, p)
	if err != nil {
		t.Fatal(err)
	}
	want := ledger.Version{Key: march, Number: 1, RunID: c.RunID, ContentDigest: p.ContentDigest, DataDigest: p.DataDigest, Path: p.Path,
		RecordsExtracted: 100, RecordsRejected: 3, Current: true}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(ledger.Version{}, "PublishedAt", "Manifest")); diff != "" {
		t.Errorf("version (-want +got):\n%s", diff)
	}
	if !json.Valid(got.Manifest) || got.PublishedAt.IsZero() {
		t.Errorf("got manifest %q at %s, want JSON and a time", got.Manifest, got.PublishedAt)
	}
	current, ok, err := b.Current(t.Context(), march)
	if diff := cmp.Diff(got, current); err != nil || !ok || diff != "" {
		t.Errorf("current: %v, %v, (-published +current):\n%s", ok, err, diff)
	}
	if digest, err := b.CurrentDataDigest(t.Context(), march); err != nil || digest != p.DataDigest {
		t.Errorf("got data digest %q, %v; want %q", digest, err, p.DataDigest)
	}
	for _, id := range []string{asked.RequestID, joined.RequestID} {
		if r := b.request(t, id); r.Outcome != report.Published || r.RunID != c.RunID || r.EndedAt.IsZero() {
			t.Errorf("got request %+v, want it published by run %s", r, c.RunID)
		}
	}
	if r := b.request(t, waiting.RequestID); r.Outcome != "" {
		t.Errorf("got request %+v, want the restatement to wait for its turn", r)
	}
	run, err := b.Run(t.Context(), c.RunID)
	if err != nil || run.Outcome != report.Published || run.Owner != "" || run.RecordsExtracted != 100 {
		t.Errorf("got %+v, %v; want the run published and free", run, err)
	}
	if attempts, err := b.Attempts(t.Context(), c.RunID); err != nil || attempts[0].Outcome != report.Published {
		t.Errorf("got %+v, %v; want the attempt published", attempts, err)
	}
	if requests, err := b.Requests(t.Context(), c.RunID); err != nil || len(requests) != 2 {
		t.Errorf("got %+v, %v; want two requests of the run", requests, err)
	}
}

func TestPublishAgain(t *testing.T) {
	b := setup(t)
	c := mustClaim(t, b.Store, b.ask())
	want := mustPublish(t, b.Store, c)
	got, err := b.Publish(t.Context(), c, publication(1))
	if err != nil || !cmp.Equal(got, want) {
		t.Errorf("got %+v, %v; want the same answer as before", got, err)
	}
	other := publication(1)
	other.ContentDigest = publication(2).ContentDigest
	if _, err := b.Publish(t.Context(), c, other); !errors.Is(err, ledger.ErrFenced) {
		t.Errorf("got %v, want other content fenced", err)
	}
	if err := b.End(t.Context(), c, ledger.Ending{Outcome: report.Failed, Err: errors.New("too late")}); !errors.Is(err, ledger.ErrFenced) {
		t.Errorf("got %v, want the run to stay published", err)
	}
}

func TestPublishWithoutItsVersion(t *testing.T) {
	b := setup(t)
	c := mustClaim(t, b.Store, b.ask())
	if _, err := b.Publish(t.Context(), c, publication(1)); err == nil {
		t.Error("got no error, want a version that was not allocated refused")
	}
	if _, err := b.AllocateVersion(t.Context(), c, 0); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*ledger.Publication){
		"another number":  func(p *ledger.Publication) { p.Number = 2 },
		"no digest":       func(p *ledger.Publication) { p.ContentDigest = "" },
		"no path":         func(p *ledger.Publication) { p.Path = "" },
		"manifest broken": func(p *ledger.Publication) { p.Manifest = []byte("{") },
	} {
		p := publication(1)
		spoil(&p)
		if _, err := b.Publish(t.Context(), c, p); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
	// Nothing of all that was written.
	if _, ok, err := b.Current(t.Context(), march); ok || err != nil {
		t.Errorf("got a current version (%v), want none", err)
	}
	if run, err := b.Run(t.Context(), c.RunID); err != nil || !run.Running {
		t.Errorf("got %+v, %v; want the run to go on", run, err)
	}
}

func TestVersions(t *testing.T) {
	b := setup(t)
	mustPublish(t, b.Store, mustClaim(t, b.Store, b.ask()))
	for _, reason := range []string{"late rows", "later rows"} {
		mustPublish(t, b.Store, mustClaim(t, b.Store, b.restatement(reason)))
	}
	versions, err := b.Versions(t.Context(), march)
	if err != nil {
		t.Fatal(err)
	}
	type line struct {
		Number   int
		Reason   string
		Previous string
		Current  bool
	}
	var got []line
	for _, v := range versions {
		got = append(got, line{v.Number, v.Reason, v.Previous, v.Current})
	}
	want := []line{
		{3, "later rows", publication(2).ContentDigest, true}, {2, "late rows", publication(1).ContentDigest, false}, {1, "", "", false},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
	nothing := march
	nothing.Tenant = "acme"
	if versions, err := b.Versions(t.Context(), nothing); err != nil || len(versions) != 0 {
		t.Errorf("got %v, %v; want none of another tenant", versions, err)
	}
	if digest, err := b.CurrentDataDigest(t.Context(), nothing); err != nil || digest != "" {
		t.Errorf("got %q, %v; want no digest", digest, err)
	}
}

// watcher ends a context as soon as a publication is committed, as one does that sees that the run is over.
type watcher struct{ end context.CancelFunc }

type publishing struct{}

func (w *watcher) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	return context.WithValue(ctx, publishing{}, strings.Contains(data.SQL, "monthend.publish("))
}

func (w *watcher) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryEndData) {
	if ctx.Value(publishing{}) == true {
		w.end()
	}
}

func TestPublishedThoughItsContextEnded(t *testing.T) {
	b := setup(t)
	ctx, end := context.WithCancel(t.Context())
	defer end()
	store, err := ledger.Open(t.Context(), ledger.Config{URL: b.url, Owner: "worker-2", Tracer: &watcher{end}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	c := mustClaim(t, store, b.ask())
	number, err := store.AllocateVersion(ctx, c, 0)
	if err != nil {
		t.Fatal(err)
	}
	got, err := store.Publish(ctx, c, publication(number))
	if err != nil || got.Number != number || ctx.Err() == nil {
		t.Errorf("got %+v, %v; want version %d, though ctx ended (%v)", got, err, number, ctx.Err())
	}
}
