package chart

import (
	"math"

	"github.com/shopspring/decimal"

	"github.com/monthend/monthend/report"
)

// drawLine draws each series over evenly spaced labels. One series alone is filled down to zero, its negative part in Bad.
func drawLine(c Canvas, data report.Chart, width, top float64) {
	axis := newScale(values(data), 5)
	ticks := axis.ticks()
	left := 0.0
	for _, tick := range ticks {
		left = math.Max(left, textWidth(Compact(tick)))
	}
	left += gap
	// Half of the last label hangs over the end of the axis.
	right := width - math.Min(textWidth(data.Labels[len(data.Labels)-1])/2+2, width/6)
	top += 8
	bottom := top + plotHeight
	y := func(d decimal.Decimal) float64 { return bottom - axis.part(d)*(bottom-top) }
	x := func(i int) float64 {
		if len(data.Labels) == 1 {
			return (left + right) / 2
		}
		return left + float64(i)*(right-left)/float64(len(data.Labels)-1)
	}
	for _, tick := range ticks {
		ink := Grid
		if tick.IsZero() {
			ink = Axis
		}
		c.Line(Point{left, y(tick)}, Point{right, y(tick)}, ink)
		c.Text(Point{left - gap, y(tick) + 4}, Compact(tick), End, Muted)
	}
	every := labelStep(data.Labels, right-left)
	for i := 0; i < len(data.Labels); i += every {
		drawTickLabel(c, x(i), bottom+18, fit(data.Labels[i], (right-left)/2), width)
	}
	for s, series := range data.Series {
		for _, run := range runs(series.Values, x, y) {
			if len(data.Series) == 1 {
				fill(c, run, y(decimal.Zero))
			}
			if len(run) == 1 {
				c.Rect(Point{run[0].X - 2.5, run[0].Y - 2.5}, 5, 5, 2.5, SeriesInk(s))
				continue
			}
			c.Path(run, SeriesInk(s))
		}
	}
}

// drawTickLabel centres a label below its tick, unless it would leave the canvas.
func drawTickLabel(c Canvas, x, y float64, label string, width float64) {
	switch half := textWidth(label) / 2; {
	case x-half < 0:
		c.Text(Point{0, y}, label, Start, Muted)
	case x+half > width:
		c.Text(Point{width, y}, label, End, Muted)
	default:
		c.Text(Point{x, y}, label, Middle, Muted)
	}
}

// runs cuts a series where a value is missing: a gap is a gap, not a slope.
func runs(values []any, x func(int) float64, y func(decimal.Decimal) float64) [][]Point {
	var out [][]Point
	var run []Point
	for i, v := range values {
		d, ok := v.(decimal.Decimal)
		if !ok {
			if run != nil {
				out = append(out, run)
			}
			run = nil
			continue
		}
		run = append(run, Point{x(i), y(d)})
	}
	if run != nil {
		out = append(out, run)
	}
	return out
}

// fill lays a surface between the line and zero, cut where the line crosses it so that each side has its ink.
func fill(c Canvas, run []Point, zero float64) {
	var side []Point
	// flush closes the surface of one side; its points lie on one side of zero or on it.
	flush := func() {
		if len(side) < 2 {
			side = nil
			return
		}
		ink := SeriesInk(0)
		for _, p := range side {
			if p.Y > zero {
				ink = Bad
			}
		}
		side = append(side, Point{side[len(side)-1].X, zero}, Point{side[0].X, zero})
		c.Area(side, ink)
		side = nil
	}
	for i, p := range run {
		if i > 0 {
			if before := run[i-1]; (before.Y-zero)*(p.Y-zero) < 0 {
				cross := Point{before.X + (p.X-before.X)*(zero-before.Y)/(p.Y-before.Y), zero}
				side = append(side, cross)
				flush()
				side = append(side, cross)
			}
		}
		side = append(side, p)
		if p.Y == zero { // it may go on on the other side
			flush()
			side = append(side, p)
		}
	}
	flush()
}

// labelStep is how many labels are passed over so that they fit side by side: 1, 2, 5, 10 and so on.
func labelStep(labels []string, width float64) int {
	widest := 0.0
	for _, l := range labels {
		widest = math.Max(widest, math.Min(textWidth(l), width/2))
	}
	for power := 1; ; power *= 10 {
		for _, factor := range []int{1, 2, 5} {
			every := factor * power
			if every >= len(labels) || float64((len(labels)-1)/every)*(widest+gap) <= width {
				return every
			}
		}
	}
}
