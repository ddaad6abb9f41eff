package report_test

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/monthend/monthend/report"
)

// folder turns an archive into the folder "sales"; two SQL files are there unless the archive brings its own.
func folder(a *txtar.Archive) (files fstest.MapFS, want string) {
	files = fstest.MapFS{
		"sales/orders.sql": {Data: []byte("SELECT id FROM orders WHERE booked_at >= @period_start")},
		"sales/daily.sql":  {Data: []byte("SELECT 1 AS n ORDER BY n")},
	}
	for _, f := range a.Files {
		if f.Name == "want" {
			want = string(f.Data)
			continue
		}
		files["sales/"+f.Name] = &fstest.MapFile{Data: f.Data}
	}
	return files, want
}

// TestLoadRefuses reads testdata/definition: a sentence, the files, and every mistake that must be found, no other.
func TestLoadRefuses(t *testing.T) {
	names, err := filepath.Glob("testdata/definition/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatalf("got %d cases, %v", len(names), err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			files, want := folder(archive)
			_, err = report.Load(files, "sales")
			var wrong *report.DefinitionError
			if !errors.As(err, &wrong) {
				t.Fatalf("got %v, want a definition error", err)
			}
			var got []string
			for _, p := range wrong.Problems {
				got = append(got, p.String())
			}
			sorted := cmpopts.SortSlices(func(a, b string) bool { return a < b })
			if diff := cmp.Diff(strings.Split(strings.TrimSpace(want), "\n"), got, sorted); diff != "" {
				t.Errorf("%sproblems (-want +got):\n%s", archive.Comment, diff)
			}
		})
	}
}

const wholeDefinition = `# yaml-language-server: $schema=../schema.json
name: sales
title: Sales
company: Müller & Söhne
timezone: Europe/Prague
currency: CZK
extract:
  orders: {sql: orders.sql, key: [id, line]}
  customers: {sql: customers.sql, key: [id]}
validate:
  rules:
    - {rule: there, on: orders, check: amount IS NOT NULL, severity: reject}
    - {rule: known, on: orders, references: customers(id), column: customer_id, severity: reject}
    - {rule: once, on: orders, unique: [id, line], keep: first, order: [booked_at], severity: warn}
    - rule: total
      assert: total.sql
      severity: fail
  gate: {rejected: 2.5%, of: orders, amount: 0.5%}
generate:
  datasets:
    summary: summary.sql
    daily: daily.sql
  document:
    - kpis:
        - {label: Orders, dataset: summary, column: orders, format: integer}
    - line: {title: By day, dataset: daily, x: day, y: [net]}
    - table: {dataset: daily, total: true, columns: [day, {column: net, label: Net, format: money}]}
    - text: |
        As booked.
    - quality
  formats: [json, html]
`

func wholeFolder() fstest.MapFS {
	return fstest.MapFS{
		"sales/report.yaml":   {Data: []byte(wholeDefinition)},
		"sales/orders.sql":    {Data: []byte("SELECT 1 WHERE now() < @period_end")},
		"sales/customers.sql": {Data: []byte("SELECT 2")},
		"sales/total.sql":     {Data: []byte("SELECT 0, 0")},
		"sales/summary.sql":   {Data: []byte("SELECT 3 AS orders")},
		"sales/daily.sql":     {Data: []byte("SELECT 4 AS net ORDER BY net")},
	}
}

