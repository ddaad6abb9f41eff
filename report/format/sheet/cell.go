package sheet

import (
	"fmt"
	"strconv"
	"time"

	"github.com/shopspring/decimal"
)

// begin writes a cell up to its type; false means that there is no place for it.
func (s *Sheet) begin(style StyleID) bool {
	switch {
	case s.err != nil:
		return false
	case len(s.digits) == 0:
		s.fail(errClosed)
		return false
	case s.column >= len(s.columns):
		s.fail(fmt.Errorf("sheet %q: row %d has more cells than the %d columns", s.tab.name, s.row, len(s.columns)))
		return false
	}
	s.buf = append(append(append(s.buf, `<c r="`...), s.columns[s.column]...), s.digits...)
	s.buf = append(s.buf, '"')
	if style != 0 {
		s.buf = append(strconv.AppendInt(append(s.buf, ` s="`...), int64(style), 10), '"')
	}
	s.column++
	return true
}

// Blank writes an empty cell; in the plain style it is only passed over.
func (s *Sheet) Blank(style StyleID) {
	if style == 0 {
		s.column++
		return
	}
	if s.begin(style) {
		s.buf = append(s.buf, "/>"...)
	}
}

// Text writes a text, which stays one whatever it begins with.
func (s *Sheet) Text(style StyleID, text string) {
	if text == "" {
		s.Blank(style)
		return
	}
	if formulaLike(text) {
		style = s.tab.book.styles.quote(style)
	}
	if !s.begin(style) {
		return
	}
	text, cut := fitText(text)
	if cut {
		s.stat.Cut++
	}
	s.buf = append(s.buf, ` t="inlineStr"><is><t`...)
	if spacious(text[0]) || spacious(text[len(text)-1]) {
		s.buf = append(s.buf, ` xml:space="preserve"`...)
	}
	s.buf = append(s.buf, '>')
	var replaced bool
	if s.buf, replaced = appendText(s.buf, text); replaced {
		s.stat.Replaced++
	}
	s.buf = append(s.buf, "</t></is></c>"...)
}

func spacious(c byte) bool { return c <= ' ' }

// Int writes a whole number, or the text of it when it has too many digits.
func (s *Sheet) Int(style StyleID, n int64) {
	if !exact(n) {
		s.stat.Wide++
		s.Text(style, strconv.FormatInt(n, 10))
		return
	}
	if s.begin(style) {
		s.buf = append(strconv.AppendInt(append(s.buf, "><v>"...), n, 10), "</v></c>"...)
	}
}

// Decimal writes a number with all its digits, or the text of it when it has too many.
func (s *Sheet) Decimal(style StyleID, d decimal.Decimal) {
	if !Exact(d) {
		s.stat.Wide++
		s.Text(style, d.StringFixed(max(-d.Exponent(), 0)))
		return
	}
	if s.begin(style) {
		s.buf = append(appendDecimal(append(s.buf, "><v>"...), d), "</v></c>"...)
	}
}

// Formula writes a formula of ours and its value; give Decimal what a number cannot hold.
func (s *Sheet) Formula(style StyleID, formula string, value decimal.Decimal) {
	if s.begin(style) {
		s.buf, _ = appendText(append(s.buf, "><f>"...), formula)
		s.buf = append(appendDecimal(append(s.buf, "</f><v>"...), value), "</v></c>"...)
	}
}

// Bool writes TRUE or FALSE.
func (s *Sheet) Bool(style StyleID, v bool) {
	if s.begin(style) {
		digit := byte('0')
		if v {
			digit = '1'
		}
		s.buf = append(append(append(s.buf, ` t="b"><v>`...), digit), "</v></c>"...)
	}
}

// Date writes the day of t. Give it a style with a format of dates.
func (s *Sheet) Date(style StyleID, t time.Time) {
	s.moment(style, t, false)
}

// Time writes the wall clock of t in t's zone. Give it a style with a format of dates and times.
func (s *Sheet) Time(style StyleID, t time.Time) {
	s.moment(style, t, true)
}

func (s *Sheet) moment(style StyleID, t time.Time, clock bool) {
	day, micros, ok := serial(t)
	if !ok {
		s.stat.Undated++
		layout := time.DateOnly
		if clock {
			layout = "2006-01-02 15:04:05.999999"
		}
		s.Text(style, t.Format(layout))
		return
	}
	if !clock {
		micros = 0
	}
	if s.begin(style) {
		s.buf = append(appendMoment(append(s.buf, "><v>"...), day, micros), "</v></c>"...)
	}
}
