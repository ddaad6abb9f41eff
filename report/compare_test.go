package report_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/monthend/monthend/report"
)

func TestComparisons(t *testing.T) {
	volume := func(on, previous string) report.Rule {
		return report.Rule{On: on, RowCount: &report.RowCount{Previous: previous}}
	}
	def := report.Definition{
		Extract: []report.Extract{{Name: "orders"}, {Name: "customers"}, {Name: "visits"}},
		Rules:   []report.Rule{{On: "orders", Check: "TRUE"}, volume("visits", "0.2"), volume("orders", "0.1"), volume("orders", "0.3"), volume("customers", "")},
		Datasets: []report.DatasetQuery{
			{Name: "growth", SQL: "SELECT * FROM daily AS d LEFT JOIN PREVIOUS.daily AS p ON p.day = d.day, year_ago.nothing ORDER BY 1"},
			{Name: "summary", SQL: "SELECT 1 AS net -- FROM previous.region\nORDER BY net"},
			{Name: "region", SQL: "SELECT 'previous.region', $$year_ago.region$$ /* year_ago.region */ ORDER BY 1"},
			{Name: "daily", SQL: "SELECT 1 AS day ORDER BY day"},
		},
		Document: []report.BlockSpec{
			{KPIs: []report.KPISpec{{Dataset: "summary", Compare: []string{report.YearAgo}}, {Dataset: "region"}}},
			{Area: &report.ChartSpec{Dataset: "daily", Compare: []string{report.YearAgo, report.Previous}}},
		},
	}
	want := []report.Comparison{
		{Name: report.Previous, Datasets: []string{"daily"}, Rows: []string{"orders", "visits"}},
		{Name: report.YearAgo, Datasets: []string{"summary", "daily"}},
	}
	got := def.Comparisons()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	january := report.Period{Year: 2026, Month: 1}
	if a, b := got[0].Month(january).String(), got[1].Month(january).String(); a != "2025-12" || b != "2025-01" {
		t.Errorf("got %s and %s, want December and the January before", a, b)
	}
	var order []string
	for _, q := range def.Computation() {
		order = append(order, q.Name)
	}
	if diff := cmp.Diff([]string{"summary", "region", "daily", "growth"}, order); diff != "" {
		t.Error(diff)
	}
	if got := (report.Definition{}).Comparisons(); got != nil {
		t.Errorf("got %v, want none", got)
	}
}

func FuzzLookbacks(f *testing.F) {
	f.Add(`SELECT p."net" FROM previous . "daily" AS p WHERE x = 'previous.daily' AND ((`)
	f.Add("\"previous\".")
	f.Add("$a$previous.b$a$ /* /* */ previous.c */ year_ago.d -- previous.e")
	f.Fuzz(func(t *testing.T, sql string) {
		for _, l := range (report.DatasetQuery{SQL: sql}).Lookbacks() {
			if (l.Month != report.Previous && l.Month != report.YearAgo) || l.Line < 1 || l.Col < 1 {
				t.Fatalf("got %+v", l)
			}
		}
	})
}
