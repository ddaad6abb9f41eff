package sheet

import (
	"fmt"
	"io"
	"strconv"
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
