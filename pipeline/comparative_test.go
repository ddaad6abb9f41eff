package pipeline_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/monthend/monthend/pipeline"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/trace"
)

// growth is a report of the demo company that compares each month with two others. Files replace or add to its own; an empty one
// is left out.
func growth(files map[string]string) fs.FS {
	all := map[string]string{
		"report.yaml": `
name: growth
title: Growth
timezone: Europe/Prague
currency: CZK
extract:
  transactions: {sql: transactions.sql, key: [id]}
validate:
  rules:
    - {rule: amount-present, on: transactions, check: amount <> 0, severity: reject}
    - {rule: fresh, on: transactions, freshness: booked_at, within: 1d, severity: fail}
    - {rule: volume, on: transactions, row_count: {min: 1, previous: 60%}, severity: fail}
generate:
  datasets: {growth: growth.sql, by_category: by_category.sql, summary: summary.sql}
  document:
    - kpis: [{label: Net, dataset: summary, column: net, format: money, compare: [previous, year_ago]}]
    - quality: {show: [counterparty]}
  formats: [csv, json]
`,
		"transactions.sql": `SELECT id, booked_at, amount::numeric(18,2) AS amount, category::text AS category, counterparty::text AS counterparty
FROM finance.transactions WHERE booked_at >= @period_start AND booked_at < @period_end`,
		"summary.sql":     `SELECT count(*) AS n, coalesce(sum(amount), 0.00) AS net FROM transactions ORDER BY n`,
		"by_category.sql": `SELECT category, sum(amount) AS net, count(*) AS n FROM transactions GROUP BY category ORDER BY category`,
		"growth.sql": `SELECT t.category AS category, t.net AS net, p.net AS before, y.net AS last_year
FROM (SELECT category, sum(amount) AS net FROM transactions GROUP BY category) AS t
LEFT JOIN previous.by_category AS p ON p.category = t.category
LEFT JOIN year_ago.by_category AS y ON y.category = t.category
ORDER BY category`,
	}
	maps.Copy(all, files)
	out := fstest.MapFS{}
	for name, text := range all {
		if text != "" {
			out["growth/"+name] = &fstest.MapFile{Data: []byte(text)}
		}
	}
	return out
}

func growthOf(period string) report.Job { return report.Job{Report: "growth", Period: period} }

func again(period, reason string) report.Job {
	job := growthOf(period)
	job.Restate, job.Reason = true, reason
	return job
}

// pins are what a published result says of other months, without the digest of their content.
func pins(t *testing.T, result pipeline.Result) []pipeline.Pin {
	t.Helper()
	manifest, err := pipeline.ParseManifest(result.Version.Manifest)
	if err != nil {
		t.Fatal(err)
	}
	for i, pin := range manifest.Content.Comparatives {
		if (pin.Version > 0) != (len(pin.ContentDigest) == 64) {
			t.Errorf("got %+v, want a digest with a version and none without", pin)
		}
		manifest.Content.Comparatives[i].ContentDigest = ""
	}
	return manifest.Content.Comparatives
}

// table is a CSV file of a version, header first.
func (w *world) table(result pipeline.Result, name string) [][]string {
	w.t.Helper()
	data, err := os.ReadFile(filepath.Join(w.dir, filepath.FromSlash(result.Version.Path), name))
	if err != nil {
		w.t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		w.t.Fatal(err)
	}
	return rows
}

func column(rows [][]string, name string) []string {
	var out []string
	for _, row := range rows[1:] {
		out = append(out, row[slices.Index(rows[0], name)])
	}
	return out
}

