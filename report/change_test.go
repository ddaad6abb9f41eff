package report_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/report"
)

// months is a definition of one figure and one chart, and the months that it is compared with.
func months(now, before any, format report.Format) (report.Definition, []report.Dataset, report.Meta) {
	def := report.Definition{
		Name: "sales", Currency: "EUR", Datasets: []report.DatasetQuery{{Name: "summary"}},
		Document: []report.BlockSpec{{KPIs: []report.KPISpec{{
			Label: "Net", Dataset: "summary", Column: "net", Format: format, Compare: []string{report.Previous, report.YearAgo}, Better: report.Higher,
		}}}},
	}
	summary := func(v any) []report.Dataset {
		return []report.Dataset{{Name: "summary", Columns: []report.Column{{Name: "net", Kind: report.Decimal, Scale: 4}}, Rows: [][]any{{v}}}}
	}
	meta := report.Meta{Period: report.Period{Year: 2026, Month: 3}, Comparatives: []report.Comparative{
		{Name: report.Previous, Period: report.Period{Year: 2026, Month: 2}, Version: 4, ContentDigest: "ab", Datasets: summary(before)},
	}}
	return def, summary(now), meta
}

func TestChange(t *testing.T) {
	none := any(nil)
	tests := []struct {
		name              string
		now, before       any
		format            report.Format
		difference, ratio any
	}{
		{"a rise", dec("110"), dec("100"), report.FormatMoney, dec("10"), dec("0.1")},
		{"a fall below zero is a fall", dec("-120"), dec("-100"), report.FormatMoney, dec("-20"), dec("-0.2")},
		{"rounded once", dec("2"), dec("3"), report.FormatMoney, dec("-1"), dec("-0.333333")},
		{"unchanged", dec("5.00"), dec("5"), report.FormatMoney, dec("0"), dec("0")},
		{"from zero", dec("5"), dec("0"), report.FormatMoney, dec("5"), none},
		{"to zero", dec("0"), dec("5"), report.FormatMoney, dec("-5"), dec("-1")},
		{"across zero", dec("5"), dec("-5"), report.FormatMoney, dec("10"), none},
		{"of percentages", dec("0.031"), dec("0.027"), report.FormatPercent, dec("0.004"), none},
		{"missing now", nil, dec("5"), report.FormatMoney, none, none},
		{"missing then", dec("5"), nil, report.FormatMoney, none, none},
		{"beyond float64", dec("90071992547409930000000000000000.02"), dec("90071992547409930000000000000000.01"), report.FormatMoney, dec("0.01"), dec("0")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			def, datasets, meta := months(test.now, test.before, test.format)
			doc, err := report.Build(def, meta, datasets, report.Validation{})
			if err != nil {
				t.Fatal(err)
			}
			got := doc.Blocks[0].(*report.KPIs).Cards[0].Changes
			want := []report.Change{
				{Name: report.Previous, Period: report.Period{Year: 2026, Month: 2}, Version: 4, Value: test.before, Difference: test.difference, Ratio: test.ratio},
				{Name: report.YearAgo, Period: report.Period{Year: 2025, Month: 3}}, // not given: said to be missing
			}
			if diff := cmp.Diff(want, got, equalDecimals); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
			if !got[1].Missing() || len(doc.Comparatives) != 1 || doc.Comparatives[0].Datasets != nil {
				t.Errorf("got %+v", doc.Comparatives)
			}
		})
	}
}

// A comparative may come from an older definition: what is not in it is missing, not an error.
func TestChangeAgainstAnotherShape(t *testing.T) {
	for name, change := range map[string]func(*report.Comparative){
		"no dataset": func(c *report.Comparative) { c.Datasets = nil },
		"no column": func(c *report.Comparative) {
			c.Datasets[0].Columns = []report.Column{{Name: "gross", Kind: report.Decimal}}
		},
		"a text": func(c *report.Comparative) {
			c.Datasets[0].Columns[0].Kind, c.Datasets[0].Rows = report.Text, [][]any{{"much"}}
		},
		"no row": func(c *report.Comparative) { c.Datasets[0].Rows = nil },
	} {
		t.Run(name, func(t *testing.T) {
			def, datasets, meta := months(dec("5"), dec("4"), report.FormatMoney)
			change(&meta.Comparatives[0])
			doc, err := report.Build(def, meta, datasets, report.Validation{})
			if err != nil {
				t.Fatal(err)
			}
			if got := doc.Blocks[0].(*report.KPIs).Cards[0].Changes[0]; !got.Missing() || got.Version != 4 {
				t.Errorf("got %+v, want a missing figure", got)
			}
		})
	}
}

// A version may lack a dataset that its month has: that figure is from the rows, and unpublished.
func TestChangeAgainstAMonthGivenTwice(t *testing.T) {
	def, datasets, meta := months(dec("5"), dec("4"), report.FormatMoney)
	rest := meta.Comparatives[0]
	rest.Version, rest.ContentDigest = 0, ""
	meta.Comparatives[0].Datasets = nil
	meta.Comparatives = append(meta.Comparatives, rest)
	doc, err := report.Build(def, meta, datasets, report.Validation{})
	if err != nil {
		t.Fatal(err)
	}
	if got := doc.Blocks[0].(*report.KPIs).Cards[0].Changes[0]; got.Missing() || got.Version != 0 {
		t.Errorf("got %+v, want an unpublished figure", got)
	}
}

// Another month's points stand at the day of the same number; a day that it does not have has no point.
func TestChartOfMonths(t *testing.T) {
	daily := func(year int, month time.Month, figures ...string) []report.Dataset {
		d := report.Dataset{Name: "daily", Columns: []report.Column{{Name: "day", Kind: report.Date}, {Name: "net", Kind: report.Decimal, Scale: 2}}}
		for i, f := range figures {
			d.Rows = append(d.Rows, []any{time.Date(year, month, i+1, 0, 0, 0, 0, time.UTC), dec(f)})
		}
		return []report.Dataset{d}
	}
	def := report.Definition{
		Name: "sales", Locale: report.German, Datasets: []report.DatasetQuery{{Name: "daily"}},
		Document: []report.BlockSpec{{Line: &report.ChartSpec{Dataset: "daily", X: "day", Y: []string{"net"}, Compare: []string{report.Previous, report.YearAgo}}}},
	}
	meta := report.Meta{Period: report.Period{Year: 2026, Month: 3}, Comparatives: []report.Comparative{
		{Name: report.Previous, Period: report.Period{Year: 2026, Month: 2}, Datasets: daily(2026, 2, "7", "8")},
	}}
	doc, err := report.Build(def, meta, daily(2026, 3, "1", "2", "3"), report.Validation{})
	if err != nil {
		t.Fatal(err)
	}
	want := &report.Chart{
		Kind: report.LineChart, Title: "Daily", Labels: []string{"1. März", "2. März", "3. März"}, Locale: report.German,
		Series: []report.Series{{Name: "März 2026", Values: []any{dec("1"), dec("2"), dec("3")}}, {Name: "Februar 2026", Values: []any{dec("7"), dec("8"), nil}, Behind: true}},
	}
	if diff := cmp.Diff(want, doc.Blocks[0].(*report.Chart), equalDecimals); diff != "" {
		t.Errorf("chart (-want +got):\n%s", diff)
	}
}
