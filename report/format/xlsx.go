package format

import (
	"io"

	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/report/format/sheet"
)

// workbook is a document on its way into XLSX: the sheets are named first, in the order of their tabs, and drawn after that. The
// summary comes first and is drawn last, since it says what became of the others.
type workbook struct {
	doc     report.Document
	words   words
	own     sheetWords
	book    *sheet.Book
	look    look
	summary *sheet.Tab
	points  *points
	sheets  []drawable
	quality *sheet.Tab
	each    int64  // rows of a detail on one sheet, below its head
	clocks  string // the zone of the times in the sheets; "" when there are none
}

// drawable is one sheet, or a detail's several.
type drawable struct {
	tabs []*sheet.Tab
	rows []int64 // on each, for the list of contents; nil where they tell nothing
	draw func() error
}

// drawXLSX writes a workbook: what a person reads on the first sheet, the figures of the tables and datasets as numbers on sheets of
// their own, then the rows themselves. Everything in it that could be a formula is a text unless it is one of ours.
func drawXLSX(w io.Writer, doc report.Document) error { return drawBook(w, doc, sheet.MaxRows) }

// drawBook is drawXLSX with sheets of at most so many rows.
func drawBook(w io.Writer, doc report.Document, most int64) error {
	x := &workbook{doc: doc, each: most - 1, words: wordsOf(doc.Locale), own: sheetWordsOf(doc.Locale), book: sheet.New(w, sheet.Property{
		Title: report.Clean(doc.Title + ", " + doc.Locale.Month(doc.Period)), Subject: mark(doc, shortDigest(doc)), Company: report.Clean(doc.Company),
		Created: doc.Period.First().AddDate(0, 1, -1),
	})}
	x.look = newLook(x.book, doc)
	x.summary = x.book.Tab(x.own.summary)
	x.plan()
	for _, s := range x.sheets {
		if err := s.draw(); err != nil {
			return err
		}
	}
	if err := x.drawSummary(); err != nil {
		return err
	}
	return x.book.Close()
}

// plan names the sheets: tables in reading order, the datasets that no table shows whole, the rows, and what the rules found.
func (x *workbook) plan() {
	shown := map[string]bool{}
	for _, b := range x.doc.Blocks {
		if t, ok := b.(*report.Table); ok {
			shown[t.Dataset] = shown[t.Dataset] || t.Rest == nil
			x.addTable(t)
		}
	}
	for _, d := range x.doc.Datasets {
		if !shown[d.Name] && !x.onCards(d) {
			x.addTable(datasetTable(d))
		}
	}
	for _, d := range x.doc.Details {
		x.addDetail(d, report.Label(d.Name))
	}
	x.addQuality()
	for _, d := range x.doc.Quarantine {
		name := x.own.quarantine
		if len(x.doc.Quarantine) > 1 {
			name += " " + d.Name
		}
		x.addDetail(d, name)
	}
	x.addPoints()
}

// onCards reports whether all that a dataset says stands on the summary's cards.
func (x *workbook) onCards(d report.Dataset) bool {
	shown := map[string]bool{}
	for _, b := range x.doc.Blocks {
		if kpis, ok := b.(*report.KPIs); ok {
			for _, card := range kpis.Cards {
				shown[card.From.Column] = shown[card.From.Column] || card.From.Dataset == d.Name
			}
		}
	}
	for _, c := range d.Columns {
		if !shown[c.Name] {
			return false
		}
	}
	return true
}

// datasetTable is a dataset as a table of all its columns.
func datasetTable(d report.Dataset) *report.Table {
	t := &report.Table{Title: report.Label(d.Name), Dataset: d.Name, Rows: d.Rows}
	for _, c := range d.Columns {
		t.Columns = append(t.Columns, report.TableColumn{Column: c.Name, Label: report.Label(c.Name)})
		t.Kinds, t.Scales = append(t.Kinds, c.Kind), append(t.Scales, c.Scale)
	}
	return t
}

// paper is what every sheet has in common: the head and the foot of its printed pages.
func (x *workbook) paper(title string) sheet.Page {
	p := sheet.Page{
		Header: sheet.Margin{Left: report.Clean(title), Right: report.Clean(x.doc.Company)},
		Footer: sheet.Margin{Left: mark(x.doc, shortDigest(x.doc)), Right: put(x.words.Page, sheet.PageNumber, sheet.PageCount)},
	}
	if x.doc.Draft {
		p.Header.Middle = x.words.DraftMark
	}
	return p
}
