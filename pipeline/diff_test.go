package pipeline_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/pipeline"
	"github.com/monthend/monthend/report"
)

// moved changes what the demo company booked in March 2026: one amount, one row more, one row that is dirt now.
func (w *world) moved() {
	w.exec(`UPDATE finance.transactions SET amount = amount + 100.25 WHERE row_id = (
		SELECT min(row_id) FROM finance.transactions WHERE category = 'Sales' AND amount > 0 AND currency = 'CZK' AND account_id = 102
		AND id IN (SELECT id FROM finance.transactions GROUP BY id HAVING count(*) = 1) AND booked_at >= '2026-03-10')`)
	w.exec(`UPDATE finance.transactions SET amount = NULL WHERE row_id = (
		SELECT min(row_id) FROM finance.transactions WHERE category = 'Travel' AND amount < 0 AND currency = 'CZK' AND account_id = 207
		AND id IN (SELECT id FROM finance.transactions GROUP BY id HAVING count(*) = 1) AND booked_at >= '2026-03-10')`)
}

// datasets are the names of the datasets that changed.
func datasets(d pipeline.Difference) (names []string) {
	for _, c := range d.Datasets {
		names = append(names, c.Dataset)
	}
	return names
}

func TestDrift(t *testing.T) {
	w := newWorld(t, worldConfig{})
	if _, _, err := pipeline.Drift(t.Context(), w.config, w.asking(march)); !errors.Is(err, pipeline.ErrUnpublished) {
		t.Fatalf("got %v, want that nothing is published", err)
	}
	first := w.publish(march)
	// February was not published when March was compared with it, and that it is now moves nothing.
	w.publish(report.Job{Report: march.Report, Period: "2026-02"})
	still, version, err := pipeline.Drift(t.Context(), w.config, w.asking(march))
	if err != nil || version.Number != 1 {
		t.Fatalf("got version %d, %v, want the first", version.Number, err)
	}
	if diff := cmp.Diff(pipeline.Difference{Same: true}, still); diff != "" {
		t.Errorf("nothing has moved (-want +got):\n%s", diff)
	}

	w.moved()
	before := tree(t, w.dir)
	got, _, err := pipeline.Drift(t.Context(), w.config, w.asking(march))
	if err != nil {
		t.Fatal(err)
	}
	if got.Same || got.Definition || got.Verdict != "" || len(got.Figures) == 0 || len(got.Totals) != 1 || len(got.Rows) != 1 {
		t.Errorf("got %+v, want figures, one control total and the rows of one extract changed", got)
	}
	if rows := got.Rows[0]; rows.Extract != "transactions" || rows.After.Extracted != rows.Before.Extracted || rows.After.Quarantined != rows.Before.Quarantined+1 {
		t.Errorf("got %+v, want one row more in quarantine", rows)
	}
	if diff := cmp.Diff(before, tree(t, w.dir)); diff != "" {
		t.Errorf("a look back changed the store (-before +after):\n%s", diff)
	}
	versions, err := w.ledger.Versions(t.Context(), first.Key)
	if err != nil || len(versions) != 1 {
		t.Errorf("got %d versions, %v, want one", len(versions), err)
	}

	// What drift said is what a restatement makes.
	restate := march
	restate.Restate, restate.Reason = true, "late invoice"
	second := w.publish(restate)
	between, err := pipeline.Diff(t.Context(), w.config, first.Version, second.Version)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got.Figures, between.Figures); diff != "" {
		t.Errorf("figures of the drift and between the versions:\n%s", diff)
	}
	if diff := cmp.Diff(datasets(got), datasets(between)); diff != "" || len(between.Datasets) == 0 {
		t.Errorf("datasets of the drift and between the versions:\n%s", diff)
	}
	if diff := cmp.Diff(got.Rows, between.Rows); diff != "" {
		t.Errorf("rows of the drift and between the versions:\n%s", diff)
	}
}

// TestDriftOfWhatWouldFail: the rows of now would not pass, which is said and is no error.
func TestDriftOfWhatWouldFail(t *testing.T) {
	w := newWorld(t, worldConfig{})
	w.publish(march)
	w.exec(`UPDATE finance.transactions SET amount = NULL WHERE row_id % 10 = 0 AND booked_at >= '2026-03-02'`)
	got, _, err := pipeline.Drift(t.Context(), w.config, w.asking(march))
	if err != nil || got.Same || got.Verdict == "" {
		t.Errorf("got %+v, %v, want a verdict", got, err)
	}
}

// TestDiffOfAlteredVersion: what is compared is proved to be what was published.
func TestDiffOfAlteredVersion(t *testing.T) {
	w := newWorld(t, worldConfig{})
	first := w.publish(march)
	w.overwrite(filepath.Join(w.dir, filepath.FromSlash(first.Version.Path)), "datasets/summary.parquet", "PAR1")
	if got, err := pipeline.Diff(t.Context(), w.config, first.Version, first.Version); err == nil {
		t.Errorf("got %+v, want that a file is altered", got)
	}
}
