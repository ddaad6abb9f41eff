package deliver_test

import (
	"context"
	"path/filepath"
	"sync"
	"testing"

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
