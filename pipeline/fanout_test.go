package pipeline_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/monthend/monthend/pipeline"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

// shops is a report of one table whose tenants are in another; a shop without a sale fails as data.
func shops(tenants string) fstest.MapFS {
	return fstest.MapFS{
		"shop-month/report.yaml": {Data: []byte(`name: shop-month
title: Shops
timezone: Europe/Prague
currency: CZK
tenants: tenants.sql
extract:
  sales: {sql: sales.sql, key: [id]}
  total: {sql: total.sql, key: [total]}
validate:
  rules:
    - {rule: any-sale, on: sales, row_count: {min: 1}, severity: fail}
    - {rule: control-total, assert: control.sql, severity: fail}
generate:
  datasets: {summary: summary.sql}
  document:
    - table: {dataset: summary}
  formats: [json]
`)},
		"shop-month/tenants.sql": {Data: []byte(tenants)},
		"shop-month/sales.sql":   {Data: []byte("SELECT id, amount FROM shop.sale WHERE shop = @tenant AND sold >= @period_start AND sold < @period_end")},
		"shop-month/total.sql":   {Data: []byte("SELECT coalesce(sum(amount), 0)::numeric(18,2) AS total FROM shop.sale WHERE shop = @tenant AND sold >= @period_start AND sold < @period_end")},
		"shop-month/control.sql": {Data: []byte("SELECT (SELECT total FROM total) AS expected, coalesce(sum(amount), 0) AS actual FROM sales")},
		"shop-month/summary.sql": {Data: []byte("SELECT count(*) AS sales, sum(amount) AS amount FROM sales ORDER BY sales")},
	}
}

const shopTables = `
	CREATE SCHEMA shop;
	CREATE TABLE shop.shop (name text PRIMARY KEY);
	CREATE TABLE shop.sale (id bigint PRIMARY KEY, shop text NOT NULL, sold timestamptz NOT NULL, amount numeric(18,2) NOT NULL);
	INSERT INTO shop.shop VALUES ('anna'), ('bert'), ('cyril');
	INSERT INTO shop.sale SELECT n, CASE n % 3 WHEN 0 THEN 'anna' WHEN 1 THEN 'bert' ELSE 'cyril' END, '2026-03-10', n * 1.5
	  FROM generate_series(1, 30) n`

func shopWorld(t *testing.T, tenants string) *world {
	t.Helper()
	w := newWorld(t, worldConfig{definitions: shops(tenants)})
	w.exec(shopTables)
	return w
}

var everyShop = report.Job{Report: "shop-month", Period: "2026-03", RequestedBy: "controller"}

// work runs what is posted until nothing is due, and closes what has ended.
func (w *world) work() (tenants []string) {
	w.t.Helper()
	for {
		postings, err := w.ledger.Pick(w.t.Context(), ledger.Turn{Most: 100, Tenant: 100, Tenants: 1000, Held: time.Minute})
		if err != nil {
			w.t.Fatal(err)
		}
		if len(postings) == 0 {
			if _, err := w.ledger.CloseFanouts(w.t.Context()); err != nil {
				w.t.Fatal(err)
			}
			slices.Sort(tenants)
			return tenants
		}
		for _, p := range postings {
			job, err := report.DecodeJob(p.Body)
			if err != nil {
				w.t.Fatal(err)
			}
			tenants = append(tenants, job.Tenant)
			if r := w.runner.Run(w.t.Context(), pipeline.Asking{Job: job, RequestID: job.RequestID, Trace: p.TraceHeader, Delivered: 1}); r.Outcome == "" {
				w.t.Errorf("tenant %q: got %+v, want an outcome", job.Tenant, r)
			}
		}
	}
}

