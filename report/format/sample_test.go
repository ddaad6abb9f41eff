package format_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/report/catalog"
)

func dec(s string) decimal.Decimal { return decimal.RequireFromString(s) }

// sample is a month of the shipped report with figures as a trading company has them.
func sample(t testing.TB, meta report.Meta) report.Document {
	t.Helper()
	def, err := report.Load(catalog.FS, "monthly-financials")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := report.Build(def, meta, sampleDatasets(), sampleValidation())
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func march(version int) report.Meta {
	return report.Meta{
		Version: version, DataDigest: "1f0e9d8c7b6a59483726150413f2e1d0", Period: report.Period{Year: 2026, Month: time.March},
	}
}

func sampleDatasets() []report.Dataset {
	text := func(name string) report.Column { return report.Column{Name: name, Kind: report.Text} }
	count := func(name string) report.Column { return report.Column{Name: name, Kind: report.Integer} }
	money := func(name string) report.Column { return report.Column{Name: name, Kind: report.Decimal, Scale: 2} }
	daily := report.Dataset{
		Name:    "daily",
		Columns: []report.Column{{Name: "day", Kind: report.Date}, count("transactions"), money("revenue"), money("expenses"), money("net")},
	}
	for day := 1; day <= 31; day++ {
		at := time.Date(2026, time.March, day, 0, 0, 0, 0, time.UTC)
		revenue, expenses := decimal.New(int64(52_000_00+day*day*4321+(day*7919%13)*250_017), -2), decimal.New(-int64(31_000_00+(day*104_729%17)*180_031), -2)
		transactions := int64(120 + day*37%60)
		if weekday := at.Weekday(); weekday == time.Saturday || weekday == time.Sunday {
			revenue, expenses, transactions = decimal.New(int64(day*61_237), -2), decimal.New(-int64(day*52_811), -2), 14
		}
		if day == 15 || day == 31 {
			expenses = expenses.Sub(dec("61250.00")) // wages
		}
		daily.Rows = append(daily.Rows, []any{at, transactions, revenue, expenses, revenue.Add(expenses)})
	}
	category := func(name string, n int64, revenue, expenses string) []any {
		return []any{name, n, dec(revenue), dec(expenses), dec(revenue).Add(dec(expenses))}
	}
	byCategory := report.Dataset{
		Name:    "by_category",
		Columns: []report.Column{text("category"), count("transactions"), money("revenue"), money("expenses"), money("net")},
		Rows: [][]any{
			category("Wholesale", 1204, "1284310.42", "-18211.10"), category("Retail", 1711, "602118.55", "0.00"),
			category("Online shop", 402, "219480.09", "-4012.77"), category("Služby a montáž", 88, "96312.00", "-11200.00"),
			category("Interest", 12, "815.26", "-44.10"), category("Bank fees", 61, "0.00", "-3188.42"),
			category("Energy", 24, "0.00", "-48211.33"), category("Marketing", 37, "0.00", "-73550.18"),
			category("Rent", 6, "0.00", "-120000.00"), category("Freight", 203, "0.00", "-164902.64"),
			category("Goods bought for resale", 140, "0.00", "-611420.90"), category("Payroll", 44, "0.00", "-734120.00"),
		},
	}
	byAccount := report.Dataset{
		Name:    "by_account",
		Columns: []report.Column{text("code"), text("name"), text("kind"), count("transactions"), money("net")},
	}
	for i, row := range byCategory.Rows {
		kind := "revenue"
		if i > 4 {
			kind = "expense"
		}
		byAccount.Rows = append(byAccount.Rows, []any{fmt.Sprint(501 + i*9), row[0], kind, row[1], row[4]})
	}
	top := report.Dataset{
		Name:    "top_counterparties",
		Columns: []report.Column{text("counterparty"), count("transactions"), money("turnover"), money("net")},
		Rows: [][]any{
			{"Müller & Söhne GmbH", int64(211), dec("410220.10"), dec("410220.10")}, {"日本商事", int64(64), dec("388911.00"), dec("-12044.00")},
			{"Čistírna Žižkov s.r.o.", int64(120), dec("201330.55"), dec("-201330.55")}, {"(not named)", int64(19), dec("88012.20"), dec("1044.18")},
		},
	}
	revenue, expenses, transactions := decimal.Zero, decimal.Zero, int64(0)
	for _, row := range byCategory.Rows {
		revenue, expenses, transactions = revenue.Add(row[2].(decimal.Decimal)), expenses.Add(row[3].(decimal.Decimal)), transactions+row[1].(int64)
	}
	summary := report.Dataset{
		Name:    "summary",
		Columns: []report.Column{money("revenue"), money("expenses"), money("net"), count("transactions"), count("rejected")},
		Rows:    [][]any{{revenue, expenses, revenue.Add(expenses), transactions, int64(61)}},
	}
	return []report.Dataset{summary, daily, byCategory, byAccount, top}
}

func sampleValidation() report.Validation {
	return report.Validation{
		Tables: []report.TableCount{
			{Name: "transactions", Extracted: 3993, Valid: 3932, Quarantined: 61},
			{Name: "accounts", Extracted: 24, Valid: 24}, {Name: "source_total", Extracted: 1, Valid: 1},
		},
		Rules: []report.RuleResult{
			{Rule: "amount-present", On: "transactions", Severity: report.Reject, Broken: 21, Keys: []string{"260311", "260377", "260402", "260518", "260590"}},
			{Rule: "known-account", On: "transactions", Severity: report.Reject, Broken: 12, Keys: []string{"260102", "260733"}},
			{Rule: "unique-id", On: "transactions", Severity: report.Reject, Broken: 20, Keys: []string{"260009", "260009"}},
			{Rule: "known-currency", On: "transactions", Severity: report.Reject, Broken: 8, Keys: []string{"261400"}},
			{Rule: "counterparty-named", On: "transactions", Severity: report.Warn, Broken: 19, Keys: []string{"260020", "260021"}},
			{Rule: "control-total", Severity: report.Fail, Expected: "423175.98", Actual: "423175.98", Tolerance: "0.00"},
			{Rule: "control-count", Severity: report.Fail, Expected: "3993", Actual: "3993", Tolerance: "0"},
		},
		Gate: report.GateResult{Of: "transactions", Rejected: 61, Extracted: 3993, Share: "0.015277", Limit: "0.02"},
	}
}
