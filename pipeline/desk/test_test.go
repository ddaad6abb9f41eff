package desk_test

import (
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/pipeline/desk"
	"github.com/monthend/monthend/pipeline/engine"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/report/catalog"
	"github.com/monthend/monthend/report/scaffold"
)

// run runs one case of the definition in the folder "sales".
func run(t *testing.T, files fs.FS, folder, name string) desk.Result {
	t.Helper()
	r, err := report.Read(files, folder)
	if err != nil {
		t.Fatal(err)
	}
	sub, err := fs.Sub(files, folder)
	if err != nil {
		t.Fatal(err)
	}
	result, err := desk.Test(t.Context(), r, sub, name, engine.Config{Spool: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// said is what is wrong with a case, a line each.
func said(r desk.Result) []string {
	lines := []string{}
	for _, p := range r.Problems {
		lines = append(lines, p.String())
	}
	for _, d := range r.Differences {
		lines = append(lines, fmt.Sprintf("%s row %d %q: want %s, got %s", d.File, d.Row, d.Column, d.Want, d.Got))
	}
	return lines
}

// Every case that ships is as expected, and together they break every rule.
func TestShippedCases(t *testing.T) {
	c, err := report.NewCatalog(catalog.FS)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range c.Names() {
		cases, err := desk.Cases(c.Files(name))
		if err != nil || len(cases) == 0 {
			t.Errorf("%s: got %d cases, %v", name, len(cases), err)
		}
		for _, one := range cases {
			if diff := cmp.Diff([]string{}, said(run(t, catalog.FS, name, one))); diff != "" {
				t.Errorf("%s/%s (-want +got):\n%s", name, one, diff)
			}
		}
	}
}

// The case that is called so breaks every rule of the shipped report: a new rule is missing there until somebody tries it.
func TestEveryRuleIsBroken(t *testing.T) {
	def, err := report.Load(catalog.FS, "monthly-financials")
	if err != nil {
		t.Fatal(err)
	}
	data, err := fs.ReadFile(catalog.FS, "monthly-financials/test/every-rule/case.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range def.Rules {
		if !regexp.MustCompile(`(?m)^  ` + regexp.QuoteMeta(r.Name) + `: [1-9]`).Match(data) {
			t.Errorf("rule %q is not broken", r.Name)
		}
	}
}

// sales is a small definition with one case, which is as expected.
func sales() fstest.MapFS {
	files := fstest.MapFS{}
	for name, data := range map[string]string{
		"report.yaml": `name: sales
title: Sales
timezone: Europe/Prague
currency: CZK
extract:
  orders: {sql: orders.sql, key: [id]}
validate:
  rules:
    - {rule: paid, on: orders, check: amount > 0, severity: reject}
    - {rule: some, on: orders, row_count: {min: 2}, severity: fail}
generate:
  datasets: {total: total.sql, change: change.sql}
  document:
    - kpis: [{label: Total, dataset: total, column: amount, format: money}]
  formats: [html]
`,
		"orders.sql":                          "SELECT 1 AS id",
		"total.sql":                           "SELECT coalesce(sum(amount), 0.00) AS amount, max(name) AS name FROM orders ORDER BY 1",
		"change.sql":                          "SELECT t.amount - p.amount AS change FROM previous.total AS p, (SELECT sum(amount) AS amount FROM orders) AS t ORDER BY 1",
		"test/one/orders.csv":                 "id:bigint,amount:numeric(18,2),name:text\n1,10,a\n2,20.5,\"\"\n3,,b\n4,-1,\n",
		"test/one/previous/total.csv":         "amount:numeric(38,2),name:text\n30.00,x\n",
		"test/one/expect/total.csv":           "amount,name\n30.5,a\n",
		"test/one/expect/change.csv":          "change\n0.50\n",
		"test/one/expect/orders_rejected.csv": "id,rules\n3,paid\n4,paid\n",
	} {
		files["sales/"+name] = &fstest.MapFile{Data: []byte(data)}
	}
	return files
}

func TestCaseAsExpected(t *testing.T) {
	got := run(t, sales(), "sales", "one")
	if diff := cmp.Diff([]string{}, said(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got.Compared != 3 || got.Rejected != 2 {
		t.Errorf("got %d files and %d rejected rows, want 3 and 2", got.Compared, got.Rejected)
	}
}

func TestDifferences(t *testing.T) {
	for _, c := range []struct {
		name    string
		changes map[string]string // nil data takes the file away
		want    []string
	}{
		{"a cell", map[string]string{"expect/total.csv": "amount,name\n31,a\n"}, []string{`expect/total.csv row 1 "amount": want 31, got 30.50`}},
		{"NULL and empty", map[string]string{"expect/total.csv": "amount,name\n,\"\"\n"}, []string{
			`expect/total.csv row 1 "amount": want NULL, got 30.50`, `expect/total.csv row 1 "name": want "", got a`}},
		{"columns", map[string]string{"expect/total.csv": "amount\n30.50\n"}, []string{`expect/total.csv row 0 "columns": want amount, got amount,name`}},
		{"a row too many", map[string]string{"expect/orders_rejected.csv": "id,rules\n2,paid\n3,paid\n4,paid\n"}, []string{
			`expect/orders_rejected.csv row 1 "": want 2, paid, got (no row)`}},
		{"a row too few", map[string]string{"expect/orders_rejected.csv": "id,rules\n4,paid\n"}, []string{
			`expect/orders_rejected.csv row 1 "": want (no row), got 3, paid`}},
		{"no file of rejected rows", map[string]string{"expect/orders_rejected.csv": ""}, []string{
			`expect/orders_rejected.csv row 0 "": want no rejected rows, since the file is missing, got 2`}},
		{"a verdict", map[string]string{"case.yaml": "fails: [some]\nbroken: {paid: 3}\n"}, []string{
			`case.yaml row 0 "broken: paid": want 3, got 2`, `case.yaml row 0 "fails": want some, got nothing`}},
		{"no fixture", map[string]string{"orders.csv": ""}, []string{
			`sales/test/one/orders.csv: no such file; it holds the rows of extract "orders", and its first line their columns, such as id:bigint,amount:numeric(18,2)`}},
		{"a bad fixture", map[string]string{"orders.csv": "id:bigint,amount:numeric(18,2),name:text\nx,1,2\n"}, []string{
			`sales/test/one/orders.csv:2:1: column "id": want a whole number of 64 bits`}},
		{"no other month", map[string]string{"previous/total.csv": ""}, []string{
			`sales/test/one/previous/total.csv: no such file; dataset "change" reads previous.total`}},
		{"an unknown file", map[string]string{"expect/totl.csv": "amount\n"}, []string{
			`sales/test/one/expect/totl.csv: nothing reads this file; did you mean "expect/total.csv"?`}},
		{"an unknown field", map[string]string{"case.yaml": "perod: 2026-03\n"}, []string{`sales/test/one/case.yaml:1:1: unknown field "perod"`}},
		{"a bad month", map[string]string{"case.yaml": "period: 2026-13\n"}, nil},
		{"an unknown rule", map[string]string{"case.yaml": "fails: [sme]\n"}, []string{
			`sales/test/one/case.yaml: fails: "sme" is not one of some, gate; did you mean "some"?`}},
		{"a query that breaks", map[string]string{"../../total.sql": "SELECT sum(amount) AS amount, 1.5::DOUBLE AS name FROM orders ORDER BY 1"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := maps.Clone(sales())
			for name, data := range c.changes {
				at := "sales/test/one/" + name
				if rest, up := strings.CutPrefix(name, "../../"); up {
					at = "sales/" + rest
				}
				delete(files, at)
				if data != "" {
					files[at] = &fstest.MapFile{Data: []byte(data)}
				}
			}
			got := said(run(t, files, "sales", "one"))
			if c.want == nil {
				if len(got) != 1 {
					t.Errorf("got %q, want one mistake", got)
				}
				return
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// What comes out, written as expected files, is as expected.
func TestFilesAreAsExpected(t *testing.T) {
	files := sales()
	first := run(t, files, "sales", "one")
	for name, data := range first.Files {
		files["sales/test/one/"+name] = &fstest.MapFile{Data: data}
	}
	if got := run(t, files, "sales", "one"); len(said(got)) > 0 || got.Compared != len(first.Files) {
		t.Errorf("got %q over %d files", said(got), got.Compared)
	}
}

// What a new definition begins as is as expected, whatever it is called.
func TestScaffoldCases(t *testing.T) {
	begun, err := scaffold.Files("payroll")
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{}
	for _, f := range begun {
		files["payroll/"+f.Path] = &fstest.MapFile{Data: f.Data}
	}
	if got := run(t, files, "payroll", "first"); len(said(got)) > 0 || got.Compared != 3 {
		t.Errorf("got %q over %d files", said(got), got.Compared)
	}
	r, err := report.Read(files, "payroll")
	if err != nil {
		t.Fatal(err)
	}
	if got := check(t, r, books(t)); len(got) > 0 {
		t.Errorf("got %q", got)
	}
}