func (w *world) parent(id string) ledger.Fanout {
	w.t.Helper()
	f, err := w.ledger.Fanout(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return f
}

// overview draws what is due and answers its folder and its files by their names.
func (w *world) overview(id string) (folder string, files map[string][]byte) {
	w.t.Helper()
	if drawn, err := w.runner.Overview(w.t.Context()); err != nil || !drawn {
		w.t.Fatalf("got %v, %v; want an overview drawn", drawn, err)
	}
	if drawn, err := w.runner.Overview(w.t.Context()); err != nil || drawn {
		w.t.Fatalf("got %v, %v; want one only", drawn, err)
	}
	files = map[string][]byte{}
	for _, name := range pipeline.OverviewFiles(w.parent(id)) {
		data, err := os.ReadFile(filepath.Join(w.dir, filepath.FromSlash(name)))
		if err != nil {
			w.t.Fatal(err)
		}
		files[filepath.Base(name)] = data
	}
	return w.parent(id).Overview, files
}

func TestFanOut(t *testing.T) {
	w := shopWorld(t, "SELECT name FROM shop.shop ORDER BY name")
	w.exec(`DELETE FROM shop.sale WHERE shop = 'bert'`)
	asking := w.asking(everyShop)
	for range 2 { // a redelivery asks nobody twice
		if r := w.runner.Run(t.Context(), asking); r.Asked != 3 || r.Outcome != "" || r.Err != nil {
			t.Fatalf("got %+v, want three tenants asked for", r)
		}
	}
	if got := w.work(); !slices.Equal(got, []string{"anna", "bert", "cyril"}) {
		t.Errorf("ran %v, want each tenant once", got)
	}
	if got := w.parent(asking.RequestID); got.State != ledger.FanoutPartial || got.Outcome != report.DataFailed || got.Good() != 2 {
		t.Errorf("got %+v, want all but one", got)
	}
	folder, files := w.overview(asking.RequestID)
	if !strings.HasPrefix(folder, "shop-month/_overview/2026-03/v1-") || len(files) != 2 {
		t.Errorf("overview lies at %q: %d files", folder, len(files))
	}
	page := files["shop-month-2026-03-overview.html"]
	for _, want := range []string{"Shops: all tenants", "anna", "bert", "data_failed", "version 1", "any-sale", "Control total", "247.50"} {
		if !bytes.Contains(page, []byte(want)) {
			t.Errorf("the overview does not show %q", want)
		}
	}
	if want := `["bert","data_failed","rule \"any-sale\": `; !missingRow(t, files, want, ",0,0]") {
		t.Errorf("the overview has no row %s… with the rows of the data that failed", want)
	}

	// The one that failed is asked for again alone; what is published stays.
	w.exec(`INSERT INTO shop.sale VALUES (100, 'bert', '2026-03-11', 7)`)
	if n, err := w.ledger.Again(t.Context(), asking.RequestID, "controller", ""); n != 1 || err != nil {
		t.Fatalf("asked again for %d, %v", n, err)
	}
	if got := w.work(); !slices.Equal(got, []string{"bert"}) {
		t.Errorf("ran %v, want bert alone", got)
	}
	if got := w.parent(asking.RequestID); got.State != ledger.FanoutDone {
		t.Errorf("got %+v, want it done", got)
	}
	second, files := w.overview(asking.RequestID)
	if !strings.HasPrefix(second, "shop-month/_overview/2026-03/v2-") {
		t.Errorf("overview lies at %q, want version 2", second)
	}

	// Everything is there: asked again, nobody runs, and the same overview is met again, byte by byte.
	again := w.asking(everyShop)
	if r := w.runner.Run(t.Context(), again); r.Asked != 3 || r.Outcome != report.Published {
		t.Errorf("got %+v, want it published already", r)
	}
	if got := w.work(); len(got) != 0 {
		t.Errorf("ran %v, want nobody", got)
	}
	third, same := w.overview(again.RequestID)
	if third != second || fmt.Sprint(same) != fmt.Sprint(files) {
		t.Errorf("overview lies at %q with other files, want it at %q with the same", third, second)
	}
}

// missingRow reports whether the overview's JSON has a row that begins and ends so.
func missingRow(t *testing.T, files map[string][]byte, begin, end string) bool {
	t.Helper()
	for _, line := range strings.Split(string(files["shop-month-2026-03-overview.json"]), "\n") {
		if line = strings.TrimSuffix(strings.TrimSpace(line), ","); strings.HasPrefix(line, begin) {
			return strings.HasSuffix(line, end)
		}
	}
	return false
}

// A query of tenants that answers nonsense is a bad job: nobody is asked for, and the reason names the row.
func TestFanOutRefused(t *testing.T) {
	for name, test := range map[string]struct{ sql, want string }{
		"NULL":  {"SELECT name FROM shop.shop UNION ALL SELECT NULL", "row 4: NULL, where a tenant is wanted"},
		"twice": {"SELECT name FROM shop.shop UNION ALL SELECT 'anna'", `tenant "anna" is there already`},
		"none":  {"SELECT name FROM shop.shop WHERE false", "the query answers no tenant"},
		"wrong": {"SELECT nam FROM shop.shop", `column "nam" does not exist`},
	} {
		t.Run(name, func(t *testing.T) {
			w := shopWorld(t, test.sql)
			asking := w.asking(everyShop)
			r := w.runner.Run(t.Context(), asking)
			if r.Outcome != report.Failed || r.Err == nil || !strings.Contains(r.Err.Error(), test.want) {
				t.Errorf("got %+v, want it failed with %q", r, test.want)
			}
			if got := w.work(); len(got) != 0 {
				t.Errorf("ran %v, want nobody", got)
			}
		})
	}
}

// A job with a tenant is worked as ever, whoever else there is, and so is one of a month that runs still: not at all.
func TestFanOutOfOne(t *testing.T) {
	w := shopWorld(t, "SELECT name FROM shop.shop")
	one := everyShop
	one.Tenant = "anna"
	w.publish(one)
	all := everyShop
	all.Period = "2199-01"
	if r := w.run(all); r.Outcome != report.Failed || !strings.Contains(r.Err.Error(), "has not ended") {
		t.Errorf("got %+v, want it refused", r)
	}
	asking := w.asking(everyShop)
	if r := w.runner.Run(t.Context(), asking); r.Asked != 3 {
		t.Errorf("got %+v", r)
	}
	if got := w.work(); !slices.Equal(got, []string{"bert", "cyril"}) {
		t.Errorf("ran %v, want those who are not published", got)
	}
}
