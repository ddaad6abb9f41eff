package format

import (
	"slices"

	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/report/format/sheet"
)

// grid is a sheet that is laid out before it is written: what is merged, linked and drawn on it must be known first.
type grid struct {
	columns int
	rows    []gridRow
	blocks  []int // the rows that begin something which should not be torn
	forced  []int // the rows that begin a page in any case
	page    sheet.Page
}

type gridRow struct {
	height float64
	cells  []gridCell // by column; the zero cell is empty
}

type gridCell struct {
	style sheet.StyleID
	value any
	kind  report.Kind
}

// add begins a row of the given height, 0 for the usual one.
func (g *grid) add(height float64) {
	g.rows = append(g.rows, gridRow{height, make([]gridCell, g.columns)})
}

// at is the number of the current row.
func (g *grid) at() int { return len(g.rows) - 1 }

// put sets a cell of the current row.
func (g *grid) put(column int, style sheet.StyleID, v any, kind report.Kind) {
	g.rows[g.at()].cells[column] = gridCell{style, v, kind}
}

func (g *grid) text(column int, style sheet.StyleID, s string) {
	g.put(column, style, report.Clean(s), report.Text)
}

// merge joins the cells of the current row.
func (g *grid) merge(first, last int) {
	if last > first {
		g.page.Merged = append(g.page.Merged, sheet.Area{Row: g.at(), Column: first, LastRow: g.at(), LastColumn: last})
	}
}

// wrapped writes a text over the columns from first to the last one, as high as it needs to be.
func (g *grid) wrapped(first int, style sheet.StyleID, s string) {
	room := 0.0
	for _, width := range g.page.Widths[first:] {
		room += width
	}
	lines := max(1, int(textWidth(s)*1.05/room)+1)
	g.add(lineHeight * float64(lines))
	g.text(first, style, s)
	g.merge(first, g.columns-1)
}

// lineHeight is that of a line of running text, in points.
const lineHeight = 14.5

// widen gives each column the room that its texts need, merged ones left out, as far as the most that a column may have.
func (g *grid) widen() {
	merged := map[[2]int]bool{}
	for _, area := range g.page.Merged {
		merged[[2]int{area.Row, area.Column}] = true
	}
	for r, row := range g.rows {
		for c, cell := range row.cells {
			if text, ok := cell.value.(string); ok && !merged[[2]int{r, c}] {
				g.page.Widths[c] = min(max(g.page.Widths[c], textWidth(text)+padding), maxWidth)
			}
		}
	}
}

// The room on a printed page, A4 across without its margins, in points.
const (
	paperWidth  = 730.0
	paperHeight = 490.0
)

// block begins something that is printed on one page where it can be.
func (g *grid) block() { g.blocks = append(g.blocks, len(g.rows)) }

// paginate scales the print to the width of the paper and begins pages between blocks.
func (g *grid) paginate() {
	width := 0.0
	for _, w := range g.page.Widths {
		width += (w*7 + 5) * 0.75 // a digit of the workbook's font is 7 pixels wide
	}
	g.page.Scale = max(10, int(100*min(1, paperWidth/width)))
	room, used := paperHeight*100/float64(g.page.Scale), 0.0
	for i, first := range g.blocks {
		last := len(g.rows)
		if i+1 < len(g.blocks) {
			last = g.blocks[i+1]
		}
		height := 0.0
		for _, row := range g.rows[first:last] {
			height += max(row.height, map[bool]float64{true: usualHeight}[row.height == 0])
		}
		if first > 0 && (used+height > room || slices.Contains(g.forced, first)) {
			g.page.Breaks = append(g.page.Breaks, first)
			used = 0
		}
		used += height
	}
}

// usualHeight is that of a row for which no other is given, in points.
const usualHeight = 15.0

// write writes the rows onto a tab.
func (g *grid) write(tab *sheet.Tab) error {
	g.paginate()
	g.page.Rows, g.page.Columns = len(g.rows), g.columns
	s, err := tab.Open(g.page)
	if err != nil {
		return err
	}
	for _, row := range g.rows {
		s.Row(row.height)
		for _, c := range row.cells {
			write(s, c.style, c.value, c.kind)
		}
	}
	return s.Close()
}