// A month whose neighbours were never published says the same of them as one that comes after them; only the mark differs.
func TestComparativesUnpublishedAndPublished(t *testing.T) {
	w := newWorld(t, worldConfig{definitions: growth(nil)})
	first := w.publish(growthOf("2026-03"))
	february, lastYear := w.publish(growthOf("2026-02")), w.publish(growthOf("2025-03"))
	rows := map[string]int64{"transactions": february.Extracted}
	want := []pipeline.Pin{
		{Name: report.Previous, Period: "2026-02", Datasets: []string{"by_category", "summary"}, Rows: rows},
		{Name: report.YearAgo, Period: "2025-03", Datasets: []string{"by_category", "summary"}},
	}
	if diff := cmp.Diff(want, pins(t, first)); diff != "" {
		t.Errorf("unpublished: %s", diff)
	}
	got := w.table(first, "growth.csv")
	for name, other := range map[string]pipeline.Result{"before": february, "last_year": lastYear} {
		if diff := cmp.Diff(column(w.table(other, "by_category.csv"), "net"), column(got, name)); diff != "" {
			t.Errorf("%s is not what that month says of itself: %s", name, diff)
		}
	}
	second := w.publish(again("2026-03", "the others are published"))
	want[0].Version, want[1].Version = 1, 1
	if diff := cmp.Diff(want, pins(t, second)); diff != "" {
		t.Errorf("published: %s", diff)
	}
	if diff := cmp.Diff(got, w.table(second, "growth.csv")); diff != "" {
		t.Errorf("the figures differ: %s", diff)
	}
	if same := w.run(again("2026-03", "nothing happened")); same.Outcome != report.Unchanged {
		t.Errorf("got %q, %v, want unchanged", same.Outcome, same.Err)
	}

	// A restated month before is another month before.
	w.exec(`UPDATE finance.transactions SET amount = amount + 1 WHERE row_id = (SELECT min(row_id) FROM finance.transactions
		WHERE booked_at >= '2026-02-05' AND booked_at < '2026-02-06' AND amount > 1)`)
	w.publish(again("2026-02", "late invoice"))
	third := w.publish(again("2026-03", "February was restated"))
	want[0].Version = 2
	if diff := cmp.Diff(want, pins(t, third)); diff != "" {
		t.Errorf("restated: %s", diff)
	}
	if verified, err := pipeline.Verify(t.Context(), pipeline.VerifyConfig{Ledger: w.ledger, Store: w.config.Store}); err != nil || !verified.Sound() {
		t.Errorf("got %+v, %v; want it sound", verified, err)
	}
}

// Equal rows give equal bytes, whether the other months are published or not.
func TestComparativesSameBytes(t *testing.T) {
	var trees [2]map[string]string
	for i := range trees {
		w := newWorld(t, worldConfig{definitions: growth(nil)})
		if i == 1 {
			w.exec(`CREATE TABLE finance.shuffled AS SELECT * FROM finance.transactions ORDER BY md5(row_id::text)`)
			w.exec(`TRUNCATE finance.transactions`)
			w.exec(`INSERT INTO finance.transactions OVERRIDING SYSTEM VALUE SELECT * FROM finance.shuffled`)
		}
		w.publish(growthOf("2025-03"))
		w.publish(growthOf("2026-03"))
		trees[i] = tree(t, w.dir)
	}
	if diff := cmp.Diff(trees[0], trees[1]); diff != "" {
		t.Errorf("two runs over equal rows differ:\n%s", diff)
	}
}

// The first month of the books has nobody before it.
func TestComparativesOfTheFirstMonth(t *testing.T) {
	w := newWorld(t, worldConfig{definitions: growth(nil)})
	result := w.publish(growthOf("2025-03"))
	var empty int
	for _, cell := range column(w.table(result, "growth.csv"), "before") {
		if cell == "" {
			empty++
		}
	}
	if rows := w.table(result, "growth.csv"); empty == 0 || empty != len(rows)-1 {
		t.Errorf("got %v, want nothing before the first month", rows)
	}
	if volume := result.Validation.Rules[2]; volume.Broken != 0 || volume.Expected != "at least 1, any number after a month of 0" {
		t.Errorf("got %+v, want a month without rows passed over", volume)
	}
}

