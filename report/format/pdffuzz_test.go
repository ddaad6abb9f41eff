package format_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/report/format"
)

// FuzzPDF draws any text and figure everywhere: there is a file, it has pages, no text leaves them, and it is the same twice.
func FuzzPDF(f *testing.F) {
	f.Add(nasty, "-1234567.895", 3)
	f.Add("", "0", 0)
	f.Add(strings.Repeat("W", 900), "1e30", 40)
	f.Add(strings.Repeat("a b\u00a0c-d/e日本 ", 60), "0.0001", 1)
	f.Add("\u0301\u0301é\ufe0f\u200d👩‍👧 ﷽ ᄀ각 ¼", "99999999999999999999999999.99", 7)
	f.Fuzz(func(t *testing.T, text, figure string, rows int) {
		d, err := decimal.NewFromString(figure)
		if err != nil || d.Exponent() > 60 || d.Exponent() < -60 || d.NumDigits() > 60 || len(text) > 3000 || rows < 0 || rows > 80 {
			return
		}
		doc := report.Document{Title: text, Company: text, Restatement: text, Period: report.Period{Year: 2026, Month: 3}, Currency: text, Report: text}
		table := &report.Table{
			Title: text, Columns: []report.TableColumn{{Label: text}, {Label: text, Format: report.FormatMoney}, {Label: text}},
			Kinds: []report.Kind{report.Text, report.Decimal, report.TrendKind}, Scales: make([]int, 3), Total: []any{text, d, nil},
		}
		for range rows {
			table.Rows = append(table.Rows, []any{text, d, report.Trend{d, nil, d.Neg()}})
		}
		table.Groups = []report.Group{{Label: text, To: rows, Subtotal: []any{text, d, nil}}}
		series := []report.Series{{Name: text, Values: []any{d, nil}}, {Name: text, Values: []any{d.Neg(), d}}}
		card := report.KPI{Label: text, Value: d, Kind: report.Decimal, Changes: []report.Change{{Name: report.Previous, Difference: d, Ratio: d}}, Trend: report.Trend{d, d.Neg()}}
		doc.Blocks = []report.Block{
			&report.KPIs{Cards: []report.KPI{card, {Label: text, Value: text, Kind: report.Text}, card}}, table, &report.Paragraph{Text: text}, &report.PageBreak{}, &report.Quality{},
		}
		for _, kind := range []report.ChartKind{report.LineChart, report.AreaChart, report.BarChart, report.StackedBarChart} {
			doc.Blocks = append(doc.Blocks, &report.Chart{Kind: kind, Title: text, Labels: []string{text, text}, Series: series})
		}
		doc.Validation.Rules = []report.RuleResult{{Rule: text, Keys: []string{text}, Columns: []string{text}, Shown: [][]string{{text}}, Expected: text, Actual: figure}}
		first := draw(t, format.PDF, doc)
		if !bytes.Equal(first, draw(t, format.PDF, doc)) {
			t.Fatal("two drawings differ")
		}
		if len(pages(t, first)) == 0 {
			t.Fatal("no page")
		}
	})
}
