package page

import (
	"math"
	"strings"
)

// Column is one column of a table.
type Column struct {
	Head string
	Side Side
	Wrap bool // its text may take more than one line; a figure never does
	// Least is the least width in points of a column that is drawn by Cell.Draw.
	Least float64
}

// Cell is one cell. Draw, where there is one, draws into the box at x, y instead of the text.
type Cell struct {
	Text string
	Ink  *Ink // nil is the table's
	Draw func(x, y, width, height float64)
}

// RowKind is what a row is to its neighbours.
type RowKind int

// The kinds of rows. A heading stays with the row after it, a sum with the row before it.
const (
	Plain RowKind = iota
	Heading
	Sum
	Total
)

// Row is one row; a Heading has one cell, which takes the whole width.
type Row struct {
	Kind  RowKind
	Cells []Cell
}

// Look is how a table is drawn.
type Look struct {
	Size                    float64 // of its type, in points
	Ink, Muted, Band, Paper Ink
}

// Measures of a table in points.
const (
	padX      = 5.0
	padY      = 3.6
	mostLines = 12 // of a cell; what is longer ends in an ellipsis
	together  = 3  // so many rows stand below a head, or none
)

// Table draws a table below the cursor. Its head is repeated on every page; a heading is never the last row of a page, a sum never
// the first. heading draws what stands above the table, of the given height, and stays with its first rows.
func (b *Book) Table(columns []Column, rows []Row, look Look, headingHeight float64, heading func()) {
	look = b.shrink(columns, rows, look)
	widths := b.widths(columns, rows, look)
	s := setter{b: b, columns: columns, widths: widths, look: look}
	laid := make([]laidRow, len(rows))
	for i, r := range rows {
		laid[i] = s.lay(r)
	}
	head := s.layHead()
	need, whole := headingHeight+head.height, headingHeight+head.height
	for i, r := range laid {
		whole += r.height
		if i < together {
			need += r.height
		}
	}
	if whole <= b.Whole()/3 { // a short table is not worth the turn of a page
		need = whole
	}
	b.Room(need)
	if heading != nil {
		heading()
	}
	s.drawHead(head)
	band := 0
	for i := range laid {
		if s.mustBreak(laid, i) {
			b.Break()
			s.drawHead(head)
			band = 0
		}
		if laid[i].kind != Plain {
			band = 0
		}
		s.draw(laid[i], band%2 == 1)
		band++
	}
	b.Y += 2
}

// mustBreak reports whether the i-th row begins a new page: when it has no room with the rows it must stand with.
func (s setter) mustBreak(rows []laidRow, i int) bool {
	if i == 0 || s.b.Fresh() {
		return false
	}
	need := rows[i].height
	for j := i + 1; j < len(rows) && (rows[j-1].kind == Heading || rows[j].kind == Sum || rows[j].kind == Total); j++ {
		need += rows[j].height
	}
	return need > s.b.Left() && (need <= s.b.Whole()/2 || rows[i].height > s.b.Left())
}

// shrink sets the type smaller while the figures alone are wider than the page. Below the least size columns are cut off nowhere:
// they wrap.
func (b *Book) shrink(columns []Column, rows []Row, look Look) Look {
	for look.Size > 5.5 {
		sum := 0.0
		for _, w := range b.least(columns, rows, look) {
			sum += w
		}
		if sum <= Inner {
			break
		}
		look.Size -= 0.5
	}
	return look
}

// least is the width that each column cannot do without: that of its longest figure, or of some words.
func (b *Book) least(columns []Column, rows []Row, look Look) []float64 {
	out := make([]float64, len(columns))
	for i, width := range b.natural(columns, rows, look) {
		out[i] = width
		if columns[i].Wrap {
			out[i] = math.Min(width, look.Size*7+2*padX)
		}
	}
	return out
}

// natural is the width at which no cell of a column has to break.
func (b *Book) natural(columns []Column, rows []Row, look Look) []float64 {
	out := make([]float64, len(columns))
	style := Style{Size: look.Size}
	for i, c := range columns {
		out[i] = math.Max(b.longestWord(c.Head, Style{Size: look.Size - 0.5, Weight: Bold}), c.Least)
		if !c.Wrap {
			continue
		}
		out[i] = math.Max(out[i], b.Width(c.Head, Style{Size: look.Size - 0.5, Weight: Bold}))
	}
	for _, r := range rows {
		if r.Kind == Heading {
			continue
		}
		style.Weight = Regular
		if r.Kind != Plain {
			style.Weight = Bold
		}
		for i, c := range r.Cells {
			if c.Draw == nil {
				out[i] = math.Max(out[i], b.Width(c.Text, style))
			}
		}
	}
	for i := range out {
		out[i] += 2 * padX
	}
	return out
}

// longestWord is the width of the widest word: a head breaks between words.
func (b *Book) longestWord(s string, style Style) float64 {
	widest := 0.0
	for _, word := range strings.Fields(s) {
		widest = math.Max(widest, b.Width(word, style))
	}
	return widest
}

// widths gives every column its natural width if there is room, and takes what is missing from those that can wrap.
func (b *Book) widths(columns []Column, rows []Row, look Look) []float64 {
	natural, least := b.natural(columns, rows, look), b.least(columns, rows, look)
	sum, give := 0.0, 0.0
	for i := range natural {
		sum, give = sum+natural[i], give+natural[i]-least[i]
	}
	out := make([]float64, len(columns))
	for i := range natural {
		switch {
		case sum <= Inner: // what is free goes to all alike, but for a first column of names, which takes the most
			out[i] = natural[i] + (Inner-sum)*natural[i]/sum
		case give > 0 && sum-Inner <= give:
			out[i] = natural[i] - (sum-Inner)*(natural[i]-least[i])/give
		default:
			out[i] = least[i]
		}
	}
	return out
}
