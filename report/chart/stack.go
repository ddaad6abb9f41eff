package chart

import (
	"math"

	"github.com/shopspring/decimal"

	"github.com/monthend/monthend/report"
)

// drawStacks draws one bar a label, made of a piece a series: positive figures to the right of zero, negative ones to the left, and
// their sum beside it. The colours are the series', so a negative piece is told by its side.
func drawStacks(c Canvas, data report.Chart, width, top float64) {
	labels := data.Labels[:min(len(data.Labels), MaxBars)]
	names, before, after := 0.0, 0.0, 0.0
	low, high := decimal.Zero, decimal.Zero
	sums := make([]decimal.Decimal, len(labels))
	for i, l := range labels {
		names = math.Max(names, textWidth(l))
		down, up := decimal.Zero, decimal.Zero
		for _, s := range data.Series {
			if d, ok := s.Values[i].(decimal.Decimal); ok && d.IsNegative() {
				down = down.Add(d)
			} else if ok {
				up = up.Add(d)
			}
		}
		low, high, sums[i] = decimal.Min(low, down), decimal.Max(high, up), up.Add(down)
		room := textWidth(compact(data.Locale, sums[i])) + gap
		if sums[i].IsNegative() {
			before = math.Max(before, room)
		} else {
			after = math.Max(after, room)
		}
	}
	names = math.Min(names, width*0.34)
	if low.Equal(high) {
		high = decimal.NewFromInt(1)
	}
	axis := scale{low: low, high: high}
	left, right := names+gap+before, width-after
	x := func(d decimal.Decimal) float64 { return left + axis.part(d)*(right-left) }
	for i, l := range labels {
		y := top + float64(i)*barStep + 5
		c.Text(Point{names, y + barThick/2 + 4}, fit(l, names), End, Label)
		up, down := decimal.Zero, decimal.Zero
		for s := range data.Series {
			d, ok := data.Series[s].Values[i].(decimal.Decimal)
			if !ok || d.IsZero() {
				continue
			}
			side := &up
			if d.IsNegative() {
				side = &down
			}
			from, to := x(*side), x(side.Add(d))
			*side = side.Add(d)
			// A piece is seen, however small it is, and a hair apart from the next.
			c.Rect(Point{math.Min(from, to), y}, math.Max(math.Abs(to-from)-1, 1), barThick, 1, inkOf(data, s))
		}
		if sums[i].IsNegative() {
			c.Text(Point{x(down) - gap + 2, y + barThick/2 + 4}, compact(data.Locale, sums[i]), End, Muted)
		} else {
			c.Text(Point{x(up) + gap - 2, y + barThick/2 + 4}, compact(data.Locale, sums[i]), Start, Muted)
		}
	}
	drawBarFoot(c, data, x(decimal.Zero), top, top+float64(len(labels))*barStep)
}
