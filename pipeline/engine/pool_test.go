package engine_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/pipeline/engine"
	"github.com/monthend/monthend/report"
)

func newPool(t *testing.T, most int) (p *engine.Pool, dir string) {
	t.Helper()
	dir = t.TempDir()
	p, err := engine.NewPool(dir, most)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		wantDatabases(t, dir, 0)
	})
	return p, dir
}

// wantDatabases counts the databases of a pool by their folders.
func wantDatabases(t *testing.T, dir string, want int) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != want {
		t.Errorf("the pool has %d databases, want %d", len(entries), want)
	}
}

func shut(t *testing.T, w *engine.Workspace) {
	t.Helper()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// smallMonth works a small month from load to export and answers with its CSV.
func smallMonth(t *testing.T, w *engine.Workspace, spool string) string {
	t.Helper()
	at := time.Date(2026, 3, 31, 22, 30, 0, 0, time.UTC)
	load(t, w, "t", "id int64, booked timestamptz", []any{1, at}, []any{2, nil})
	def := report.Definition{
		Extract: []report.Extract{{Name: "t", Key: []string{"id"}}},
		Rules:   []report.Rule{{Name: "dated", On: "t", Check: "booked IS NOT NULL", Severity: report.Reject}},
	}
	v, err := w.Validate(t.Context(), def)
	if err != nil || v.Tables[0].Quarantined != 1 {
		t.Fatalf("got %+v, %v, want one row in quarantine", v, err)
	}
	if _, err := w.Dataset(t.Context(), report.DatasetQuery{Name: "d", SQL: "SELECT id, booked, CAST(booked AS DATE) AS day FROM t ORDER BY id"}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(spool, "d.csv")
	if _, err := w.Export(t.Context(), "d", engine.CSV, path); err != nil {
		t.Fatal(err)
	}
	defer os.Remove(path)
	return read(t, path)
}

// TestPoolNothingPasses: a later run finds nothing of an earlier one and gives the bytes of a database of its own.
func TestPoolNothingPasses(t *testing.T) {
	pool, dir := newPool(t, 2)
	cfg := engine.Config{Spool: t.TempDir(), TimeZone: "Europe/Prague", Pool: pool}
	alone := cfg
	alone.Pool = nil
	want := smallMonth(t, open(t, alone), cfg.Spool)
	for range 3 {
		w := open(t, cfg)
		if got := smallMonth(t, w, cfg.Spool); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		shut(t, w)
		wantDatabases(t, dir, 1)
	}
	w := open(t, cfg)
	for _, sql := range []string{"SELECT id FROM t ORDER BY 1", "SELECT id FROM t_extracted ORDER BY 1", "SELECT * FROM monthend_scan_1() ORDER BY 1"} {
		if d, err := w.Dataset(t.Context(), report.DatasetQuery{Name: "x", SQL: sql}); err == nil {
			t.Errorf("%s: gives %v of an earlier run", sql, d.Rows)
		}
	}
	shut(t, w)
	wantDatabases(t, dir, 0) // those errors ended it
}

func TestPoolKeepsSettings(t *testing.T) {
	pool, dir := newPool(t, 2)
	prague := engine.Config{Spool: t.TempDir(), TimeZone: "Europe/Prague", Pool: pool}
	utc := prague
	utc.TimeZone = "UTC"
	days := map[string]string{}
	for range 2 {
		for _, cfg := range []engine.Config{prague, utc} {
			w := open(t, cfg)
			days[cfg.TimeZone] = smallMonth(t, w, cfg.Spool)
			shut(t, w)
		}
	}
	want := map[string]string{
		"Europe/Prague": "id,booked,day\r\n1,2026-04-01T00:30:00.000000+02:00,2026-04-01\r\n",
		"UTC":           "id,booked,day\r\n1,2026-03-31T22:30:00.000000+00:00,2026-03-31\r\n",
	}
	if diff := cmp.Diff(want, days); diff != "" {
		t.Error(diff)
	}
	wantDatabases(t, dir, 2)
}

func TestPoolIsBounded(t *testing.T) {
	pool, dir := newPool(t, 1)
	cfg := engine.Config{Spool: t.TempDir(), Pool: pool}
	first, second := open(t, cfg), open(t, cfg)
	wantDatabases(t, dir, 2)
	shut(t, first)
	shut(t, second)
	wantDatabases(t, dir, 1)
}

func TestPoolEndsWhatBroke(t *testing.T) {
	pool, dir := newPool(t, 1)
	cfg := engine.Config{Spool: t.TempDir(), Pool: pool}
	t.Run("Cancelled", func(t *testing.T) {
		w := open(t, cfg)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if _, err := w.Dataset(ctx, report.DatasetQuery{Name: "x", SQL: "SELECT count(*) AS n FROM range(1000000000) a, range(1000000000) b ORDER BY 1"}); err == nil {
			t.Fatal("it was not cancelled")
		}
		shut(t, w)
		wantDatabases(t, dir, 0)
	})
	t.Run("Large", func(t *testing.T) {
		w := open(t, cfg)
		rows := make([][]any, 100_001)
		for i := range rows {
			rows[i] = []any{i}
		}
		load(t, w, "t", "id int64", rows...)
		shut(t, w)
		wantDatabases(t, dir, 0)
	})
}

func TestPoolClosedMeanwhile(t *testing.T) {
	pool, dir := newPool(t, 1)
	w := open(t, engine.Config{Spool: t.TempDir(), Pool: pool})
	if err := pool.Close(); err != nil {
		t.Fatal(err)
	}
	load(t, w, "t", "id int64", []any{1})
	shut(t, w)
	wantDatabases(t, dir, 0)
}

func TestNewPoolRefuses(t *testing.T) {
	if _, err := engine.NewPool(t.TempDir(), -1); err == nil {
		t.Error("a pool of less than none is no error")
	}
	var none *engine.Pool
	if err := none.Close(); err != nil {
		t.Error(err)
	}
}
