package chart

import (
	_ "embed"
	"html"
	"strconv"
	"strings"

	"github.com/monthend/monthend/report"
)

// CSS is the style sheet of the SVG charts: it gives each Ink a colour, in light, in dark and in print.
//
//go:embed chart.css
var CSS string

// SVG draws data as one svg element with a title and a description. id must be unique in the page and begin with a letter. The
// same chart gives the same bytes.
func SVG(data report.Chart, width float64, id string) string {
	s := &svg{}
	height := Height(data, width)
	s.out.WriteString(`<svg class="chart" xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 `)
	s.out.WriteString(number(width) + " " + number(height) + `" width="` + number(width) + `" height="` + number(height))
	s.out.WriteString(`" aria-labelledby="` + id + `-t ` + id + `-d"><title id="` + id + `-t">` + escape(data.Title))
	s.out.WriteString(`</title><desc id="` + id + `-d">` + escape(Describe(data)) + "</desc>\n")
	Draw(s, data, width)
	s.out.WriteString("</svg>")
	return s.out.String()
}

// SparkSVG draws a sparkline as one svg element with a label that says what it shows.
func SparkSVG(values report.Trend, l report.Locale, width, height float64) string {
	s := &svg{}
	s.out.WriteString(`<svg class="chart spark" xmlns="http://www.w3.org/2000/svg" role="img" aria-label="` + escape(DescribeTrend(values, l)))
	s.out.WriteString(`" viewBox="0 0 ` + number(width) + " " + number(height) + `" width="` + number(width) + `" height="` + number(height) + "\">\n")
	Spark(s, values, Point{}, width, height)
	s.out.WriteString("</svg>")
	return s.out.String()
}

// svg is a Canvas that writes elements.
type svg struct{ out strings.Builder }

func (s *svg) Line(from, to Point, ink Ink) {
	s.out.WriteString(`<line class="` + string(ink) + `" x1="` + number(from.X) + `" y1="` + number(from.Y) +
		`" x2="` + number(to.X) + `" y2="` + number(to.Y) + `"/>` + "\n")
}

func (s *svg) Rect(at Point, width, height, radius float64, ink Ink) {
	s.out.WriteString(`<rect class="` + string(ink) + `" x="` + number(at.X) + `" y="` + number(at.Y) +
		`" width="` + number(width) + `" height="` + number(height) + `" rx="` + number(radius) + `"/>` + "\n")
}

func (s *svg) Path(points []Point, ink Ink) {
	s.out.WriteString(`<path class="` + string(ink) + ` path" d="` + path(points) + `"/>` + "\n")
}

func (s *svg) Area(points []Point, ink Ink) {
	s.out.WriteString(`<path class="` + string(ink) + ` area" d="` + path(points) + `Z"/>` + "\n")
}

func (s *svg) Text(at Point, text string, a Anchor, ink Ink) {
	s.out.WriteString(`<text class="` + string(ink) + `" x="` + number(at.X) + `" y="` + number(at.Y))
	if a != Start {
		s.out.WriteString(`" text-anchor="` + string(a))
	}
	s.out.WriteString(`">` + escape(text) + "</text>\n")
}

// path is the d of a path element: absolute moves, so that rounding does not add up.
func path(points []Point) string {
	var out strings.Builder
	for i, p := range points {
		if i == 0 {
			out.WriteByte('M')
		} else {
			out.WriteByte('L')
		}
		out.WriteString(number(p.X) + " " + number(p.Y))
	}
	return out.String()
}

// number writes a length with one digit after the point at most: finer than eyes see, coarser than processors differ.
func number(f float64) string {
	s := strconv.FormatFloat(f, 'f', 1, 64)
	s = strings.TrimSuffix(s, ".0")
	if s == "-0" {
		return "0"
	}
	return s
}

// escape makes a text safe inside an element. What XML cannot hold becomes a space.
func escape(s string) string {
	return html.EscapeString(report.Clean(s))
}
