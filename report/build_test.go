package report_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"github.com/monthend/monthend/report"
)

func dec(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func day(n int) time.Time { return time.Date(2026, 3, n, 0, 0, 0, 0, time.UTC) }

// sales is a definition over two small datasets.
func sales() (report.Definition, []report.Dataset) {
	def := report.Definition{
		Name: "sales", Title: "Sales", Company: "Aurora", Currency: "CZK",
		Datasets: []report.DatasetQuery{{Name: "summary"}, {Name: "daily"}},
		Document: []report.BlockSpec{
			{KPIs: []report.KPISpec{{Label: "Net", Dataset: "summary", Column: "net", Format: report.FormatMoney}}},
			{Line: &report.ChartSpec{Dataset: "daily", X: "day", Y: []string{"net"}}},
			{Table: &report.TableSpec{Dataset: "daily", Total: true}},
			{Quality: true},
			{Text: "As booked."},
		},
	}
	daily := report.Dataset{
		Name:    "daily",
		Columns: []report.Column{{Name: "day", Kind: report.Date}, {Name: "orders", Kind: report.Integer}, {Name: "net", Kind: report.Decimal, Scale: 2}},
		Rows: [][]any{
			{day(1), int64(2), dec("0.10")},
			{day(2), int64(0), nil},
			{day(3), int64(1), dec("99999999999999999999999999999.20")},
		},
	}
	summary := report.Dataset{
		Name:    "summary",
		Columns: []report.Column{{Name: "net", Kind: report.Decimal, Scale: 2}},
		Rows:    [][]any{{dec("-3.5")}},
	}
	return def, []report.Dataset{daily, summary}
}

var equalDecimals = cmp.Comparer(func(a, b decimal.Decimal) bool { return a.Equal(b) })

func TestBuild(t *testing.T) {
	def, datasets := sales()
	meta := report.Meta{Version: 2, DataDigest: "abc", Restatement: "late", Tenant: "t", Period: report.Period{Year: 2026, Month: 3}, Draft: true}
	got, err := report.Build(def, meta, datasets, report.Validation{Failed: true})
	if err != nil {
		t.Fatal(err)
	}
	want := report.Document{
		Report: "sales", Title: "Sales", Company: "Aurora", Currency: "CZK", Period: report.Period{Year: 2026, Month: 3},
		Tenant: "t", Version: 2, DataDigest: "abc", Restatement: "late", Draft: true, Validation: report.Validation{Failed: true},
		Datasets: []report.Dataset{datasets[1], datasets[0]}, // in the definition's order
		Blocks: []report.Block{
			&report.KPIs{Cards: []report.KPI{{Label: "Net", From: report.Source{Dataset: "summary", Column: "net"}, Value: dec("-3.5"), Kind: report.Decimal, Format: report.FormatMoney, Scale: 2}}},
			&report.Chart{
				Kind: report.LineChart, Title: "Daily", Labels: []string{"1 Mar", "2 Mar", "3 Mar"},
				Series: []report.Series{{Name: "Net", Values: []any{dec("0.10"), nil, dec("99999999999999999999999999999.20")}}},
			},
			&report.Table{
				Title: "Daily", Dataset: "daily",
				Columns: []report.TableColumn{
					{Column: "day", Label: "Day"}, {Column: "orders", Label: "Orders", Format: report.FormatInteger},
					{Column: "net", Label: "Net", Format: report.FormatNumber},
				},
				Kinds:  []report.Kind{report.Date, report.Integer, report.Decimal},
				Scales: []int{0, 0, 2},
				Rows:   datasets[0].Rows,
				Total:  []any{"Total", int64(3), dec("99999999999999999999999999999.30")},
			},
			&report.Quality{},
			&report.Paragraph{Text: "As booked."},
		},
	}
	if diff := cmp.Diff(want, got, equalDecimals); diff != "" {
		t.Errorf("document (-want +got):\n%s", diff)
	}
}

func TestBuildRefuses(t *testing.T) {
	tests := []struct {
		name   string
		change func(*report.Definition, []report.Dataset)
		want   string
	}{
		{"unknown column", func(def *report.Definition, _ []report.Dataset) { def.Document[1].Line.Y = []string{"gross"} }, "daily.gross: the dataset has no such column"},
		{"unknown dataset", func(def *report.Definition, _ []report.Dataset) { def.Document[1].Line.Dataset = "weekly" }, `dataset "weekly" is not given`},
		{"missing dataset", func(def *report.Definition, _ []report.Dataset) { def.Datasets[0].Name = "weekly" }, `dataset "weekly" is not given`},
		{"figure of two rows", func(_ *report.Definition, d []report.Dataset) { d[1].Rows = append(d[1].Rows, d[1].Rows[0]) }, "summary.net: a figure needs a dataset of one row, this has 2"},
		{"chart of dates", func(def *report.Definition, _ []report.Dataset) { def.Document[1].Line.Y = []string{"day"} }, "daily.day: a chart needs figures, the column is of kind date"},
		{"money of dates", func(def *report.Definition, _ []report.Dataset) {
			def.Document[2].Table.Columns = []report.TableColumn{{Column: "day", Format: report.FormatMoney}}
		}, "daily.day: format money needs figures, the column is of kind date"},
		{"a float", func(_ *report.Definition, d []report.Dataset) { d[0].Rows[0][2] = 0.1 }, "daily.net: row 1 holds a float64, which is not of kind decimal"},
		{"a short row", func(_ *report.Definition, d []report.Dataset) { d[0].Rows[1] = nil }, `dataset "daily": row 2 has 0 values, want 3`},
		{"total of counts", func(_ *report.Definition, d []report.Dataset) {
			d[0].Rows[0][1], d[0].Rows[2][1] = int64(1<<62), int64(1<<62)
		}, "daily.orders: the total is beyond 64 bits"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			def, datasets := sales()
			test.change(&def, datasets)
			_, err := report.Build(def, report.Meta{}, datasets, report.Validation{})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestBuildOfNoRows(t *testing.T) {
	def, datasets := sales()
	datasets[0].Rows = nil
	doc, err := report.Build(def, report.Meta{}, datasets, report.Validation{})
	if err != nil {
		t.Fatal(err)
	}
	want := []any{"Total", int64(0), decimal.Zero}
	if diff := cmp.Diff(want, doc.Blocks[2].(*report.Table).Total, equalDecimals); diff != "" {
		t.Errorf("total (-want +got):\n%s", diff)
	}
}
