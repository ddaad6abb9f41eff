package page

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/monthend/monthend/report"
)

// Weight is how heavy a text is drawn.
type Weight int

// The weights. wide is the face of East Asian runes, which has one weight.
const (
	Regular Weight = iota
	Bold
	wide
)

// Replacement is drawn for a rune that no face has. Book counts those, so that a document can say what they stand for.
const Replacement = '□'

// Style is how a text is drawn.
type Style struct {
	Size   float64 // in points
	Weight Weight
	Ink    Ink
}

// clean makes a text drawable: composed, without what has no shape of its own, and with Replacement for what no face has.
func (b *Book) clean(s string) string {
	plain := true
	for _, r := range s {
		if r < ' ' || r > '~' {
			plain = false
			break
		}
	}
	if plain {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\u202f':
			return '\u00a0' // of the same meaning; few faces have the narrow one
		case r == '\u00ad', r >= 0xfe00 && r <= 0xfe0f, unicode.Is(unicode.Cf, r), unicode.Is(unicode.Variation_Selector, r):
			return -1 // joiners, selectors and soft hyphens are directions to a shaper, and have no shape to miss
		case b.face(Regular).has(r), b.face(wide).has(r):
			return r
		}
		b.replaced[r]++
		return Replacement
	}, norm.NFC.String(report.Clean(s)))
}

// run is a part of a text in one face.
type run struct {
	face Weight
	text string
}

// runs cuts a clean text where its face changes.
func (b *Book) runs(s string, weight Weight) []run {
	var out []run
	from := 0
	last := weight
	for i, r := range s {
		at := weight
		if !b.face(weight).has(r) {
			at = wide
		}
		if i > 0 && at != last {
			out = append(out, run{last, s[from:i]})
			from = i
		}
		last = at
	}
	return append(out, run{last, s[from:]})
}

// Width is how wide a text will be drawn, in points.
func (b *Book) Width(s string, style Style) float64 { return b.width(b.clean(s), style) }

func (b *Book) width(clean string, style Style) float64 {
	sum, own := 0, b.face(style.Weight)
	for _, r := range clean {
		if own.has(r) {
			sum += int(own.widths[r])
		} else if other := b.face(wide); other.has(r) {
			sum += int(other.widths[r])
		}
	}
	return float64(sum) * style.Size / 1000
}

// Side is which part of a text stands at its x.
type Side int

// The sides.
const (
	Left Side = iota
	Center
	Right
)

// Text draws a text on a base line and gives its width.
func (b *Book) Text(x, y float64, s string, side Side, style Style) float64 {
	return b.draw(x, y, b.clean(s), side, style)
}

func (b *Book) draw(x, y float64, clean string, side Side, style Style) float64 {
	width := b.width(clean, style)
	switch side {
	case Center:
		x -= width / 2
	case Right:
		x -= width
	}
	if clean == "" {
		return 0
	}
	b.textInk(style.Ink)
	for _, part := range b.runs(clean, style.Weight) {
		b.font(part.face, style.Size)
		b.pdf.Text(x, y, part.text)
		x += b.width(part.text, style)
	}
	return width
}

// Fit shortens a text to a width, with an ellipsis.
func (b *Book) Fit(s string, width float64, style Style) string {
	s = b.clean(s)
	if b.width(s, style) <= width {
		return s
	}
	runes := []rune(s)
	for len(runes) > 0 && b.width(string(runes)+"…", style) > width {
		runes = runes[:len(runes)-1]
	}
	return strings.TrimRight(string(runes), " ") + "…"
}
