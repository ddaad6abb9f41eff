package report

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/shopspring/decimal"
)

// table copies the rows it shows, so that a drawer may not change the dataset under another one. Shares and totals are of all rows,
// whatever top leaves of them.
func (b layout) table(spec TableSpec) (*Table, error) {
	d, ok := b.datasets[spec.Dataset]
	if !ok {
		return nil, fmt.Errorf("dataset %q is not given", spec.Dataset)
	}
	out := &Table{Title: spec.Title, Dataset: spec.Dataset, Rows: make([][]any, len(d.Rows))}
	if out.Title == "" {
		out.Title = Label(spec.Dataset)
	}
	columns := spec.columns(d)
	for i := range out.Rows {
		out.Rows[i] = make([]any, len(columns))
	}
	for i, column := range columns {
		if err := b.fill(out, d, i, column); err != nil {
			return nil, err
		}
	}
	var err error
	if spec.Total {
		if out.Total, err = out.sum(d.Name, out.Rows, b.locale.Total()); err != nil {
			return nil, err
		}
	}
	if spec.Top > 0 && len(d.Rows) > spec.Top+1 { // one row alone is no rest
		return out, b.top(out, spec, d)
	}
	return out, out.group(d, b.locale, spec)
}

// columns are the named ones, or all but the one that the rows are grouped by.
func (spec TableSpec) columns(d Dataset) []TableColumn {
	if len(spec.Columns) > 0 {
		return spec.Columns
	}
	var out []TableColumn
	for _, c := range d.Columns {
		if c.Name != spec.Group {
			out = append(out, TableColumn{Column: c.Name})
		}
	}
	return out
}

// fill settles the i-th column and its cells.
func (b layout) fill(out *Table, d Dataset, i int, column TableColumn) error {
	if column.Trend != nil {
		return b.fillTrend(out, d, i, column)
	}
	_, at, err := b.column(d.Name, column.Column)
	if err != nil {
		return err
	}
	if column.Format, err = figure(d, at, column.Format); err != nil {
		return err
	}
	if column.Label == "" {
		column.Label = Label(column.Column)
	}
	kind, scale := d.Columns[at].Kind, d.Columns[at].Scale
	for r, row := range d.Rows {
		out.Rows[r][i] = row[at]
	}
	if column.Format == FormatShare {
		kind, scale = Decimal, shareDigits
		out.shares(i)
	}
	out.Columns, out.Kinds, out.Scales = append(out.Columns, column), append(out.Kinds, kind), append(out.Scales, scale)
	return nil
}

// shareDigits are those of a share as a fraction: a percentage with two.
const shareDigits = 4

// shares turns the i-th column into the parts of its sum.
func (t *Table) shares(i int) {
	weights := make([]decimal.Decimal, len(t.Rows))
	for r, row := range t.Rows {
		weights[r], _ = Figure(row[i])
	}
	parts := Allocate(10_000, weights)
	for r, row := range t.Rows {
		if row[i] != nil && parts != nil {
			row[i] = decimal.New(parts[r], -shareDigits)
		} else {
			row[i] = nil
		}
	}
}

// fillTrend gives each row the values of another dataset's rows that have the same value in the column By.
func (b layout) fillTrend(out *Table, d Dataset, i int, column TableColumn) error {
	spec := column.Trend
	values, err := b.figures(spec.Dataset, spec.Column)
	if err != nil {
		return err
	}
	from, by, err := b.column(spec.Dataset, spec.By)
	if err != nil {
		return err
	}
	_, at, err := b.column(d.Name, spec.By)
	if err != nil {
		return err
	}
	trends := map[string]Trend{}
	for r, row := range from.Rows {
		key := groupKey(from.Columns[by], row[by])
		trends[key] = append(trends[key], values[r])
	}
	for r, row := range d.Rows {
		out.Rows[r][i] = trends[groupKey(d.Columns[at], row[at])]
	}
	if column.Label == "" {
		column.Label = Label(spec.Column)
	}
	out.Columns, out.Kinds, out.Scales = append(out.Columns, column), append(out.Kinds, TrendKind), append(out.Scales, 0)
	return nil
}

// groupKey tells values of one column apart, NULL from an empty text too.
func groupKey(column Column, v any) string {
	if v == nil {
		return ""
	}
	return "=" + FormatValue(v, Style{Kind: column.Kind, Scale: column.Scale})
}

// top keeps the top rows in the order of their size, or the first in the dataset's order, and adds up the rest.
func (b layout) top(out *Table, spec TableSpec, d Dataset) error {
	order := make([]int, len(d.Rows))
	for i := range order {
		order[i] = i
	}
	if spec.By != "" {
		size, err := b.figures(d.Name, spec.By)
		if err != nil {
			return err
		}
		slices.SortStableFunc(order, func(i, j int) int {
			a, _ := Figure(size[i])
			z, _ := Figure(size[j])
			return z.Abs().Cmp(a.Abs())
		})
	}
	var top, rest [][]any
	for n, i := range order {
		if n < spec.Top {
			top = append(top, out.Rows[i])
		} else {
			rest = append(rest, out.Rows[i])
		}
	}
	var err error
	out.Rows = top
	out.Rest, err = out.sum(d.Name, rest, b.locale.Other()+" ("+strconv.Itoa(len(rest))+")")
	return err
}
