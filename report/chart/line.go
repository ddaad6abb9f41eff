package chart

import (
	"math"

	"github.com/shopspring/decimal"

	"github.com/monthend/monthend/report"
)

// drawLine draws each series over evenly spaced labels. What is filled is filled down to zero, its negative part in Bad.
func drawLine(c Canvas, data report.Chart, width, top float64) {
	axis := newScale(values(data), 5)
	ticks := axis.ticks()
	left := 0.0
	for _, tick := range ticks {
		left = math.Max(left, textWidth(compact(data.Locale, tick)))
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
		c.Text(Point{left - gap, y(tick) + 4}, compact(data.Locale, tick), End, Muted)
	}
	every := labelStep(data.Labels, right-left)
	for i := 0; i < len(data.Labels); i += every {
		drawTickLabel(c, x(i), bottom+18, fit(data.Labels[i], (right-left)/2), width)
	}
	for _, s := range inDrawingOrder(data) {
		for _, run := range runs(data.Series[s].Values, x, y) {
			if filled(data, s) {
				fill(c, run, y(decimal.Zero), inkOf(data, s), below(data, s))
			}
			if len(run) == 1 {
				c.Rect(Point{run[0].X - 2.5, run[0].Y - 2.5}, 5, 5, 2.5, inkOf(data, s))
				continue
			}
			c.Path(run, inkOf(data, s))
		}
	}
}

// inDrawingOrder are the series with other months' first, so that this one's lie on top.
func inDrawingOrder(data report.Chart) []int {
	var behind, front []int
	for i, s := range data.Series {
		if s.Behind {
			behind = append(behind, i)
		} else {
			front = append(front, i)
		}
	}
	return append(behind, front...)
}

// filled reports whether the surface of the i-th series is drawn: in an area chart, and where there is no other of this month.
func filled(data report.Chart, i int) bool {
	if data.Series[i].Behind {
		return false
	}
	front := 0
	for _, s := range data.Series {
		if !s.Behind {
			front++
		}
	}
	return data.Kind == report.AreaChart || front == 1
}

// below is the ink of a surface below zero: that of bad news, unless surfaces of several series must be told apart.
func below(data report.Chart, i int) Ink {
	if data.Kind == report.AreaChart && len(data.Series) > 1 {
		return inkOf(data, i)
	}
	return Bad
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
func fill(c Canvas, run []Point, zero float64, above, below Ink) {
	var side []Point
	// flush closes the surface of one side; its points lie on one side of zero or on it.
	flush := func() {
		if len(side) < 2 {
			side = nil
			return
		}
		ink := above
		for _, p := range side {
			if p.Y > zero {
				ink = below
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
