package report

import "github.com/shopspring/decimal"

// change sets a card beside the same figure of another month. A month that is not given, whose dataset is not of one row, or whose
// column is another kind of thing has no figure: that is said, and never taken for zero.
func (b layout) change(name string, card KPI) Change {
	out := Change{Name: name, Period: b.period.Add(-1)}
	if name == YearAgo {
		out.Period = b.period.Add(-12)
	}
	other, ok := b.other(name, card.From.Dataset)
	if !ok {
		return out
	}
	out.Period, out.Version = other.Period, other.Version
	d, ok := other.dataset(card.From.Dataset)
	column := d.index(card.From.Column)
	if !ok || column < 0 || len(d.Rows) != 1 {
		return out
	}
	before, ok := Figure(d.Rows[0][column])
	if !ok {
		return out
	}
	out.Value = d.Rows[0][column]
	now, ok := Figure(card.Value)
	if !ok {
		return out
	}
	difference := now.Sub(before)
	out.Difference = difference
	// From −100 to 50 is no percentage that a reader could use, and neither is from zero.
	if card.Format != FormatPercent && !before.IsZero() && !now.Mul(before).IsNegative() {
		out.Ratio = difference.DivRound(before.Abs(), ratioDigits)
	}
	return out
}

// other is what is known of another month's dataset. A month may be given twice: what a version has of it, and what the version lacks.
func (b layout) other(name, dataset string) (Comparative, bool) {
	var first *Comparative
	for i, c := range b.others {
		if c.Name != name {
			continue
		}
		if _, ok := c.dataset(dataset); ok {
			return c, true
		}
		if first == nil {
			first = &b.others[i]
		}
	}
	if first == nil {
		return Comparative{}, false
	}
	return *first, true
}

// ratioDigits are those of a Change's Ratio, after the point.
const ratioDigits = 6

// dataset finds one of a comparative's datasets.
func (c Comparative) dataset(name string) (Dataset, bool) {
	for _, d := range c.Datasets {
		if d.Name == name {
			return d, true
		}
	}
	return Dataset{}, false
}

// behind is another month's values of a chart's series, each at the label that means the same: days by their number in the month,
// everything else by its name. Nil where the month has none.
func (c Comparative) behind(spec ChartSpec, keys []string) []any {
	d, ok := c.dataset(spec.Dataset)
	x, y := d.index(spec.X), d.index(spec.Y[0])
	if !ok || x < 0 || y < 0 {
		return nil
	}
	values := map[string]decimal.Decimal{}
	for _, row := range d.Rows {
		if v, ok := Figure(row[y]); ok {
			values[pointKey(d.Columns[x], row[x])] = v
		}
	}
	out, any := make([]any, len(keys)), false
	for i, key := range keys {
		if v, ok := values[key]; ok {
			out[i], any = v, true
		}
	}
	if !any {
		return nil
	}
	return out
}
