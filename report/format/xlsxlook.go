package format

import (
	"strings"

	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/report/format/sheet"
)

// The colours of a workbook, those of the page.
const (
	inkColor    = "0F172A"
	mutedColor  = "56657A"
	lineColor   = "CBD5E1"
	cardColor   = "F1F5F9"
	blueColor   = "2563EB"
	badColor    = "C81E1E"
	goodColor   = "15803D"
	warnColor   = "9A4B06"
	headColor   = "E8EEF7"
	behindColor = "94A3B8"
	olderColor  = "CBD5E1"
)

// seriesColors are those of a chart's series, by their order.
var seriesColors = []string{blueColor, "0D9488", "B45309", "7C3AED", "DB2777", "64748B"}

// look is the styles of a workbook.
type look struct {
	book     *sheet.Book
	currency string
	plain    sheet.Style
	head     sheet.Style
	total    sheet.Style
	subtotal sheet.Style
	group    sheet.Style
	muted    sheet.StyleID
}

func newLook(book *sheet.Book, doc report.Document) look {
	rule := sheet.Line{Weight: "thin", Color: mutedColor}
	hair := sheet.Line{Weight: "thin", Color: lineColor}
	return look{
		book: book, currency: doc.Currency,
		plain:    sheet.Style{},
		head:     sheet.Style{Bold: true, Color: inkColor, Fill: headColor, Bottom: rule, Vertical: sheet.Center},
		total:    sheet.Style{Bold: true, Top: rule},
		subtotal: sheet.Style{Bold: true, Top: hair},
		group:    sheet.Style{Bold: true, Color: blueColor},
		muted:    book.Style(sheet.Style{Color: mutedColor}),
	}
}

// headHeight is that of the row of heads, in points.
const headHeight = 20.0

// headOf is the style of a column's head: it stands over the figures where there are figures, and beside the filter's arrow where
// there is one.
func (l look) headOf(kind report.Kind, align report.Align, filtered bool) sheet.StyleID {
	style := l.head
	style.Align = sideOf(kind, align)
	if style.Align == sheet.Right {
		style.Indent = 1
		if filtered {
			style.Indent = 2
		}
	}
	return l.book.Style(style)
}

// cell is base as the cells of one column have it. Figures keep away from the text on their right.
func (l look) cell(base sheet.Style, kind report.Kind, format report.Format, scale int, align report.Align) sheet.StyleID {
	base.Align = sideOf(kind, align)
	if base.Align == sheet.Right {
		base.Indent = 1
	}
	base.Format = l.numbers(kind, format, scale)
	return l.book.Style(base)
}

// sideOf puts figures right, those too that are written as text.
func sideOf(kind report.Kind, align report.Align) sheet.Align {
	switch align {
	case report.AlignLeft:
		return sheet.Left
	case report.AlignRight:
		return sheet.Right
	case report.AlignCenter:
		return sheet.Center
	}
	switch kind {
	case report.Integer, report.Decimal:
		return sheet.Right
	}
	return sheet.Left
}

// numbers is the number format of a column. The reader's own locale groups the digits. The minus is the keyboard's, not U+2212: a
// sheet saved as CSV has what is shown, and that must be read back as a number.
func (l look) numbers(kind report.Kind, format report.Format, scale int) string {
	switch kind {
	case report.Date:
		return "yyyy-mm-dd"
	case report.Timestamp:
		return "yyyy-mm-dd hh:mm:ss"
	case report.Integer, report.Decimal:
	default:
		return ""
	}
	form := "#,##0"
	switch {
	case format == report.FormatMoney:
		form = digits(form, report.MinorUnits(l.currency))
	case format == report.FormatPercent || format == report.FormatShare:
		form = "0.00%"
	case format == report.FormatInteger:
	case kind == report.Decimal:
		form = digits(form, scale)
	default:
		form = "0" // a whole number without a format may be a number of something, such as 20260331
	}
	return form + ";[Red]-" + form
}

func digits(form string, n int) string {
	if n <= 0 {
		return form
	}
	return form + "." + strings.Repeat("0", min(n, 30))
}
