package report_test

import (
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/report"
)

// What the schema lets through is read, all of it.
func TestLoadReadsTheWholeDocument(t *testing.T) {
	const yaml = `name: sales
title: Sales
timezone: Europe/Prague
currency: CZK
locale: cs
extract:
  orders: {sql: orders.sql, key: [id]}
generate:
  datasets: {summary: summary.sql, daily: daily.sql}
  document:
    - kpis:
        - {label: Net, dataset: summary, column: net, format: money, compare: [previous, year_ago], better: higher, trend: {dataset: daily, column: net}}
    - area: {dataset: daily, x: day, y: [net], compare: [year_ago]}
    - stacked_bar: {title: Stack, dataset: daily, x: day, y: [net, gross], top: 5}
    - page_break
    - table: {dataset: daily, top: 10, by: net, total: true}
    - table:
        dataset: daily
        group: kind
        subtotal: true
        columns: [day, {column: net, format: share, align: center}, {trend: {dataset: daily, column: net, by: day}, label: Trend}]
    - quality: {show: [booked_at]}
  formats: [html]
`
	fsys := fstest.MapFS{}
	for name, text := range map[string]string{"report.yaml": yaml, "orders.sql": "SELECT 1 AS id", "summary.sql": "SELECT 1 AS net", "daily.sql": "SELECT 1 AS day"} {
		fsys["sales/"+name] = &fstest.MapFile{Data: []byte(text)}
	}
	def, err := report.Load(fsys, "sales")
	if err != nil {
		t.Fatal(err)
	}
	trend := report.TrendSpec{Dataset: "daily", Column: "net"}
	byDay := trend
	byDay.By = "day"
	want := []report.BlockSpec{
		{KPIs: []report.KPISpec{{
			Label: "Net", Dataset: "summary", Column: "net", Format: report.FormatMoney, Compare: []string{report.Previous, report.YearAgo}, Better: report.Higher, Trend: &trend,
		}}},
		{Area: &report.ChartSpec{Dataset: "daily", X: "day", Y: []string{"net"}, Compare: []string{report.YearAgo}}},
		{StackedBar: &report.ChartSpec{Title: "Stack", Dataset: "daily", X: "day", Y: []string{"net", "gross"}, Top: 5}},
		{PageBreak: true},
		{Table: &report.TableSpec{Dataset: "daily", Top: 10, By: "net", Total: true}},
		{Table: &report.TableSpec{Dataset: "daily", Group: "kind", Subtotal: true, Columns: []report.TableColumn{
			{Column: "day"}, {Column: "net", Format: report.FormatShare, Align: report.AlignCenter}, {Label: "Trend", Trend: &byDay},
		}}},
		{Quality: true, Show: []string{"booked_at"}},
	}
	def.Document[len(want)-1].ShowAt = nil // a place, for messages
	if diff := cmp.Diff(want, def.Document); diff != "" {
		t.Errorf("document (-want +got):\n%s", diff)
	}
	if def.Locale != report.Czech {
		t.Errorf("got locale %q", def.Locale)
	}
}
