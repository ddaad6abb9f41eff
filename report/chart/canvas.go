// Package chart draws the charts of a document once, onto whatever implements Canvas: SVG here, a page of a PDF in format. It
// stands on the ground floor, below format, and knows report's Chart. It places shapes and labels; it decides no colours and
// computes no figures: positions are float64, but every label comes from a decimal.
package chart

// Ink is the role of a shape, never its colour: the back end and its style sheet decide that.
type Ink string

// The roles. Series are numbered from 0 and repeat after SeriesInks.
const (
	Grid  Ink = "grid"
	Axis  Ink = "axis"
	Label Ink = "label" // names of things
	Muted Ink = "muted" // ticks and values
	Bad   Ink = "bad"   // negative figures
	Trend Ink = "trend" // a sparkline
)

var seriesInks = [...]Ink{"s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7"}

var behindInks = [...]Ink{"b0", "b1"}

// BehindInk is the role of the i-th series of another month, from 0.
func BehindInk(i int) Ink { return behindInks[i%len(behindInks)] }

// SeriesInk is the role of the i-th series, from 0.
func SeriesInk(i int) Ink { return seriesInks[i%len(seriesInks)] }

// Anchor is which part of a text stands at its x.
type Anchor string

// The anchors.
const (
	Start  Anchor = "start"
	Middle Anchor = "middle"
	End    Anchor = "end"
)

// Point is a place on a canvas: the origin is the upper left corner, y grows downwards.
type Point struct{ X, Y float64 }

// Canvas takes the shapes of a chart in drawing order; later ones lie on top. Lengths are in the unit of the width given to
// Draw, about a CSS pixel.
type Canvas interface {
	Line(from, to Point, ink Ink)
	Rect(at Point, width, height, radius float64, ink Ink)
	Path(points []Point, ink Ink)                  // an open line through the points
	Area(points []Point, ink Ink)                  // a closed, translucent surface
	Text(at Point, text string, a Anchor, ink Ink) // at is on the base line
}

// FontSize is the size of every text, in the unit of the canvas.
const FontSize = 11.0

// textWidth estimates the width of a text in a sans-serif face at FontSize: wide for East Asian scripts and pictures. It errs
// on the large side, so that labels do not run into each other.
func textWidth(s string) float64 {
	width := 0.0
	for _, r := range s {
		switch {
		case r < 0x20:
		case r >= 0x1100 && (r <= 0x115f || r >= 0x2e80) && (r < 0xfb50 || r > 0xfeff):
			width += 1
		case r == 'i' || r == 'l' || r == 'j' || r == 't' || r == 'f' || r == 'r' || r == ' ' || r == '.' || r == ',':
			width += 0.38
		case r == 'm' || r == 'w' || r == 'M' || r == 'W':
			width += 0.95
		default:
			width += 0.63
		}
	}
	return width * FontSize
}

// fit shortens a text to a width, with an ellipsis.
func fit(s string, width float64) string {
	if textWidth(s) <= width {
		return s
	}
	runes := []rune(s)
	for len(runes) > 0 && textWidth(string(runes))+FontSize > width {
		runes = runes[:len(runes)-1]
	}
	return string(runes) + "…"
}
