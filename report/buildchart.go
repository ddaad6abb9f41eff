package report

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/shopspring/decimal"
)

// chart takes its figures as decimals. A missing one stays missing: zero would be a statement.
func (b layout) chart(kind ChartKind, spec ChartSpec) (*Chart, error) {
	d, x, err := b.column(spec.Dataset, spec.X)
	if err != nil {
		return nil, err
	}
	out := &Chart{Kind: kind, Title: spec.Title, Labels: make([]string, len(d.Rows)), Locale: b.locale}
	if out.Title == "" {
		out.Title = Label(spec.Dataset)
	}
	keys := make([]string, len(d.Rows))
	for i, row := range d.Rows {
		out.Labels[i], keys[i] = b.label(d.Columns[x], row[x]), pointKey(d.Columns[x], row[x])
	}
	for _, name := range spec.Y {
		values, err := b.figures(spec.Dataset, name)
		if err != nil {
			return nil, err
		}
		out.Series = append(out.Series, Series{Name: Label(name), Values: values})
	}
	if len(spec.Y) == 1 {
		b.behind(out, spec, keys)
	}
	if spec.Top > 0 {
		out.top(spec.Top)
	}
	return out, nil
}

// behind adds the other months of one series, which then goes by its month's name.
func (b layout) behind(out *Chart, spec ChartSpec, keys []string) {
	for _, name := range spec.Compare {
		for _, other := range b.others {
			if other.Name != name {
				continue
			}
			if values := other.behind(spec, keys); values != nil {
				out.Series = append(out.Series, Series{Name: b.locale.Month(other.Period), Values: values, Behind: true})
			}
		}
	}
	if len(out.Series) > 1 && len(spec.Compare) > 0 {
		out.Series[0].Name = b.locale.Month(b.period)
	}
}

// figures are the values of one column: decimal.Decimal or nil.
func (b layout) figures(dataset, column string) ([]any, error) {
	d, at, err := b.column(dataset, column)
	if err != nil {
		return nil, err
	}
	if kind := d.Columns[at].Kind; kind != Integer && kind != Decimal {
		return nil, fmt.Errorf("%s.%s: a chart needs figures, the column is of kind %s", d.Name, column, kind)
	}
	out := make([]any, len(d.Rows))
	for i, row := range d.Rows {
		if v, ok := Figure(row[at]); ok {
			out[i] = v
		}
	}
	return out, nil
}

// trend is the sparkline of a card.
func (b layout) trend(spec TrendSpec) (Trend, error) {
	values, err := b.figures(spec.Dataset, spec.Column)
	return Trend(values), err
}

// top keeps so many labels, those with the largest absolute sums over the series, in their order, and adds up the rest. One that would
// stand alone in the rest stays itself.
func (c *Chart) top(n int) {
	if len(c.Labels) <= n+1 {
		return
	}
	size := make([]decimal.Decimal, len(c.Labels))
	for _, s := range c.Series {
		for i, v := range s.Values {
			if d, ok := Figure(v); ok {
				size[i] = size[i].Add(d.Abs())
			}
		}
	}
	keep := largest(size, n)
	var labels []string
	for i, label := range c.Labels {
		if keep[i] {
			labels = append(labels, label)
		}
	}
	for s, series := range c.Series {
		var values []any
		rest := decimal.Zero
		for i, v := range series.Values {
			if keep[i] {
				values = append(values, v)
			} else if d, ok := Figure(v); ok {
				rest = rest.Add(d)
			}
		}
		c.Series[s].Values = append(values, rest)
	}
	c.Labels = append(labels, c.Locale.Other()+" ("+strconv.Itoa(len(c.Labels)-n)+")")
}

// largest says which n of the sizes are the largest; of equal ones the earlier.
func largest(size []decimal.Decimal, n int) []bool {
	order := make([]int, len(size))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return size[b].Cmp(size[a]) })
	keep := make([]bool, len(size))
	for _, i := range order[:min(n, len(order))] {
		keep[i] = true
	}
	return keep
}

// label is a value on the axis of a chart.
func (b layout) label(column Column, v any) string {
	if at, ok := timeOf(v); ok && column.Kind == Date {
		return b.locale.Day(at)
	}
	return FormatValue(v, Style{Kind: column.Kind, Scale: column.Scale, Locale: b.locale})
}

// pointKey is what two months call the same point.
func pointKey(column Column, v any) string {
	if at, ok := timeOf(v); ok && column.Kind == Date {
		return strconv.Itoa(at.Day())
	}
	return FormatValue(v, Style{Kind: column.Kind, Scale: column.Scale})
}
