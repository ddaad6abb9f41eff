package sheet

import (
	"strconv"
	"strings"
)

// Page is what a sheet is beside its rows: all of it is known before the first row.
type Page struct {
	Rows    int       // how many rows will be written, skipped ones included
	Columns int       // how many columns they use
	Widths  []float64 // of the columns, in digits of the workbook's font
	Frozen  int       // rows at the top that stay in sight, and stand on every printed page
	Filter  *Area     // the heads and rows that a reader may filter
	Merged  []Area
	Links   []Link
	Charts  []Chart
	Sparks  []Spark
	Plain   bool   // no grid lines
	Front   bool   // the sheet that a reader sees first
	Colour  string // of the tab
	Breaks  []int  // rows that begin a printed page; only with Scale, or readers pass over them
	Scale   int    // of the print, in percent; 0 fits the columns to the width of the paper
	Header  Margin
	Footer  Margin
}

// Margin is a line in the head or at the foot of each printed page, in three parts. PageNumber and PageCount are put in by the
// reader.
type Margin struct{ Left, Middle, Right string }

// PageNumber and PageCount stand in a Margin for the number of the page and of all pages.
const (
	PageNumber = "\x00P"
	PageCount  = "\x00N"
)

// Link is a cell that leads to another sheet.
type Link struct {
	Cell Area
	To   *Tab
}

// codes is the margin in the format's own notation, in which & begins a code and 255 units are all.
func (m Margin) codes() string {
	out := ""
	for _, part := range []struct{ code, text string }{{"&L", m.Left}, {"&C", m.Middle}, {"&R", m.Right}} {
		if part.text != "" {
			text := strings.ReplaceAll(shorten(part.text, 80), "&", "&&")
			// A digit after a size or a page's code would be read as part of it.
			text = strings.NewReplacer(PageNumber, "&P", PageCount, "&N").Replace(text)
			out += part.code + `&"` + fontName + `,Regular"&8 ` + text
		}
	}
	return out
}

// head is a sheet's XML before its rows.
func (p Page) head() string {
	var out strings.Builder
	out.WriteString(xmlHead + `<worksheet xmlns="` + mainSpace + `" xmlns:r="` + relationSpace + `"><sheetPr>`)
	if p.Colour != "" {
		out.WriteString(`<tabColor rgb="FF` + escape(p.Colour) + `"/>`)
	}
	if p.Scale == 0 {
		out.WriteString(`<pageSetUpPr fitToPage="1"/>`)
	}
	out.WriteString(`</sheetPr><dimension ref="`)
	out.WriteString(Area{LastRow: max(p.Rows-1, 0), LastColumn: max(p.Columns-1, 0)}.String() + `"/><sheetViews><sheetView`)
	if p.Plain {
		out.WriteString(` showGridLines="0"`)
	}
	if p.Front {
		out.WriteString(` tabSelected="1"`)
	}
	out.WriteString(` workbookViewId="0">`)
	if p.Frozen > 0 {
		first := Cell(p.Frozen, 0).String()
		out.WriteString(`<pane ySplit="` + strconv.Itoa(p.Frozen) + `" topLeftCell="` + first + `" activePane="bottomLeft" state="frozen"/>`)
		out.WriteString(`<selection pane="bottomLeft" activeCell="` + first + `" sqref="` + first + `"/>`)
	}
	out.WriteString(`</sheetView></sheetViews><sheetFormatPr defaultRowHeight="` + number(rowHeight) + `" customHeight="1"/>`)
	if len(p.Widths) > 0 {
		out.WriteString("<cols>")
		for i, width := range p.Widths {
			at := strconv.Itoa(i + 1)
			out.WriteString(`<col min="` + at + `" max="` + at + `" width="` + number(width) + `" customWidth="1"/>`)
		}
		out.WriteString("</cols>")
	}
	out.WriteString("<sheetData>")
	return out.String()
}

// tail is a sheet's XML after its rows; the order of its elements is the format's.
func (p Page) tail() string {
	var out strings.Builder
	out.WriteString("</sheetData>")
	if p.Filter != nil {
		out.WriteString(`<autoFilter ref="` + p.Filter.String() + `"/>`)
	}
	if len(p.Merged) > 0 {
		out.WriteString(`<mergeCells count="` + strconv.Itoa(len(p.Merged)) + `">`)
		for _, area := range p.Merged {
			out.WriteString(`<mergeCell ref="` + area.String() + `"/>`)
		}
		out.WriteString("</mergeCells>")
	}
	if len(p.Links) > 0 {
		out.WriteString("<hyperlinks>")
		for _, link := range p.Links {
			to := escape(link.To.quoted() + "!A1")
			out.WriteString(`<hyperlink ref="` + link.Cell.String() + `" location="` + to + `" display="` + escape(link.To.name) + `"/>`)
		}
		out.WriteString("</hyperlinks>")
	}
	out.WriteString(`<pageMargins left="0.5" right="0.5" top="0.7" bottom="0.7" header="0.3" footer="0.3"/><pageSetup paperSize="9" `)
	if p.Scale > 0 {
		out.WriteString(`scale="` + strconv.Itoa(p.Scale) + `" orientation="landscape"/><headerFooter>`)
	} else {
		out.WriteString(`orientation="landscape" fitToWidth="1" fitToHeight="0"/><headerFooter>`)
	}
	if codes := p.Header.codes(); codes != "" {
		out.WriteString("<oddHeader>" + escape(codes) + "</oddHeader>")
	}
	if codes := p.Footer.codes(); codes != "" {
		out.WriteString("<oddFooter>" + escape(codes) + "</oddFooter>")
	}
	out.WriteString("</headerFooter>")
	if n := strconv.Itoa(len(p.Breaks)); n != "0" {
		out.WriteString(`<rowBreaks count="` + n + `" manualBreakCount="` + n + `">`)
		for _, row := range p.Breaks {
			out.WriteString(`<brk id="` + strconv.Itoa(row) + `" max="16383" man="1"/>`)
		}
		out.WriteString("</rowBreaks>")
	}
	if p.Rows > 0 && p.Columns > 0 {
		// An account's number is a text on purpose: no reader need mark it as a mistake.
		all := Area{LastRow: p.Rows - 1, LastColumn: p.Columns - 1}
		out.WriteString(`<ignoredErrors><ignoredError sqref="` + all.String() + `" numberStoredAsText="1"/></ignoredErrors>`)
	}
	if len(p.Charts) > 0 {
		out.WriteString(`<drawing r:id="rId1"/>`)
	}
	out.WriteString(sparks(p.Sparks) + "</worksheet>")
	return out.String()
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