func TestLoad(t *testing.T) {
	got, err := report.Load(wholeFolder(), "sales")
	if err != nil {
		t.Fatal(err)
	}
	want := report.Definition{
		Name: "sales", Title: "Sales", Company: "Müller & Söhne", Currency: "CZK",
		Extract: []report.Extract{
			{Name: "orders", SQL: "SELECT 1 WHERE now() < @period_end", Path: "orders.sql", Key: []string{"id", "line"}},
			{Name: "customers", SQL: "SELECT 2", Path: "customers.sql", Key: []string{"id"}},
		},
		Rules: []report.Rule{
			{Name: "there", On: "orders", Severity: report.Reject, Check: "amount IS NOT NULL"},
			{Name: "known", On: "orders", Severity: report.Reject, References: &report.Reference{Column: "customer_id", Table: "customers", Target: "id"}},
			{Name: "once", On: "orders", Severity: report.Warn, Unique: []string{"id", "line"}, KeepFirst: true, Order: []string{"booked_at"}},
			{Name: "total", Severity: report.Fail, Assert: "SELECT 0, 0", AssertPath: "total.sql", Tolerance: "0"},
		},
		Gate: report.Gate{Of: "orders", Rejected: "0.025", Amount: "0.005", AmountColumn: "amount"},
		Datasets: []report.DatasetQuery{
			{Name: "summary", SQL: "SELECT 3 AS orders", Path: "summary.sql"},
			{Name: "daily", SQL: "SELECT 4 AS net ORDER BY net", Path: "daily.sql"},
		},
		Document: []report.BlockSpec{
			{KPIs: []report.KPISpec{{Label: "Orders", Dataset: "summary", Column: "orders", Format: report.FormatInteger}}},
			{Line: &report.ChartSpec{Title: "By day", Dataset: "daily", X: "day", Y: []string{"net"}}},
			{Table: &report.TableSpec{Dataset: "daily", Total: true, Columns: []report.TableColumn{
				{Column: "day"}, {Column: "net", Label: "Net", Format: report.FormatMoney},
			}}},
			{Text: "As booked.\n"},
			{Quality: true},
		},
		Formats: []string{"json", "html"},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(report.Definition{}, "Location", "Digest")); diff != "" {
		t.Errorf("definition (-want +got):\n%s", diff)
	}
	if got.Location.String() != "Europe/Prague" {
		t.Errorf("location: got %v", got.Location)
	}
}

func TestDigestSeesEveryByte(t *testing.T) {
	digest := func(change func(fstest.MapFS)) string {
		files := wholeFolder()
		change(files)
		def, err := report.Load(files, "sales")
		if err != nil {
			t.Fatal(err)
		}
		return def.Digest
	}
	first := digest(func(fstest.MapFS) {})
	if again := digest(func(fstest.MapFS) {}); again != first || len(first) != 64 {
		t.Errorf("got %q and %q, want one sha256 in hex", first, again)
	}
	for name := range wholeFolder() {
		changed := digest(func(files fstest.MapFS) {
			files[name] = &fstest.MapFile{Data: append(files[name].Data, '\n')}
		})
		if changed == first {
			t.Errorf("%s: one more byte gave the same digest", name)
		}
	}
	other := digest(func(files fstest.MapFS) { files["sales/README"] = &fstest.MapFile{Data: []byte("x")} })
	if other != first {
		t.Error("a file that the definition does not name changed the digest")
	}
}

func TestLoadBoundsFiles(t *testing.T) {
	files := wholeFolder()
	files["sales/daily.sql"] = &fstest.MapFile{Data: []byte(strings.Repeat(" ", report.MaxFileSize) + "x")}
	files["sales/total.sql"] = &fstest.MapFile{Data: []byte("SELECT '\xff'")}
	files["sales/summary.sql"] = &fstest.MapFile{Mode: fs.ModeDir}
	_, err := report.Load(files, "sales")
	var wrong *report.DefinitionError
	if !errors.As(err, &wrong) || len(wrong.Problems) != 3 {
		t.Fatalf("got %v, want 3 problems", err)
	}
	for i, want := range []string{"total.sql: not UTF-8 at 1:9", "summary.sql: not a file", "daily.sql: more than 262144 bytes"} {
		if got := wrong.Problems[i].Message; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := err.Error(); !strings.HasSuffix(got, "(and 2 more)") {
		t.Errorf("got %q, want the first and how many more", got)
	}
}

func TestLoadOfNothing(t *testing.T) {
	_, err := report.Load(fstest.MapFS{}, "sales")
	if err == nil || err.Error() != "sales/report.yaml: no such file" {
		t.Errorf("got %v", err)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(wholeDefinition))
	names, _ := filepath.Glob("testdata/definition/*.txtar")
	for _, name := range names {
		if archive, err := txtar.ParseFile(name); err == nil {
			f.Add(archive.Files[0].Data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		files := wholeFolder()
		files["sales/report.yaml"] = &fstest.MapFile{Data: data}
		_, err := report.Load(files, "sales")
		var wrong *report.DefinitionError
		if err == nil {
			return
		}
		if !errors.As(err, &wrong) {
			t.Fatalf("got %v, want a definition error", err)
		}
		for _, p := range wrong.Problems {
			if s := p.String(); strings.ContainsAny(s, "\r\n") || p.Message == "" {
				t.Fatalf("problem is not one line: %q", s)
			}
		}
	})
}
