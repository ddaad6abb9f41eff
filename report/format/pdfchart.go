package format

import (
	"github.com/monthend/monthend/report/chart"
	"github.com/monthend/monthend/report/format/page"
)

// chartScale is how many points a unit of a chart's canvas is: its type comes out at 7.7 points.
const chartScale = 0.7

// smallScale is the least scale at which a chart still reads well: type of 6.3 points.
const smallScale = 0.57

// chart draws a chart below its heading: somewhat smaller where that saves the turn of a page, and as small as it takes where it is
// taller than a page.
func (p pdfPage) chart(c *chartView) {
	p.Skip(sectionGap)
	height := func(scale float64) float64 { return headingHeight + chart.Height(c.Data, page.Inner/scale)*scale }
	scale := chartScale
	if height(scale) > p.Left() && height(smallScale) <= p.Left() {
		for height(scale) > p.Left() {
			scale -= 0.01
		}
	}
	for height(scale) > p.Whole() {
		scale *= 0.95
	}
	p.draw(c, scale)
}

func (p pdfPage) draw(c *chartView, scale float64) {
	width := page.Inner / scale
	height := chart.Height(c.Data, width) * scale
	p.Room(headingHeight + height)
	p.heading(c.Title)
	chart.Draw(canvas{p.Book, page.Margin, p.Y, scale}, c.Data, width)
	p.Y += height
}

// trend draws a sparkline into a box.
func (p pdfPage) trend(t *trendView, x, y, width, height float64) {
	chart.Spark(canvas{p.Book, x, y, chartScale}, t.Values, chart.Point{}, width/chartScale, height/chartScale)
}

// canvas is a chart.Canvas on a part of a page.
type canvas struct {
	book *page.Book
	x, y float64 // of its origin
	unit float64 // in points
}

// chartInks are the colours of a chart's roles.
var chartInks = map[chart.Ink]page.Ink{
	chart.Grid: inkLine, chart.Axis: {R: 0x64, G: 0x74, B: 0x8b}, chart.Label: inkText, chart.Muted: inkMuted, chart.Bad: {R: 0xdc, G: 0x26, B: 0x26},
	chart.SeriesInk(0): inkAccent, chart.SeriesInk(1): {R: 0x94, G: 0xa3, B: 0xb8}, chart.SeriesInk(2): {R: 0x0d, G: 0x94, B: 0x88},
	chart.SeriesInk(3): {R: 0xb4, G: 0x53, B: 0x09}, chart.SeriesInk(4): {R: 0x7c, G: 0x3a, B: 0xed}, chart.SeriesInk(5): {R: 0xbe, G: 0x18, B: 0x5d},
	chart.SeriesInk(6): {R: 0x4d, G: 0x7c, B: 0x0f}, chart.SeriesInk(7): {R: 0x0e, G: 0x74, B: 0x90},
	chart.BehindInk(0): {R: 0x94, G: 0xa3, B: 0xb8}, chart.BehindInk(1): {R: 0xd9, G: 0xa3, B: 0x5f}, chart.Trend: {R: 0x94, G: 0xa3, B: 0xb8},
}

func (c canvas) place(p chart.Point) page.Point {
	return page.Point{X: c.x + p.X*c.unit, Y: c.y + p.Y*c.unit}
}

func (c canvas) places(points []chart.Point) []page.Point {
	out := make([]page.Point, len(points))
	for i, p := range points {
		out[i] = c.place(p)
	}
	return out
}

func (c canvas) Line(from, to chart.Point, ink chart.Ink) {
	c.book.Line(c.place(from), c.place(to), c.unit*0.8, chartInks[ink])
}

func (c canvas) Rect(at chart.Point, width, height, radius float64, ink chart.Ink) {
	p := c.place(at)
	c.book.Rect(p.X, p.Y, width*c.unit, height*c.unit, radius*c.unit, chartInks[ink])
}

func (c canvas) Path(points []chart.Point, ink chart.Ink) {
	thick := 2.0
	if ink == chart.Trend || ink == chart.BehindInk(0) || ink == chart.BehindInk(1) {
		thick = 1.5
	}
	c.book.Path(c.places(points), thick*c.unit, chartInks[ink])
}

func (c canvas) Area(points []chart.Point, ink chart.Ink) {
	c.book.Area(c.places(points), 0.13, chartInks[ink])
}

func (c canvas) Text(at chart.Point, text string, a chart.Anchor, ink chart.Ink) {
	p := c.place(at)
	side := map[chart.Anchor]page.Side{chart.Start: page.Left, chart.Middle: page.Center, chart.End: page.Right}[a]
	c.book.Text(p.X, p.Y, text, side, page.Style{Size: chart.FontSize * c.unit, Ink: chartInks[ink]})
}
