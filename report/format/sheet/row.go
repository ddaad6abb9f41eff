package sheet

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/shopspring/decimal"
)

// Sheet is a sheet that is being written, row by row and cell by cell from the left. Its methods keep the first error, which
// Close returns.
type Sheet struct {
	tab     *Tab
	out     io.Writer
	buf     []byte
	columns []string // names
	row     int      // written so far
	column  int      // of the next cell
	digits  []byte   // the number of the row
	stat    Stat
	err     error
}

// rowHeight is that of a row for which no other is given, in points.
const rowHeight = 15.0

// flushAt is how many bytes are gathered before they are compressed.
const flushAt = 64 << 10

// Open begins the tab's sheet.
func (t *Tab) Open(p Page) (*Sheet, error) {
	b := t.book
	switch {
	case b.err != nil:
		return nil, b.err
	case b.open != nil:
		return nil, errOpen
	case t.done:
		return nil, fmt.Errorf("sheet %q: it is written already", t.name)
	case p.Rows > MaxRows || p.Columns > MaxColumns:
		return nil, fmt.Errorf("sheet %q: %d rows of %d columns are more than a sheet holds", t.name, p.Rows, p.Columns)
	}
	out, err := b.create(t.part())
	if err != nil {
		b.err = err
		return nil, err
	}
	t.page, t.done = p, true
	s := &Sheet{tab: t, out: out, buf: make([]byte, 0, flushAt+(16<<10)), columns: make([]string, p.Columns)}
	for i := range s.columns {
		s.columns[i] = columnName(i)
	}
	s.buf = append(s.buf, p.head()...)
	b.open = s
	return s, nil
}

// Row begins the next row; height is in points, 0 is the usual one.
func (s *Sheet) Row(height float64) {
	s.endRow()
	if s.row >= s.tab.page.Rows {
		s.fail(fmt.Errorf("sheet %q: more rows than the %d it was opened for", s.tab.name, s.tab.page.Rows))
		return
	}
	s.row++
	s.column = 0
	s.digits = strconv.AppendInt(s.digits[:0], int64(s.row), 10)
	s.buf = append(append(append(s.buf, `<row r="`...), s.digits...), '"')
	if height > 0 {
		s.buf = append(strconv.AppendFloat(append(s.buf, ` ht="`...), height, 'f', -1, 64), `" customHeight="1"`...)
	}
	s.buf = append(s.buf, '>')
}

// endRow ends the row and passes on what has gathered.
func (s *Sheet) endRow() {
	if s.digits == nil || s.err != nil {
		return
	}
	if len(s.digits) > 0 {
		s.buf = append(s.buf, "</row>"...)
		s.digits = s.digits[:0]
	}
	if len(s.buf) >= flushAt {
		s.flush()
	}
}

func (s *Sheet) flush() {
	if s.err == nil {
		_, s.err = s.out.Write(s.buf)
		s.buf = s.buf[:0]
	}
}

func (s *Sheet) fail(err error) {
	if s.err == nil {
		s.err = err
	}
}

// Skip leaves so many rows empty.
func (s *Sheet) Skip(rows int) {
	for range rows {
		s.Row(0)
	}
}

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

// Close ends the sheet. It must have the rows that it was opened for.
func (s *Sheet) Close() error {
	b := s.tab.book
	if s.err == nil && s.row != s.tab.page.Rows {
		s.fail(fmt.Errorf("sheet %q: %d rows, opened for %d", s.tab.name, s.row, s.tab.page.Rows))
	}
	s.endRow()
	s.buf = append(s.buf, s.tab.page.tail()...)
	s.flush()
	if b.open == s {
		b.open = nil
	}
	if s.err != nil {
		b.err = s.err
		return s.err
	}
	b.stat.add(s.stat)
	b.drawings(s.tab)
	return b.err
}
