package page

import (
	"math"

	"codeberg.org/go-pdf/fpdf"
)

// Ink is a colour.
type Ink struct{ R, G, B uint8 }

// Point is a place on the page: the origin is the upper left corner, y grows downwards.
type Point struct{ X, Y float64 }

func (b *Book) fillInk(i Ink) { b.pdf.SetFillColor(int(i.R), int(i.G), int(i.B)) }
func (b *Book) textInk(i Ink) { b.pdf.SetTextColor(int(i.R), int(i.G), int(i.B)) }
func (b *Book) lineInk(i Ink) { b.pdf.SetDrawColor(int(i.R), int(i.G), int(i.B)) }

// Rect fills a rectangle, its corners rounded by radius.
func (b *Book) Rect(x, y, width, height, radius float64, ink Ink) {
	if width <= 0 || height <= 0 {
		return
	}
	b.fillInk(ink)
	if radius = math.Min(radius, math.Min(width, height)/2); radius > 0 {
		b.pdf.RoundedRect(x, y, width, height, radius, "1234", "F")
		return
	}
	b.pdf.Rect(x, y, width, height, "F")
}

// Line draws a line.
func (b *Book) Line(from, to Point, thick float64, ink Ink) {
	b.lineInk(ink)
	b.pdf.SetLineWidth(thick)
	b.pdf.Line(from.X, from.Y, to.X, to.Y)
}

// Path draws an open line through the points.
func (b *Book) Path(points []Point, thick float64, ink Ink) {
	if len(points) < 2 {
		return
	}
	b.lineInk(ink)
	b.pdf.SetLineWidth(thick)
	b.pdf.MoveTo(points[0].X, points[0].Y)
	for _, p := range points[1:] {
		b.pdf.LineTo(p.X, p.Y)
	}
	b.pdf.DrawPath("D")
}

// Area fills a surface so that what is behind it is seen; alpha 1 would hide it.
func (b *Book) Area(points []Point, alpha float64, ink Ink) {
	if len(points) < 3 {
		return
	}
	corners := make([]fpdf.PointType, len(points))
	for i, p := range points {
		corners[i] = fpdf.PointType{X: p.X, Y: p.Y}
	}
	b.fillInk(ink)
	b.pdf.SetAlpha(alpha, "Normal")
	b.pdf.Polygon(corners, "F")
	b.pdf.SetAlpha(1, "Normal")
}

// Stamp draws a word across the page, pale.
func (b *Book) Stamp(word string, ink Ink) {
	style := Style{Size: 120, Weight: Bold, Ink: ink}
	if width := b.Width(word, style); width > Height*0.8 {
		style.Size *= Height * 0.8 / width
	}
	b.pdf.TransformBegin()
	b.pdf.TransformRotate(52, full/2, Height/2)
	b.pdf.SetAlpha(0.08, "Normal")
	b.Text(full/2, Height/2+style.Size*0.35, word, Center, style)
	b.pdf.SetAlpha(1, "Normal")
	b.pdf.TransformEnd()
}
