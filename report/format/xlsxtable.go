package format

import (
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/report/format/sheet"
)

// tableSheet is a table on its way onto its sheet. The head stands in the first row, so that programs find it there too.
type tableSheet struct {
	*workbook
	table *report.Table
	s     *sheet.Sheet
	row   int      // written so far
	spans [][2]int // the first and the last row of each run of data, counted from 1
	lossy []bool   // columns with a figure that a cell can hold as text only: no formula would see it
}

func (x *workbook) addTable(t *report.Table) {
	t = withoutTrends(t)
	if len(t.Columns) == 0 {
		return
	}
	tab := x.book.Tab(report.Clean(t.Title))
	x.sheets = append(x.sheets, drawable{[]*sheet.Tab{tab}, []int64{int64(len(t.Rows))}, func() error { return x.drawTable(tab, t) }})
}

// withoutTrends leaves out the columns of sparklines: here the figures stand beside them.
func withoutTrends(t *report.Table) *report.Table {
	keep := []int{}
	for i, kind := range t.Kinds {
		if kind != report.TrendKind {
			keep = append(keep, i)
		}
	}
	if len(keep) == len(t.Kinds) {
		return t
	}
	only := func(row []any) []any {
		if row == nil {
			return nil
		}
		out := make([]any, len(keep))
		for i, at := range keep {
			out[i] = row[at]
		}
		return out
	}
	out := &report.Table{Title: t.Title, Dataset: t.Dataset, Total: only(t.Total), Rest: only(t.Rest)}
	for _, at := range keep {
		out.Columns, out.Kinds, out.Scales = append(out.Columns, t.Columns[at]), append(out.Kinds, t.Kinds[at]), append(out.Scales, t.Scales[at])
	}
	for _, row := range t.Rows {
		out.Rows = append(out.Rows, only(row))
	}
	for _, g := range t.Groups {
		g.Subtotal = only(g.Subtotal)
		out.Groups = append(out.Groups, g)
	}
	return out
}

func (x *workbook) drawTable(tab *sheet.Tab, t *report.Table) error {
	page := x.paper(t.Title)
	page.Columns, page.Frozen, page.Rows = len(t.Columns), 1, tableRows(t)
	page.Widths = tableWidths(t, x.doc.Currency)
	last := len(t.Rows)
	if t.Rest != nil {
		last++
	}
	if last > 0 && t.Groups == nil {
		page.Filter = &sheet.Area{LastRow: last, LastColumn: len(t.Columns) - 1}
	}
	s, err := tab.Open(page)
	if err != nil {
		return err
	}
	d := &tableSheet{workbook: x, table: t, s: s, lossy: make([]bool, len(t.Columns))}
	d.head()
	d.body()
	if t.Total != nil {
		d.sums(t.Total, x.look.total, d.spans)
	}
	return s.Close()
}

// tableRows is how many rows the sheet of t has.
func tableRows(t *report.Table) int {
	n := 1 + len(t.Rows)
	if len(t.Rows) == 0 {
		n++
	}
	if t.Rest != nil {
		n++
	}
	for _, g := range t.Groups {
		n++
		if g.Subtotal != nil {
			n++
		}
	}
	if t.Total != nil {
		n++
	}
	return n
}

func tableWidths(t *report.Table, currency string) []float64 {
	styles := make([]report.Style, len(t.Columns))
	for i, c := range t.Columns {
		styles[i] = report.Style{Kind: t.Kinds[i], Format: c.Format, Scale: t.Scales[i], Currency: currency}
	}
	w := newWidths(styles)
	see := func(row []any) {
		for i, v := range row {
			w.see(i, v)
		}
	}
	for i, c := range t.Columns {
		w.head(i, c.Label)
	}
	for _, row := range t.Rows {
		see(row)
	}
	see(t.Rest)
	see(t.Total)
	for _, g := range t.Groups {
		see(g.Subtotal)
	}
	return w.list
}

func (d *tableSheet) head() {
	d.begin(headHeight)
	for i, c := range d.table.Columns {
		d.s.Text(d.look.headOf(d.table.Kinds[i], c.Align, true), report.Clean(c.Label))
	}
}

func (d *tableSheet) begin(height float64) {
	d.s.Row(height)
	d.row++
}

// body writes the rows, under their groups' names where they are grouped.
func (d *tableSheet) body() {
	t := d.table
	if len(t.Rows) == 0 {
		d.begin(0)
		d.s.Text(d.look.muted, d.words.NoRows)
		return
	}
	first := d.row + 1
	if t.Groups == nil {
		for _, row := range t.Rows {
			d.cells(row, d.look.plain)
		}
		if t.Rest != nil {
			d.cells(t.Rest, sheet.Style{Italic: true})
		}
		d.spans = [][2]int{{first, d.row}}
		return
	}
	group := d.book.Style(d.look.group)
	for _, g := range t.Groups {
		d.begin(0)
		d.s.Text(group, report.Clean(g.Label))
		first = d.row + 1
		for _, row := range t.Rows[g.From:g.To] {
			d.cells(row, d.look.plain)
		}
		span := [2]int{first, d.row}
		if g.Subtotal != nil {
			d.sums(g.Subtotal, d.look.subtotal, [][2]int{span})
		}
		d.spans = append(d.spans, span)
	}
	// A formula takes no more than 254 areas; SUBTOTAL passes over other subtotals in its own, where a reader knows that.
	if len(d.spans) > 100 {
		d.spans = [][2]int{{d.spans[0][0], d.row}}
	}
}

func (d *tableSheet) style(i int, base sheet.Style) sheet.StyleID {
	c := d.table.Columns[i]
	return d.look.cell(base, d.table.Kinds[i], c.Format, d.table.Scales[i], c.Align)
}

func (d *tableSheet) cells(row []any, base sheet.Style) {
	d.begin(0)
	for i, v := range row {
		if !representable(v) {
			d.lossy[i] = true
		}
		write(d.s, d.style(i, base), v, d.table.Kinds[i])
	}
}
