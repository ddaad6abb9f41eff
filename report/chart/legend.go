package chart

import (
	"math"

	"github.com/monthend/monthend/report"
)

const (
	legendKey  = 20.0 // the coloured mark and its distance from the name
	legendNext = 22.0 // from one name to the next mark
)

// legendPlace is a name of the legend and where it stands.
type legendPlace struct {
	name string
	x    float64
	row  int
}

// legend places the names of the series in lines above the plot. One series alone is named by the title.
func legend(data report.Chart, width float64) []legendPlace {
	if len(data.Series) < 2 {
		return nil
	}
	var out []legendPlace
	x, row, most := 0.0, 0, math.Max(width/2, 120)
	for _, s := range data.Series {
		name := fit(s.Name, math.Min(most, width)-legendKey)
		room := legendKey + textWidth(name)
		if x > 0 && x+room > width {
			x, row = 0, row+1
		}
		out = append(out, legendPlace{name, x, row})
		x += room + legendNext
	}
	return out
}

func legendRows(data report.Chart, width float64) float64 {
	places := legend(data, width)
	if len(places) == 0 {
		return 0
	}
	return float64(places[len(places)-1].row + 1)
}

func drawLegend(c Canvas, data report.Chart, width float64) {
	for i, p := range legend(data, width) {
		y := float64(p.row) * legendHeight
		c.Rect(Point{p.x, y + 5}, 14, 5, 2.5, inkOf(data, i))
		c.Text(Point{p.x + legendKey, y + 12}, p.name, Start, Label)
	}
}
