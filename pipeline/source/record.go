package source

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/monthend/monthend/report"
)

// MaxCSV bounds a CSV file, in bytes: it is written by hand, to be read by people.
const MaxCSV = 4 << 20

// Field is one value of a CSV file. An empty one is NULL unless it is quoted. Line and Col count from 1, Col in characters.
type Field struct {
	Text      string
	Quoted    bool
	Line, Col int
}

// Null reports whether the field is NULL: empty, and not quoted.
func (f Field) Null() bool { return f.Text == "" && !f.Quoted }

// Records takes a CSV file apart, the header being the first record: RFC 4180 in UTF-8, with commas and LF or CRLF, and every record
// as long as the first. It ends at the first mistake, a *report.DefinitionError; file is its name there.
func Records(file string, data []byte) ([][]Field, error) { return records(file, data, false) }

// records is Records; in a typed file the header has types, and a comma between its parentheses parts no columns.
func records(file string, data []byte, typed bool) ([][]Field, error) {
	s := &scanner{file: file, data: string(data), line: 1, col: 1, typed: typed}
	switch {
	case len(data) > MaxCSV:
		return nil, s.fail(Field{}, "more than %d bytes", MaxCSV)
	case bytes.HasPrefix(data, []byte("\ufeff")):
		return nil, s.fail(Field{}, "it begins with a byte order mark; save it as plain UTF-8")
	case len(data) == 0:
		return nil, s.fail(Field{}, "the file is empty; its first line names the columns")
	}
	var records [][]Field
	for s.at < len(s.data) {
		record, err := s.record()
		if err != nil {
			return nil, err
		}
		if len(records) > 0 && len(record) != len(records[0]) {
			return nil, s.fail(record[0], "the row has %d values, the header %d", len(record), len(records[0]))
		}
		records = append(records, record)
	}
	return records, nil
}

// scanner reads a CSV file from its beginning.
type scanner struct {
	file      string
	data      string
	at        int // in bytes
	line, col int // of the next character
	typed     bool
}

// fail is a mistake at a field; one without a place means the whole file.
func (s *scanner) fail(at Field, format string, args ...any) error {
	return &report.DefinitionError{Problems: []report.Problem{problemAt(s.file, s.data, at, format, args...)}}
}

// problemAt is a mistake at a field of a file.
func problemAt(file, data string, at Field, format string, args ...any) report.Problem {
	return report.Problem{File: file, Line: at.Line, Col: at.Col, Message: fmt.Sprintf(format, args...), Source: report.LineOf([]byte(data), at.Line)}
}

// record reads up to the end of a line that is outside of quotes.
func (s *scanner) record() ([]Field, error) {
	var record []Field
	for {
		field, err := s.field()
		if err != nil {
			return nil, err
		}
		record = append(record, field)
		switch {
		case s.at == len(s.data) || s.newLine():
			return record, nil
		case s.data[s.at] == ',':
			s.step(1)
		}
	}
}

// newLine goes past the end of a line, if one is here.
func (s *scanner) newLine() bool {
	for _, end := range []string{"\n", "\r\n"} {
		if strings.HasPrefix(s.data[s.at:], end) {
			s.at += len(end)
			s.line, s.col = s.line+1, 1
			return true
		}
	}
	return false
}

// step goes past a character of so many bytes.
func (s *scanner) step(size int) {
	s.at += size
	s.col++
}

// field reads one value, up to the comma or the end of the line.
func (s *scanner) field() (Field, error) {
	f := Field{Line: s.line, Col: s.col}
	here := func() Field { return Field{Line: s.line, Col: s.col} }
	var text strings.Builder
	open := 0 // parentheses of a type
	if strings.HasPrefix(s.data[s.at:], `"`) {
		f.Quoted = true
		s.step(1)
	}
	for s.at < len(s.data) {
		rest := s.data[s.at:]
		r, size := utf8.DecodeRuneInString(rest)
		switch {
		case r == utf8.RuneError && size == 1:
			return f, s.fail(here(), "not UTF-8 from here on")
		case r == 0:
			return f, s.fail(here(), "a zero byte, which no text of PostgreSQL has")
		case f.Quoted && strings.HasPrefix(rest, `""`):
			text.WriteByte('"')
			s.step(1)
			s.step(1)
			continue
		case f.Quoted && r == '"':
			s.step(1)
			f.Text = text.String()
			if s.at < len(s.data) && s.data[s.at] != ',' && s.data[s.at] != '\n' && !strings.HasPrefix(s.data[s.at:], "\r\n") {
				return f, s.fail(here(), "text behind a closing quote; a quote inside is written twice")
			}
			return f, nil
		case f.Quoted && r == '\n':
			text.WriteByte('\n')
			s.newLine()
			continue
		case f.Quoted:
		case s.typed && s.line == 1 && (r == '(' || r == ')' || r == ',' && open > 0):
			open += map[rune]int{'(': 1, ')': -1}[r]
		case r == ',' || r == '\n' || strings.HasPrefix(rest, "\r\n"):
			f.Text = text.String()
			return f, nil
		case r == '\r':
			return f, s.fail(here(), "a carriage return without a line feed")
		case r == '"':
			return f, s.fail(here(), "a quote inside a value without quotes; put the value in quotes, and write the quote twice")
		}
		text.WriteString(rest[:size])
		s.step(size)
	}
	if f.Quoted {
		return f, s.fail(f, "a quote has no end")
	}
	f.Text = text.String()
	return f, nil
}
