package report_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/report"
)

// table builds one table over a dataset of a text, an integer and a decimal.
func table(t *testing.T, spec report.TableSpec, rows ...[]any) *report.Table {
	t.Helper()
	spec.Dataset = "lines"
	d := report.Dataset{
		Name: "lines", Rows: rows,
		Columns: []report.Column{{Name: "kind", Kind: report.Text}, {Name: "name", Kind: report.Text}, {Name: "n", Kind: report.Integer}, {Name: "net", Kind: report.Decimal, Scale: 2}},
	}
	def := report.Definition{Name: "sales", Datasets: []report.DatasetQuery{{Name: "lines"}}, Document: []report.BlockSpec{{Table: &spec}}}
	doc, err := report.Build(def, report.Meta{}, []report.Dataset{d}, report.Validation{})
	if err != nil {
		t.Fatal(err)
	}
	return doc.Blocks[0].(*report.Table)
}

func line(kind any, name string, n int64, net string) []any { return []any{kind, name, n, dec(net)} }

func TestTableGroups(t *testing.T) {
	got := table(t, report.TableSpec{Group: "kind", Subtotal: true, Total: true},
		line("sale", "a", 1, "10.10"), line("cost", "b", 2, "-3"), line("sale", "c", 4, "0.20"), line(nil, "d", 8, "1"),
		line(" \x00", "e", 16, "2"))
	want := &report.Table{
		Title: "Lines", Dataset: "lines",
		Columns: []report.TableColumn{{Column: "name", Label: "Name"}, {Column: "n", Label: "N", Format: report.FormatInteger}, {Column: "net", Label: "Net", Format: report.FormatNumber}},
		Kinds:   []report.Kind{report.Text, report.Integer, report.Decimal}, Scales: []int{0, 0, 2},
		Rows:  [][]any{{"a", int64(1), dec("10.10")}, {"c", int64(4), dec("0.20")}, {"b", int64(2), dec("-3")}, {"d", int64(8), dec("1")}, {"e", int64(16), dec("2")}},
		Total: []any{"Total", int64(31), dec("10.30")},
		Groups: []report.Group{
			{Label: "sale", From: 0, To: 2, Subtotal: []any{"Total sale", int64(5), dec("10.30")}},
			{Label: "cost", From: 2, To: 3, Subtotal: []any{"Total cost", int64(2), dec("-3")}},
			{Label: "—", From: 3, To: 4, Subtotal: []any{"Total —", int64(8), dec("1")}},
			{Label: "—", From: 4, To: 5, Subtotal: []any{"Total —", int64(16), dec("2")}}, // "Total" alone would be the table's
		},
	}
	if diff := cmp.Diff(want, got, equalDecimals); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
}

func TestTableTop(t *testing.T) {
	rows := [][]any{line("x", "a", 1, "1"), line("x", "b", 2, "-9"), line("x", "c", 3, "5"), line("x", "d", 4, "5"), line("x", "e", 5, "2")}
	columns := []report.TableColumn{{Column: "name"}, {Column: "net"}, {Column: "net", Format: report.FormatShare}}
	got := table(t, report.TableSpec{Top: 2, By: "net", Total: true, Columns: columns}, rows...)
	wantRows := [][]any{{"b", dec("-9"), dec("-2.25")}, {"c", dec("5"), dec("1.25")}}
	if diff := cmp.Diff(wantRows, got.Rows, equalDecimals); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]any{"Other (3)", dec("8"), dec("2")}, got.Rest, equalDecimals); diff != "" {
		t.Errorf("rest (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]any{"Total", dec("4"), dec("1")}, got.Total, equalDecimals); diff != "" {
		t.Errorf("total (-want +got):\n%s", diff)
	}
	if got := table(t, report.TableSpec{Top: 4, Columns: columns}, rows...); got.Rest != nil || len(got.Rows) != 5 {
		t.Errorf("one row alone became a rest: %+v", got.Rest)
	}
}

func TestSharesOfNothing(t *testing.T) {
	columns := []report.TableColumn{{Column: "name"}, {Column: "net", Format: report.FormatShare}}
	got := table(t, report.TableSpec{Total: true, Columns: columns}, line("x", "a", 1, "5"), line("x", "b", 1, "-5"))
	if got.Rows[0][1] != nil || got.Total[1] != nil {
		t.Errorf("got %v and %v, want no share of zero", got.Rows, got.Total)
	}
}
