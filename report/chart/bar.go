package chart

import (
	"math"
	"strconv"

	"github.com/shopspring/decimal"

	"github.com/monthend/monthend/report"
)

// barPitch is the distance from one label to the next; more series need more room.
func barPitch(data report.Chart) float64 {
	if data.Kind == report.StackedBarChart {
		return barStep
	}
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
		room := textWidth(compact(data.Locale, v)) + gap
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
			drawBar(c, bar{x(d), zero, y + 1 + float64(s)*(barThick-2), d, compact(data.Locale, d), inkOf(data, s), len(data.Series) > 1})
		}
	}
	drawBarFoot(c, data, zero, top, top+float64(len(labels))*pitch)
}

// drawBarFoot draws the line of zero and says how many labels are left out.
func drawBarFoot(c Canvas, data report.Chart, zero, top, end float64) {
	c.Line(Point{zero, top}, Point{zero, end + 4}, Axis)
	if more := len(data.Labels) - MaxBars; more > 0 {
		c.Text(Point{0, end + 20}, put(wordsOf(data.Locale).more, strconv.Itoa(more)), Start, Muted)
	}
}

// bar is one bar from zero to x.
type bar struct {
	x, zero, y float64
	value      decimal.Decimal
	figure     string
	ink        Ink
	thin       bool // one of several series
}

// drawBar draws a bar and its figure.
func drawBar(c Canvas, b bar) {
	thick := barThick
	if b.thin {
		thick = barThick - 4
	}
	from, length := b.zero, b.x-b.zero
	figure, anchor := Point{b.x + gap - 2, b.y + thick/2 + 4}, Start
	if b.value.IsNegative() {
		from, length, b.ink = b.x, b.zero-b.x, Bad
		figure.X, anchor = b.x-gap+2, End
	}
	// A figure that is not zero is seen, however small it is beside the others.
	if !b.value.IsZero() && length < 1 {
		length = 1
	}
	if length > 0 {
		c.Rect(Point{from, b.y}, length, thick, 2, b.ink)
	}
	c.Text(figure, b.figure, anchor, Muted)
}
