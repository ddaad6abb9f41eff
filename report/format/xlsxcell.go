package format

import (
	"time"

	"github.com/shopspring/decimal"
	"golang.org/x/text/width"

	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/report/format/sheet"
)

// write writes one value as a cell of its kind. NULL is an empty cell.
func write(s *sheet.Sheet, style sheet.StyleID, v any, kind report.Kind) {
	switch v := v.(type) {
	case nil:
		s.Blank(style)
	case string:
		s.Text(style, v)
	case int64:
		s.Int(style, v)
	case decimal.Decimal:
		s.Decimal(style, v)
	case bool:
		s.Bool(style, v)
	case time.Time:
		if kind == report.Date {
			s.Date(style, v)
		} else {
			s.Time(style, v)
		}
	default:
		s.Blank(style)
	}
}

// The widths of columns, in digits.
const (
	minWidth = 8.0
	maxWidth = 60.0
	padding  = 2.0
	arrow    = 3.0 // of the filter, beside a head
)

// widths finds how wide columns must be for what they have shown it.
type widths struct {
	list   []float64
	styles []report.Style
}

func newWidths(styles []report.Style) *widths {
	w := &widths{list: make([]float64, len(styles)), styles: styles}
	for i := range w.list {
		w.list[i] = minWidth
	}
	return w
}

// see takes a value of a column.
func (w *widths) see(column int, v any) {
	switch v := v.(type) {
	case nil:
	case string:
		w.need(column, textWidth(v)+padding)
	case time.Time:
		if w.styles[column].Kind == report.Date {
			w.need(column, 10+padding)
		} else {
			w.need(column, 19+padding)
		}
	default:
		text := report.FormatValue(v, w.styles[column])
		w.need(column, textWidth(text)+padding)
	}
}

// head takes the head of a column, which is bold.
func (w *widths) head(column int, label string) { w.need(column, 1.1*textWidth(label)+arrow+padding) }

func (w *widths) need(column int, n float64) { w.list[column] = min(max(w.list[column], n), maxWidth) }

// textWidth is about how many digits wide a text is drawn; the scripts of East Asia and emoji take two.
func textWidth(s string) float64 {
	n := 0.0
	for _, r := range s {
		switch kind := width.LookupRune(r).Kind(); {
		case kind == width.EastAsianWide || kind == width.EastAsianFullwidth || r >= 0x1f000:
			n += 2
		default:
			n++
		}
		if n > 4*maxWidth {
			break
		}
	}
	return n
}
