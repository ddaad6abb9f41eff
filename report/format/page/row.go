package page

// setter sets the rows of one table.
type setter struct {
	b       *Book
	columns []Column
	widths  []float64
	look    Look
}

// laidRow is a row whose lines are broken and whose height is known.
type laidRow struct {
	Row
	kind   RowKind
	lines  [][]string
	height float64
}

func (s setter) style(kind RowKind) Style {
	style := Style{Size: s.look.Size, Ink: s.look.Ink}
	if kind != Plain {
		style.Weight = Bold
	}
	return style
}

// leading is the distance of lines.
func (s setter) leading() float64 { return s.look.Size * 1.3 }

func (s setter) lay(r Row) laidRow {
	out := laidRow{Row: r, kind: r.Kind, lines: make([][]string, len(r.Cells))}
	most := 1
	for i, c := range r.Cells {
		width := Inner - 2*padX
		if r.Kind != Heading {
			width = s.widths[i] - 2*padX
		}
		if r.Kind != Heading && !s.columns[i].Wrap && c.Draw == nil {
			out.lines[i] = []string{c.Text}
			continue
		}
		out.lines[i] = s.b.Wrap(c.Text, width+0.01, s.style(r.Kind), mostLines)
		most = max(most, len(out.lines[i]))
	}
	out.height = float64(most)*s.leading() + 2*padY - s.look.Size*0.3
	if r.Kind == Heading {
		out.height += padY
	}
	return out
}

// layHead breaks the labels between their words and stands them on the rule.
func (s setter) layHead() laidRow {
	style := s.headStyle()
	out := laidRow{}
	most := 1
	for i, c := range s.columns {
		lines := s.b.Wrap(c.Head, s.widths[i]-2*padX+0.01, style, 4)
		out.lines = append(out.lines, lines)
		most = max(most, len(lines))
	}
	out.height = float64(most)*style.Size*1.2 + 2*padY
	return out
}

func (s setter) headStyle() Style {
	return Style{Size: s.look.Size - 0.5, Weight: Bold, Ink: s.look.Muted}
}

func (s setter) drawHead(head laidRow) {
	style := s.headStyle()
	x, foot := Margin, s.b.Y+head.height-padY
	for i, c := range s.columns {
		for n, line := range head.lines[i] {
			y := foot - style.Size*0.3 - float64(len(head.lines[i])-1-n)*style.Size*1.2
			s.text(x, y, i, line, c.Side, style)
		}
		x += s.widths[i]
	}
	s.b.Line(Point{Margin, foot + 2.5}, Point{Margin + s.tableWidth(), foot + 2.5}, 0.8, s.look.Ink)
	s.b.Y = foot + 3
}

func (s setter) tableWidth() float64 { return sum(s.widths) }

// text puts a line of a cell at its side of the i-th column, which begins at x.
func (s setter) text(x, y float64, i int, line string, side Side, style Style) {
	switch side {
	case Left:
		x += padX
	case Center:
		x += s.widths[i] / 2
	case Right:
		x += s.widths[i] - padX
	}
	s.b.Text(x, y, line, side, style)
}

func (s setter) draw(r laidRow, banded bool) {
	b := s.b
	if banded {
		b.Rect(Margin, b.Y, s.tableWidth(), r.height, 0, s.look.Band)
	}
	if r.kind == Total || r.kind == Sum {
		thick := 0.4
		if r.kind == Total {
			thick = 0.8
		}
		b.Line(Point{Margin, b.Y}, Point{Margin + s.tableWidth(), b.Y}, thick, s.look.Ink)
	}
	x, base := Margin, b.Y+padY+s.look.Size*0.85
	if r.kind == Heading {
		base += padY
	}
	for i, c := range r.Cells {
		style := s.style(r.kind)
		if c.Ink != nil {
			style.Ink = *c.Ink
		}
		if c.Draw != nil {
			c.Draw(x+padX, b.Y+2, s.widths[i]-2*padX, r.height-4)
		}
		for n, line := range r.lines[i] {
			if line != "" {
				side := Left
				if r.kind != Heading {
					side = s.columns[i].Side
				}
				s.text(x, base+float64(n)*s.leading(), i, line, side, style)
			}
		}
		if r.kind != Heading {
			x += s.widths[i]
		}
	}
	b.Y += r.height
}
