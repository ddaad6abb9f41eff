package format

import (
	"strconv"
	"strings"

	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/report/format/sheet"
)

// sums writes a row of sums over spans of the sheet's rows, as formulas with our exact values beside them. SUBTOTAL follows the
// filter, SUM would not. Where a cell holds a figure as text the sum is written, and no formula that would leave it out.
func (d *tableSheet) sums(values []any, base sheet.Style, spans [][2]int) {
	d.begin(18)
	for i, v := range values {
		style := d.style(i, base)
		sum, ok := report.Figure(v)
		if !ok || d.lossy[i] || !sheet.Exact(sum) || len(d.table.Rows) == 0 {
			if text, isLabel := v.(string); isLabel {
				base.Align = sheet.Left
				d.s.Text(d.book.Style(base), report.Clean(text))
				continue
			}
			write(d.s, style, v, d.table.Kinds[i])
			continue
		}
		column := strings.TrimRight(sheet.Cell(0, i).String(), "0123456789")
		formula := "SUBTOTAL(109"
		for _, span := range spans {
			formula += "," + column + strconv.Itoa(span[0]) + ":" + column + strconv.Itoa(span[1])
		}
		d.s.Formula(style, formula+")", sum)
	}
}

// representable reports whether a cell can hold v as it is.
func representable(v any) bool {
	d, ok := report.Figure(v)
	return !ok || sheet.Exact(d)
}
