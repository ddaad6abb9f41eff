package chart

import (
	"math"
	"strconv"

	"github.com/shopspring/decimal"

	"github.com/monthend/monthend/report"
)

// barPitch is the distance from one label to the next; more series need more room.
func barPitch(data report.Chart) float64 {
	return barStep + float64(len(data.Series)-1)*(barThick-2)
}

// drawBars draws horizontal bars: names on the left, negative bars in Bad and left of zero, each with its figure at its end.
func drawBars(c Canvas, data report.Chart, width, top float64) {
	labels := data.Labels[:min(len(data.Labels), MaxBars)]
	shown := report.Chart{Series: make([]report.Series, len(data.Series))}
	for i, s := range data.Series {
		shown.Series[i].Values = s.Values[:len(labels)]
	}
	names, before, after := 0.0, 0.0, 0.0 // room for names, for figures left of negative bars and right of positive ones
	low, high := decimal.Zero, decimal.Zero
	for _, l := range labels {
		names = math.Max(names, textWidth(l))
	}
	names = math.Min(names, width*0.34)
	for _, v := range values(shown) {
		room := textWidth(Compact(v)) + gap
		if v.IsNegative() {
			before = math.Max(before, room)
		} else {
			after = math.Max(after, room)
		}
		low, high = decimal.Min(low, v), decimal.Max(high, v)
	}
	if low.Equal(high) {
		high = decimal.NewFromInt(1)
	}
	// No round figures here: the bars carry theirs, so the axis has no ticks and can end where the longest bar does.
	axis := scale{low: low, high: high}
	left, right := names+gap+before, width-after
	x := func(d decimal.Decimal) float64 { return left + axis.part(d)*(right-left) }
	zero, pitch := x(decimal.Zero), barPitch(data)
	for i, l := range labels {
		y := top + float64(i)*pitch + 4
		middle := y + (pitch-8)/2 + 1
		c.Text(Point{names, middle + 4}, fit(l, names), End, Label)
		for s := range shown.Series {
			d, ok := shown.Series[s].Values[i].(decimal.Decimal)
			if !ok {
				continue
			}
			drawBar(c, x(d), zero, y+1+float64(s)*(barThick-2), d, SeriesInk(s), len(data.Series))
		}
	}
	end := top + float64(len(labels))*pitch
	c.Line(Point{zero, top}, Point{zero, end + 4}, Axis)
	if more := len(data.Labels) - len(labels); more > 0 {
		c.Text(Point{0, end + 20}, "and "+strconv.Itoa(more)+" more", Start, Muted)
	}
}

// drawBar draws one bar from zero to x and its figure.
func drawBar(c Canvas, x, zero, y float64, d decimal.Decimal, ink Ink, series int) {
	thick := barThick
	if series > 1 {
		thick = barThick - 4
	}
	from, length := zero, x-zero
	figure, anchor := Point{x + gap - 2, y + thick/2 + 4}, Start
	if d.IsNegative() {
		from, length, ink = x, zero-x, Bad
		figure.X, anchor = x-gap+2, End
	}
	// A figure that is not zero is seen, however small it is beside the others.
	if !d.IsZero() && length < 1 {
		length = 1
	}
	if length > 0 {
		c.Rect(Point{from, y}, length, thick, 2, ink)
	}
	c.Text(figure, Compact(d), anchor, Muted)
}
