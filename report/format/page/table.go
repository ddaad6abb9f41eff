package page

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

// Row is one row; a Heading has one cell, which takes the whole width. Under is the heading that is put above a row with which a page
// begins, so that nobody has to turn back to learn whose rows these are; "" is none.
type Row struct {
	Kind  RowKind
	Cells []Cell
	Under string
}

// Look is how a table is drawn.
type Look struct {
	Size             float64 // of its type, in points
	Ink, Muted, Band Ink
}

// Measures of a table in points.
const (
	padX      = 5.0
	padY      = 3.6
	mostLines = 12 // of a cell; what is longer ends in an ellipsis
	together  = 3  // so many rows stand below a head, or none
)

// Table draws a table below the cursor. Its head is repeated on every page; a heading is never the last row of a page, a sum never
// the first. heading draws what stands above the table, of the given height, and stays with its first rows. A table whose figures are
// wider than a page is drawn in parts, one below the other, each with the first column.
func (b *Book) Table(columns []Column, rows []Row, look Look, headingHeight float64, heading func()) {
	parts := b.split(columns, rows, look)
	for _, part := range parts { // all in one size
		look = b.shrink(pick(columns, part), pickRows(rows, part), look)
	}
	for i, part := range parts {
		if i > 0 {
			b.Skip(14)
			headingHeight, heading = 0, nil
		}
		b.set(pick(columns, part), pickRows(rows, part), look, headingHeight, heading)
	}
	b.Y += 2
}

// set draws one part of a table.
func (b *Book) set(columns []Column, rows []Row, look Look, headingHeight float64, heading func()) {
	s := setter{b: b, columns: columns, widths: b.widths(columns, rows, look), look: look}
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
			if under := laid[i].Under; under != "" {
				s.draw(s.lay(Row{Kind: Heading, Cells: []Cell{{Text: under}}}), false)
			}
			band = 0
		}
		if laid[i].kind != Plain {
			band = 0
		}
		s.draw(laid[i], band%2 == 1)
		band++
	}
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
