package chart

import (
	"math"

	"github.com/shopspring/decimal"

	"github.com/monthend/monthend/report"
)

// Spark draws a sparkline: the shape of a series without an axis, its last point marked. Zero is drawn as a line where the series
// crosses it.
func Spark(c Canvas, values report.Trend, at Point, width, height float64) {
	var least, most decimal.Decimal
	known, last := 0, -1
	for i, v := range values {
		d, ok := v.(decimal.Decimal)
		if !ok {
			continue
		}
		if known == 0 {
			least, most = d, d
		}
		least, most = decimal.Min(least, d), decimal.Max(most, d)
		known, last = known+1, i
	}
	if known == 0 {
		return
	}
	const dot = 1.8
	axis := scale{low: least, high: most}
	if least.Equal(most) {
		axis = scale{low: least.Sub(decimal.NewFromInt(1)), high: most.Add(decimal.NewFromInt(1))}
	}
	y := func(d decimal.Decimal) float64 { return at.Y + dot + (1-axis.part(d))*(height-2*dot) }
	x := func(i int) float64 {
		return at.X + dot + float64(i)*(width-2*dot)/math.Max(float64(len(values)-1), 1)
	}
	if least.IsNegative() && most.IsPositive() {
		c.Line(Point{at.X, y(decimal.Zero)}, Point{at.X + width, y(decimal.Zero)}, Grid)
	}
	for _, run := range runs(values, x, y) {
		if len(run) > 1 {
			c.Path(run, Trend)
		}
	}
	end := values[last].(decimal.Decimal)
	ink := SeriesInk(0)
	if end.IsNegative() {
		ink = Bad
	}
	c.Rect(Point{x(last) - dot, y(end) - dot}, 2*dot, 2*dot, dot, ink)
}
