package chart

import (
	"strconv"

	"github.com/shopspring/decimal"

	"github.com/monthend/monthend/report"
)

// Measures, in the unit of the canvas.
const (
	emptyHeight  = 48.0
	plotHeight   = 190.0 // of a line chart
	legendHeight = 22.0
	footHeight   = 24.0 // the labels below a line chart
	barStep      = 24.0 // from one group of bars to the next, for one series
	barThick     = 14.0
	gap          = 8.0 // between a label and what it names
)

// MaxBars is how many labels of a bar chart are drawn; the chart says how many it leaves out.
const MaxBars = 40

// Height is how tall data will be drawn.
func Height(data report.Chart) float64 {
	height := 0.0
	switch {
	case !hasValues(data):
		return emptyHeight
	case data.Kind == report.BarChart:
		height = float64(min(len(data.Labels), MaxBars))*barPitch(data) + 8
		if len(data.Labels) > MaxBars {
			height += footHeight
		}
	default:
		height = plotHeight + footHeight + 10
	}
	if len(data.Series) > 1 {
		height += legendHeight
	}
	return height
}

// Draw draws data onto a canvas of the given width and of Height. A chart without a value says so.
func Draw(c Canvas, data report.Chart, width float64) {
	if !hasValues(data) {
		c.Text(Point{0, emptyHeight / 2}, "No data in this period", Start, Muted)
		return
	}
	top := 0.0
	if len(data.Series) > 1 {
		drawLegend(c, data, width)
		top = legendHeight
	}
	if data.Kind == report.BarChart {
		drawBars(c, data, width, top)
		return
	}
	drawLine(c, data, width, top)
}

// drawLegend names the series in one line above the plot; one series alone is named by the title.
func drawLegend(c Canvas, data report.Chart, width float64) {
	x, room := 0.0, width/float64(len(data.Series))
	for i, s := range data.Series {
		name := fit(s.Name, room-42)
		c.Rect(Point{x, 5}, 14, 5, 2.5, SeriesInk(i))
		c.Text(Point{x + 20, 12}, name, Start, Label)
		x += 20 + textWidth(name) + 22
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

// Describe is a chart in one or two sentences, for those who do not see it.
func Describe(data report.Chart) string {
	if !hasValues(data) {
		return "No data in this period."
	}
	kind := "Line chart"
	if data.Kind == report.BarChart {
		kind = "Bar chart"
	}
	text := kind + " of " + strconv.Itoa(len(data.Labels)) + " entries, from " + data.Labels[0] + " to " + data.Labels[len(data.Labels)-1] + "."
	for _, s := range data.Series {
		low, high := -1, -1
		for i, v := range s.Values {
			d, ok := v.(decimal.Decimal)
			if !ok {
				continue
			}
			if low < 0 || d.LessThan(s.Values[low].(decimal.Decimal)) {
				low = i
			}
			if high < 0 || d.GreaterThan(s.Values[high].(decimal.Decimal)) {
				high = i
			}
		}
		if low >= 0 {
			text += " " + s.Name + ": lowest " + Compact(s.Values[low].(decimal.Decimal)) + " (" + data.Labels[low] +
				"), highest " + Compact(s.Values[high].(decimal.Decimal)) + " (" + data.Labels[high] + ")."
		}
	}
	return text
}