// A version is older than what its dataset has become.
func TestComparativesOfAnOlderDefinition(t *testing.T) {
	// In February there was no summary yet, and its categories were counted in text.
	older := growth(map[string]string{"growth.sql": "", "summary.sql": "", "report.yaml": `
name: growth
title: Growth
timezone: Europe/Prague
currency: CZK
extract: {transactions: {sql: transactions.sql, key: [id]}}
validate: {rules: [{rule: amount-present, on: transactions, check: amount <> 0, severity: reject}]}
generate: {datasets: {by_category: by_category.sql}, formats: [csv]}
`, "by_category.sql": `SELECT category, sum(amount) AS net, count(*)::VARCHAR AS n FROM transactions GROUP BY category ORDER BY category`})
	then := newWorld(t, worldConfig{definitions: older})
	february := then.publish(growthOf("2026-02"))

	now := newWorld(t, worldConfig{url: then.url, dir: then.dir, definitions: growth(nil)})
	now.asked = then.asked
	result := now.publish(growthOf("2026-03"))
	want := []pipeline.Pin{
		{Name: report.Previous, Period: "2026-02", Version: 1, Datasets: []string{"by_category"}, Rows: map[string]int64{"transactions": february.Extracted}},
		{Name: report.Previous, Period: "2026-02", Datasets: []string{"summary"}},
		{Name: report.YearAgo, Period: "2025-03", Datasets: []string{"by_category", "summary"}},
	}
	if diff := cmp.Diff(want, pins(t, result)); diff != "" {
		t.Error(diff)
	}
	for _, c := range []struct{ name, sql, want string }{
		{"Changed", "SELECT t.n - p.n AS more FROM (SELECT count(*) AS n FROM transactions) AS t, previous.by_category AS p ORDER BY more",
			`previous.by_category is of 2026-02, version 1, whose column "n" is VARCHAR and now BIGINT`},
		{"Missing", "SELECT p.share FROM previous.by_category AS p ORDER BY 1", `previous.by_category is of 2026-02, version 1, which has no column "share"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := map[string]string{"growth.sql": c.sql, "by_category.sql": `SELECT category, sum(amount) AS net, count(*) AS n, 0.5 AS share
				FROM transactions GROUP BY category ORDER BY category`}
			w := newWorld(t, worldConfig{url: then.url, dir: then.dir, definitions: growth(files)})
			result := w.run(again("2026-03", c.name))
			if result.Outcome != report.Failed || !strings.Contains(result.Err.Error(), c.want) {
				t.Errorf("got %q, %v, want failed: %s", result.Outcome, result.Err, c.want)
			}
		})
	}
}

// What was published is proved before it is compared with.
func TestComparativesAltered(t *testing.T) {
	w := newWorld(t, worldConfig{definitions: growth(nil)})
	february := w.publish(growthOf("2026-02"))
	path := filepath.Join(w.dir, filepath.FromSlash(february.Version.Path), "datasets", "summary.parquet")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		spoil func() error
		want  string
	}{
		{"Altered", func() error { return overwrite(path, append(bytes.Clone(good), 'x')) }, `previous: 2026-02 version 1: "datasets/summary.parquet" is altered`},
		{"Lost", func() error { return os.Remove(path) }, `previous: 2026-02 version 1: `},
	} {
		if err := c.spoil(); err != nil {
			t.Fatal(err)
		}
		result := w.run(growthOf("2026-03"))
		if result.Outcome != "" || result.RetryAfter == 0 || !strings.Contains(fmt.Sprint(result.Err), c.want) {
			t.Errorf("%s: got %q, %v; want it tried again, and told: %s", c.name, result.Outcome, result.Err, c.want)
		}
	}
	if err := overwrite(path, good); err != nil {
		t.Fatal(err)
	}
	if result := w.publish(growthOf("2026-03")); pins(t, result)[0].Version != 1 {
		t.Errorf("got %+v, want the version that was mended", pins(t, result))
	}
}

// overwrite replaces a stored file, which is read-only.
func overwrite(path string, data []byte) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.WriteFile(path, data, 0o644)
}

// Each other month is a subsegment that says where its figures come from.
func TestComparativesInTheTrace(t *testing.T) {
	w := newWorld(t, worldConfig{definitions: growth(nil)})
	w.publish(growthOf("2026-02"))
	result := w.publish(growthOf("2026-03"))
	var extraction trace.Document
	for _, d := range w.segments(result.TraceID, 1)[0].Subsegments {
		if d.Name == string(pipeline.StageExtract) {
			extraction = d
		}
	}
	got := map[string]string{}
	for _, d := range extraction.Subsegments {
		if d.Name == report.Previous || d.Name == report.YearAgo {
			data, err := json.Marshal(d.Metadata)
			if err != nil {
				t.Fatal(err)
			}
			got[d.Name] = string(data)
		}
	}
	for name, want := range map[string][]string{report.Previous: {`"v1"`, `"2026-02"`}, report.YearAgo: {`"unpublished"`, `"2025-03"`}} {
		for _, word := range want {
			if !strings.Contains(got[name], word) {
				t.Errorf("%s: got %s, want %s", name, got[name], word)
			}
		}
	}
}

// A preview knows no versions, and compares with rows.
func TestComparativesInAPreview(t *testing.T) {
	w := newWorld(t, worldConfig{definitions: growth(nil)})
	w.publish(growthOf("2026-02"))
	dir := t.TempDir()
	files, result := pipeline.Preview(t.Context(), w.config, w.asking(growthOf("2026-03")), dir)
	if result.Err != nil || len(files) == 0 {
		t.Fatalf("got %v, %v", files, result.Err)
	}
	published := w.publish(growthOf("2026-03"))
	want := w.table(published, "growth.csv")
	data, err := os.ReadFile(filepath.Join(dir, "growth.csv"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Half a month is not a month.
func TestExtentFailsTheData(t *testing.T) {
	for _, c := range []struct{ name, sql, want string }{
		{"Volume", `DELETE FROM finance.transactions WHERE booked_at >= '2026-03-03' AND booked_at < '2026-03-31'`, `rule "volume": expected at least 1, `},
		{"Fresh", `DELETE FROM finance.transactions WHERE booked_at >= '2026-03-31 00:00:00 Europe/Prague'`, `rule "fresh": expected 2026-03-31 or later, found 2026-03-30T`},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, worldConfig{definitions: growth(nil)})
			w.exec(c.sql)
			result := w.run(growthOf("2026-03"))
			if result.Outcome != report.DataFailed || !strings.Contains(result.Err.Error(), c.want) {
				t.Errorf("got %q, %v, want data_failed: %s", result.Outcome, result.Err, c.want)
			}
		})
	}
}

// dump is the ledger as text.
func (w *world) dump() string {
	w.t.Helper()
	conn, err := pgx.Connect(w.t.Context(), w.url)
	if err != nil {
		w.t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(w.t.Context()))
	var text string
	err = conn.QueryRow(w.t.Context(), `SELECT string_agg(query_to_xml('SELECT * FROM ' || c.oid::regclass, true, false, '')::text, '')
		FROM pg_class AS c WHERE c.relnamespace = 'monthend'::regnamespace AND c.relkind = 'r'`).Scan(&text)
	if err != nil || !strings.Contains(text, "growth") {
		w.t.Fatalf("got %d characters of the ledger, %v", len(text), err)
	}
	return text
}

// What a report shows of rows is in its own files, and nowhere else.
func TestShownIsTold(t *testing.T) {
	const secret = "Confidential & Sons"
	w := newWorld(t, worldConfig{definitions: growth(nil)})
	w.exec(`UPDATE finance.transactions SET counterparty = 'Confidential & Sons' WHERE amount = 0 OR amount IS NULL`)
	result := w.publish(growthOf("2026-03"))
	drawn := string(w.file("growth/_/2026-03", "growth-2026-03.json"))
	if !strings.Contains(drawn, `"counterparty"`) || !strings.Contains(drawn, "Confidential") {
		t.Errorf("the report does not show it: %.2000s", drawn)
	}
	told, err := json.Marshal(result)
	if err != nil {
		t.Fatal(err)
	}
	traced, err := json.Marshal(w.segments(result.TraceID, 1))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"result": string(told), "manifest": string(result.Version.Manifest), "trace": string(traced),
		"ledger": w.dump()} {
		if strings.Contains(text, "Confidential") || strings.Contains(text, secret) {
			t.Errorf("the %s shows a row", name)
		}
	}
}
