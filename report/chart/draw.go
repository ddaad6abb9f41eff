package chart

import (
	"github.com/shopspring/decimal"

	"github.com/monthend/monthend/report"
)

// Measures, in the unit of the canvas.
const (
	emptyHeight  = 48.0
	plotHeight   = 190.0 // of a line chart
	legendHeight = 22.0  // of a line of the legend
	footHeight   = 24.0  // the labels below a line chart
	barStep      = 24.0  // from one group of bars to the next, for one series
	barThick     = 14.0
	gap          = 8.0 // between a label and what it names
)

// MaxBars is how many labels of a bar chart are drawn; the chart says how many it leaves out.
const MaxBars = 40

// Height is how tall data will be drawn on a canvas of the given width.
func Height(data report.Chart, width float64) float64 {
	height := legendRows(data, width) * legendHeight
	switch {
	case !hasValues(data):
		return emptyHeight
	case data.Kind == report.BarChart, data.Kind == report.StackedBarChart:
		height += float64(min(len(data.Labels), MaxBars))*barPitch(data) + 8
		if len(data.Labels) > MaxBars {
			height += footHeight
		}
	default:
		height += plotHeight + footHeight + 10
	}
	return height
}

// Draw draws data onto a canvas of the given width and of Height. A chart without a value says so.
func Draw(c Canvas, data report.Chart, width float64) {
	if !hasValues(data) {
		c.Text(Point{0, emptyHeight / 2}, wordsOf(data.Locale).nothing, Start, Muted)
		return
	}
	drawLegend(c, data, width)
	top := legendRows(data, width) * legendHeight
	switch data.Kind {
	case report.BarChart:
		drawBars(c, data, width, top)
	case report.StackedBarChart:
		drawStacks(c, data, width, top)
	default:
		drawLine(c, data, width, top)
	}
}

// values are all figures of a chart.
func values(data report.Chart) []decimal.Decimal {
	var out []decimal.Decimal
	for _, s := range data.Series {
		for _, v := range s.Values {
			if d, ok := v.(decimal.Decimal); ok {
				out = append(out, d)
			}
		}
	}
	return out
}

func hasValues(data report.Chart) bool { return len(values(data)) > 0 }

// inkOf is the role of the i-th series: series of this month and of others are counted apart.
func inkOf(data report.Chart, i int) Ink {
	at := 0
	for _, s := range data.Series[:i] {
		if s.Behind == data.Series[i].Behind {
			at++
		}
	}
	if data.Series[i].Behind {
		return BehindInk(at)
	}
	return SeriesInk(at)
}
