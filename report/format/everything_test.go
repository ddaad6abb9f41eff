package format_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/monthend/monthend/report"
)

// everything is a month of a definition that uses every block of the model, in a locale.
func everything(t testing.TB, l report.Locale) report.Document {
	t.Helper()
	trend := &report.TrendSpec{Dataset: "daily", Column: "net"}
	both := []string{report.Previous, report.YearAgo}
	def := report.Definition{
		Name: "monthly-financials", Title: "Monthly financial report", Company: "Aurora Trading s.r.o. · 日本支店", Currency: "CZK", Locale: l,
		Datasets: []report.DatasetQuery{{Name: "summary"}, {Name: "daily"}, {Name: "by_category"}, {Name: "by_account"}, {Name: "top_counterparties"}, {Name: "daily_by_category"}},
		Document: []report.BlockSpec{
			{KPIs: []report.KPISpec{
				{Label: "Revenue", Dataset: "summary", Column: "revenue", Format: report.FormatMoney, Compare: both, Better: report.Higher, Trend: &report.TrendSpec{Dataset: "daily", Column: "revenue"}},
				{Label: "Expenses", Dataset: "summary", Column: "expenses", Format: report.FormatMoney, Compare: both},
				{Label: "Net result", Dataset: "summary", Column: "net", Format: report.FormatMoney, Compare: both, Better: report.Higher, Trend: trend},
				{Label: "Transactions", Dataset: "summary", Column: "transactions", Compare: both},
				{Label: "Rejected rows", Dataset: "summary", Column: "rejected", Compare: both, Better: report.Lower},
			}},
			{Line: &report.ChartSpec{Title: "Daily net result", Dataset: "daily", X: "day", Y: []string{"net"}, Compare: both}},
			{StackedBar: &report.ChartSpec{Title: "Revenue and expenses by category", Dataset: "by_category", X: "category", Y: []string{"revenue", "expenses"}, Top: 8}},
			{Text: "Booked as of the close. Amounts in other currencies stand in quarantine until their rate is known.\n\nSecond paragraph."},
			{PageBreak: true},
			{Table: &report.TableSpec{Title: "Categories", Dataset: "by_category", Total: true, Columns: []report.TableColumn{
				{Column: "category"}, {Trend: &report.TrendSpec{Dataset: "daily_by_category", Column: "net", By: "category"}, Label: "In the month"},
				{Column: "transactions"}, {Column: "revenue", Format: report.FormatMoney}, {Column: "expenses", Format: report.FormatMoney},
				{Column: "net", Label: "Net result", Format: report.FormatMoney}, {Column: "transactions", Label: "Share of transactions", Format: report.FormatShare},
			}}},
			{Table: &report.TableSpec{Title: "Accounts", Dataset: "by_account", Group: "kind", Subtotal: true, Total: true, Columns: []report.TableColumn{
				{Column: "code", Align: report.AlignCenter}, {Column: "name", Label: "Account"}, {Column: "transactions"}, {Column: "net", Label: "Net result", Format: report.FormatMoney},
			}}},
			{Table: &report.TableSpec{Title: "Largest counterparties", Dataset: "top_counterparties", Top: 2, By: "turnover", Total: true}},
			{Area: &report.ChartSpec{Title: "Revenue and expenses", Dataset: "daily", X: "day", Y: []string{"revenue", "expenses"}}},
			{Bar: &report.ChartSpec{Title: "Net result by category", Dataset: "by_category", X: "category", Y: []string{"net"}}},
			{Quality: true, Show: []string{"booked_at", "amount"}},
		},
	}
	datasets := sampleDatasets()
	byDay := report.Dataset{Name: "daily_by_category", Columns: []report.Column{{Name: "category", Kind: report.Text}, {Name: "net", Kind: report.Decimal, Scale: 2}}}
	for c, row := range datasets[2].Rows {
		for d, day := range datasets[1].Rows {
			byDay.Rows = append(byDay.Rows, []any{row[0], day[4].(decimal.Decimal).Mul(decimal.NewFromInt(int64((c+d*7)%11 - 3)))})
		}
	}
	datasets = append(datasets, byDay)
	previous, yearAgo := sampleDatasets(), sampleDatasets()
	previous[0].Rows[0][0], previous[0].Rows[0][2], previous[0].Rows[0][3] = dec("2113420.00"), dec("-20113.07"), int64(3932)
	for _, row := range previous[1].Rows {
		row[0], row[4] = row[0].(time.Time).AddDate(0, -1, -row[0].(time.Time).Day()).AddDate(0, 0, row[0].(time.Time).Day()), row[4].(decimal.Decimal).Mul(dec("0.82"))
	}
	previous[1].Rows = previous[1].Rows[:28]
	for i, row := range yearAgo[1].Rows {
		row[4] = row[4].(decimal.Decimal).Mul(dec("0.6")).Add(decimal.NewFromInt(int64(i * 300)))
	}
	yearAgo[0].Rows[0][4], yearAgo[0].Rows[0][0] = nil, dec("3203036.32")
	meta := march(3)
	meta.Comparatives = []report.Comparative{
		{Name: report.Previous, Period: report.Period{Year: 2026, Month: 2}, Version: 2, ContentDigest: "aa", Datasets: previous},
		{Name: report.YearAgo, Period: report.Period{Year: 2025, Month: 3}, Datasets: yearAgo},
	}
	meta.Restatement = "Two invoices of Müller & Söhne came late"
	v := sampleValidation()
	v.Rules[0].Columns = []string{"booked_at", "amount"}
	for i := range v.Rules[0].Keys {
		v.Rules[0].Shown = append(v.Rules[0].Shown, []string{fmt.Sprintf("2026-03-%02d 14:02:11", i+3), "—"})
	}
	v.Rules = append(v.Rules,
		report.RuleResult{Rule: "fresh", On: "transactions", Severity: report.Fail, Expected: "2026-03-30 or later", Actual: "2026-03-31T23:59:59+02:00"},
		report.RuleResult{Rule: "volume", On: "transactions", Severity: report.Warn, Expected: "at least 1, at most 1000000, 3914 ± 20%", Actual: "3993"})
	doc, err := report.Build(def, meta, datasets, v)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}
