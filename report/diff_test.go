package report_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"github.com/monthend/monthend/report"
)

func money(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func word(s string) *string { return &s }

func TestDiff(t *testing.T) {
	day := func(d int) time.Time { return time.Date(2026, 3, d, 0, 0, 0, 0, time.UTC) }
	categories := []report.Column{{Name: "category", Kind: report.Text}, {Name: "entries", Kind: report.Integer}, {Name: "net", Kind: report.Decimal, Scale: 2}}
	for _, c := range []struct {
		name          string
		before, after report.Dataset
		want          *report.DatasetChange
	}{
		{"Same", report.Dataset{Columns: categories, Rows: [][]any{{"rent", int64(2), money("-10.50")}, {"sales", int64(1), money("1.5")}}},
			report.Dataset{Columns: categories, Rows: [][]any{{"sales", int64(1), money("1.50")}, {"rent", int64(2), money("-10.50")}}}, nil},
		{"Rows and cells", report.Dataset{Columns: categories, Rows: [][]any{{"rent", int64(2), money("-10.50")}, {"sales", int64(1), money("1.50")}, {nil, int64(0), nil}}},
			report.Dataset{Columns: categories, Rows: [][]any{{"interest", int64(1), money("0.01")}, {"sales", int64(2), money("4.25")}, {nil, int64(0), money("3.00")}}},
			&report.DatasetChange{Key: []string{"category"}, Added: []string{"interest"}, Removed: []string{"rent"}, Cells: []report.CellChange{
				{Key: "sales", Column: "entries", Before: word("1"), After: word("2"), Delta: "1"},
				{Key: "sales", Column: "net", Before: word("1.50"), After: word("4.25"), Delta: "2.75"},
				{Key: "NULL", Column: "net", After: word("3.00")},
			}}},
		{"One row of figures", report.Dataset{Columns: categories[1:], Rows: [][]any{{int64(2), money("-10.50")}}},
			report.Dataset{Columns: categories[1:], Rows: [][]any{{int64(3), money("-10.50")}}},
			&report.DatasetChange{Cells: []report.CellChange{{Column: "entries", Before: word("2"), After: word("3"), Delta: "1"}}}},
		{"Integer key", report.Dataset{Columns: categories[1:], Rows: [][]any{{int64(1), money("1.00")}, {int64(2), money("2.00")}}},
			report.Dataset{Columns: categories[1:], Rows: [][]any{{int64(2), money("2.00")}, {int64(3), money("3.00")}}},
			&report.DatasetChange{Key: []string{"entries"}, Added: []string{"3"}, Removed: []string{"1"}}},
		{"Repeated keys", report.Dataset{Columns: categories, Rows: [][]any{{"rent", int64(2), money("1.00")}, {"rent", int64(2), money("2.00")}}},
			report.Dataset{Columns: categories, Rows: [][]any{{"rent", int64(2), money("1.00")}, {"rent", int64(2), money("5.00")}, {"rent", int64(2), money("6.00")}}},
			&report.DatasetChange{Key: []string{"category"}, Added: []string{"rent"}, Cells: []report.CellChange{
				{Key: "rent", Column: "net", Before: word("2.00"), After: word("5.00"), Delta: "3.00"},
			}}},
		{"Shape", report.Dataset{Columns: []report.Column{{Name: "day", Kind: report.Date}, {Name: "old", Kind: report.Text}, {Name: "n", Kind: report.Text}}, Rows: [][]any{{day(1), "x", "1"}}},
			report.Dataset{Columns: []report.Column{{Name: "day", Kind: report.Date}, {Name: "n", Kind: report.Integer}, {Name: "new", Kind: report.Text}}, Rows: [][]any{{day(1), int64(1), "y"}, {day(2), int64(1), "y"}}},
			&report.DatasetChange{Key: []string{"day"}, Added: []string{"2026-03-02"}, Shape: []string{`column "n" was text and is integer`, `column "new" is new`, `column "old" is gone`}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var want []report.DatasetChange
			if c.want != nil {
				c.want.Dataset = "d"
				want = append(want, *c.want)
			}
			c.before.Name, c.after.Name = "d", "d"
			if diff := cmp.Diff(want, report.Diff([]report.Dataset{c.before}, []report.Dataset{c.after})); diff != "" {
				t.Error(diff)
			}
		})
	}
	got := report.Diff([]report.Dataset{{Name: "old"}}, []report.Dataset{{Name: "new"}})
	want := []report.DatasetChange{{Dataset: "new", Shape: []string{"the dataset is new"}}, {Dataset: "old", Shape: []string{"the dataset is gone"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestDiffFigures(t *testing.T) {
	def := report.Definition{Document: []report.BlockSpec{{Text: "the month"}, {KPIs: []report.KPISpec{
		{Label: "Net", Dataset: "summary", Column: "net"}, {Label: "Entries", Dataset: "summary", Column: "entries"}, {Label: "Late", Dataset: "late", Column: "n"},
	}}}}
	columns := []report.Column{{Name: "entries", Kind: report.Integer}, {Name: "net", Kind: report.Decimal, Scale: 2}}
	before := []report.Dataset{{Name: "summary", Columns: columns, Rows: [][]any{{int64(7), money("10.00")}}}}
	after := []report.Dataset{
		{Name: "summary", Columns: columns, Rows: [][]any{{int64(7), money("-0.50")}}},
		{Name: "late", Columns: []report.Column{{Name: "n", Kind: report.Integer}}, Rows: [][]any{{int64(3)}}},
	}
	want := []report.FigureChange{
		{Label: "Net", Dataset: "summary", Column: "net", Before: word("10.00"), After: word("-0.50"), Delta: "-10.50"},
		{Label: "Late", Dataset: "late", Column: "n", After: word("3")},
	}
	if diff := cmp.Diff(want, report.DiffFigures(def, before, after)); diff != "" {
		t.Error(diff)
	}
}
