package deliver_test

import (
	"context"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/monthend/monthend/pipeline/deliver"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/pipeline/store"
)

// slowShelf holds its first file until it is let go.
type slowShelf struct {
	store.Shelf
	arrived, released chan struct{}
	once              *sync.Once
}

func (s slowShelf) Set(ctx context.Context, path, file string, sum store.Sum) error {
	s.once.Do(func() {
		close(s.arrived)
		<-s.released
	})
	return s.Shelf.Set(ctx, path, file, sum)
}

// A copier that was frozen in the middle, and wakes when the next version has long been copied, writes its old files over it: then the
// current version is copied once more.
func TestFrozenCopier(t *testing.T) {
	shelf := t.TempDir()
	w := newWorld(t, "deliver:\n  - {directory: \"file://"+shelf+"\"}\n")
	first := w.publish()
	allow := deliver.Allow{"file://" + shelf}
	slow := slowShelf{arrived: make(chan struct{}), released: make(chan struct{}), once: &sync.Once{}}
	frozen := w.deliverer(deliver.Config{Ledger: w.open("frozen"), Allow: allow, Shelf: func(ctx context.Context, place string) (store.Shelf, error) {
		opened, err := store.OpenShelf(ctx, place, nil)
		slow := slow
		slow.Shelf = opened
		return slow, err
	}})
	done := make(chan struct{})
	go func() {
		defer close(done)
		frozen.Once(t.Context())
	}()
	<-slow.arrived

	second := w.publish()
	d := w.deliverer(deliver.Config{Allow: allow})
	w.none(d) // the older version is under way to the same place
	w.exec(`UPDATE monthend.deliveries SET lease_until = clock_timestamp() - interval '1 second' WHERE owner IS NOT NULL`)
	w.once(d) // tells that the older version is skipped
	w.want(first, ledger.DeliverySkipped, "superseded by version 2")
	w.once(d)
	w.want(second, ledger.Delivered, "")

	close(slow.released)
	<-done
	w.want(first, ledger.DeliverySkipped, "superseded by version 2")
	w.want(second, ledger.DeliveryWaiting, "")
	w.once(d)
	w.want(second, ledger.Delivered, "")
	folder := filepath.Join(shelf, "sales", "_", "2026-03")
	checkIndex(t, folder, second)
	for _, name := range []string{"summary.csv", "sales-2026-03.html"} {
		if read(t, filepath.Join(folder, name)) != read(t, filepath.Join(w.output, filepath.FromSlash(second.Path), name)) {
			t.Errorf("%s is not that of version 2", name)
		}
	}
}

// hang never answers, until the test ends.
func hang(t *testing.T) (answer func(http.ResponseWriter, int), arrived chan struct{}) {
	arrived, release := make(chan struct{}, 8), make(chan struct{})
	t.Cleanup(func() { close(release) })
	return func(http.ResponseWriter, int) {
		arrived <- struct{}{}
		<-release
	}, arrived
}

func TestTimeout(t *testing.T) {
	r := newReceiver(t, nil)
	r.answer, _ = hang(t)
	w := newWorld(t, r.to(""))
	v := w.publish()
	w.once(w.deliverer(deliver.Config{Allow: r.allow(), Timeout: 50 * time.Millisecond}))
	w.want(v, ledger.DeliveryWaiting, "webhook: no end after 50ms")
}

// A deliverer that cannot renew its lease stops before another may have it.
func TestUnrenewed(t *testing.T) {
	r := newReceiver(t, nil)
	answer, arrived := hang(t)
	r.answer = answer
	w := newWorld(t, r.to(""))
	v := w.publish()
	cut := w.open("cut off")
	// Long enough that a busy machine renews it until the request is there.
	d := w.deliverer(deliver.Config{Ledger: cut, Allow: r.allow(), Lease: 4 * time.Second})
	done := make(chan struct{})
	go func() {
		defer close(done)
		d.Once(t.Context())
	}()
	<-arrived
	cut.Close()
	<-done // long before the 30 s of a webhook
	if row := w.want(v, ledger.DeliveryWaiting, ""); row.Owner != "cut off" {
		t.Errorf("its lease is %q's, want it to run out by itself", row.Owner)
	}
	if text := w.log.String(); !strings.Contains(text, "end of a delivery not recorded") || d.Counters().Lost != 1 {
		t.Errorf("counted %+v, wrote\n%s", d.Counters(), text)
	}
}
