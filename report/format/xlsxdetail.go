package format

import (
	"fmt"
	"slices"
	"time"

	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/report/format/sheet"
)

// sampled is how many rows are looked at before a detail's columns get their widths: the rest is not known yet by then.
const sampled = 1000

// detailSheet is the rows of an extract on their way onto one sheet or, where one is too small, several.
type detailSheet struct {
	*workbook
	detail report.Detail
	title  string
	tabs   []*sheet.Tab
	styles []sheet.StyleID
	sample [][]any
	list   []float64 // widths
	s      *sheet.Sheet
	told   int64
	zone   *time.Location // of the last time seen
}

// addDetail declares as many sheets as the rows need: name, name (2) and so on.
func (x *workbook) addDetail(d report.Detail, name string) {
	r := &detailSheet{workbook: x, detail: d, title: name}
	for _, c := range d.Columns {
		r.styles = append(r.styles, x.look.cell(x.look.plain, c.Kind, report.FormatAuto, c.Scale, report.AlignAuto))
	}
	var rows []int64
	for first := int64(0); first == 0 || first < d.Count; first += x.each {
		r.tabs, rows = append(r.tabs, x.book.Tab(report.Clean(name))), append(rows, min(x.each, d.Count-first))
	}
	x.sheets = append(x.sheets, drawable{r.tabs, rows, r.draw})
}

func (r *detailSheet) draw() error {
	if err := r.detail.Rows(r.tell); err != nil {
		return err
	}
	if r.told != r.detail.Count {
		return fmt.Errorf("%s: %d rows came, %d were counted", r.detail.Name, r.told, r.detail.Count)
	}
	if r.list == nil {
		return r.begin()
	}
	return r.end()
}

// tell takes one row. The first ones are kept until the widths are known.
func (r *detailSheet) tell(row []any) error {
	if len(row) != len(r.styles) {
		return fmt.Errorf("%s: a row has %d values, want %d", r.detail.Name, len(row), len(r.styles))
	}
	r.told++
	if r.told > r.detail.Count {
		return fmt.Errorf("%s: more rows came than the %d counted", r.detail.Name, r.detail.Count)
	}
	if r.list == nil {
		r.sample = append(r.sample, slices.Clone(row))
		if len(r.sample) < sampled && r.told < r.detail.Count {
			return nil
		}
		return r.begin()
	}
	return r.write(row, r.told-1)
}

// begin settles the widths and writes the rows kept so far; without any it writes a sheet that says so.
func (r *detailSheet) begin() error {
	styles := make([]report.Style, len(r.detail.Columns))
	for i, c := range r.detail.Columns {
		styles[i] = report.Style{Kind: c.Kind, Scale: c.Scale}
	}
	w := newWidths(styles)
	for i, c := range r.detail.Columns {
		w.head(i, c.Name)
	}
	for _, row := range r.sample {
		for i, v := range row {
			w.see(i, v)
		}
	}
	r.list = w.list
	if len(r.sample) == 0 {
		if err := r.open(0); err != nil {
			return err
		}
		r.s.Row(0)
		r.s.Text(r.look.muted, r.words.NoRows)
		return r.end()
	}
	for i, row := range r.sample {
		if err := r.write(row, int64(i)); err != nil {
			return err
		}
	}
	r.sample = nil
	return nil
}

// write writes the row with the given number, from 0, on the sheet that it belongs to.
func (r *detailSheet) write(row []any, at int64) error {
	if at%r.each == 0 {
		if r.s != nil {
			if err := r.s.Close(); err != nil {
				return err
			}
		}
		if err := r.open(at); err != nil {
			return err
		}
	}
	r.s.Row(0)
	for i, v := range row {
		write(r.s, r.styles[i], v, r.detail.Columns[i].Kind)
		if t, ok := v.(time.Time); ok && r.detail.Columns[i].Kind == report.Timestamp && t.Location() != r.zone {
			r.zone = t.Location()
			r.clocks = r.zone.String()
		}
	}
	return nil
}

// open begins the sheet of the row at.
func (r *detailSheet) open(at int64) error {
	rows := max(min(r.detail.Count-at, r.each), 1) // one says that there is none
	page := r.paper(r.title)
	page.Columns, page.Rows, page.Widths, page.Frozen = len(r.styles), int(rows)+1, r.list, 1
	if r.detail.Count > 0 {
		page.Filter = &sheet.Area{LastRow: int(rows), LastColumn: len(r.styles) - 1}
	}
	var err error
	if r.s, err = r.tabs[at/r.each].Open(page); err != nil {
		return err
	}
	r.s.Row(headHeight)
	for _, c := range r.detail.Columns {
		// The column's own name: what stands below is the extract, not what a report says about it.
		r.s.Text(r.look.headOf(c.Kind, report.AlignAuto, true), report.Clean(c.Name))
	}
	return nil
}

func (r *detailSheet) end() error { return r.s.Close() }
