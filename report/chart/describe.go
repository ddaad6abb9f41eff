package chart

import (
	"strconv"

	"github.com/shopspring/decimal"

	"github.com/monthend/monthend/report"
)

// Describe is a chart in one or two sentences, for those who do not see it.
func Describe(data report.Chart) string {
	w := wordsOf(data.Locale)
	if !hasValues(data) {
		return w.nothing + "."
	}
	kind := map[report.ChartKind]string{
		report.LineChart: w.line, report.AreaChart: w.area, report.BarChart: w.bar, report.StackedBarChart: w.stacked,
	}[data.Kind]
	text := put(w.entries, kind, strconv.Itoa(len(data.Labels)), data.Labels[0], data.Labels[len(data.Labels)-1])
	for _, s := range data.Series {
		low, high := extremes(s.Values)
		if low < 0 {
			continue
		}
		least, most := s.Values[low].(decimal.Decimal), s.Values[high].(decimal.Decimal)
		text += " " + put(w.extremes, s.Name, compact(data.Locale, least), data.Labels[low], compact(data.Locale, most), data.Labels[high])
	}
	return text
}

// DescribeTrend is a sparkline in one sentence.
func DescribeTrend(values report.Trend, l report.Locale) string {
	w := wordsOf(l)
	low, high := extremes(values)
	if low < 0 {
		return w.nothing
	}
	last := len(values) - 1
	for values[last] == nil {
		last--
	}
	figure := func(i int) string { return compact(l, values[i].(decimal.Decimal)) }
	return put(w.trend, figure(low), figure(high), figure(last))
}

// extremes are the places of the least and the largest figure; -1 where there is none.
func extremes(values []any) (low, high int) {
	low, high = -1, -1
	for i, v := range values {
		d, ok := v.(decimal.Decimal)
		if !ok {
			continue
		}
		if low < 0 || d.LessThan(values[low].(decimal.Decimal)) {
			low = i
		}
		if high < 0 || d.GreaterThan(values[high].(decimal.Decimal)) {
			high = i
		}
	}
	return low, high
}
