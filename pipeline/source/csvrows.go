package source

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/monthend/monthend/report"
)

// csvRows reads somebody else's CSV: RFC 4180 in UTF-8, with commas and LF or CRLF, its first line naming the columns. A value that is
// empty is NULL, unless it is in quotes, as it is in the files of reports test. A mark at the beginning is passed over.
type csvRows struct {
	query  report.Extract
	r      *bufio.Reader
	record []Field
	wanted []int // by column of the definition, its place in a record
	width  int   // of the header
	rows   int64
	text   strings.Builder
}

func newCSVRows(q report.Extract, r io.Reader) (*csvRows, error) {
	c := &csvRows{query: q, r: bufio.NewReaderSize(r, 64<<10)}
	skipMark(c.r)
	err := c.read()
	if errors.Is(err, io.EOF) {
		return nil, mistakeIn(q, "it is empty; its first line names the columns")
	}
	if err != nil {
		return nil, err
	}
	c.width = len(c.record)
	places := map[string]int{}
	for i, head := range c.record {
		if _, twice := places[head.Text]; twice {
			places[head.Text] = -1
			continue
		}
		places[head.Text] = i
	}
	for _, column := range q.Outside.Columns {
		switch at, found := places[column.Name]; {
		case !found && c.width == 1 && strings.Contains(c.record[0].Text, ";"):
			return nil, mistakeIn(q, "want commas between the columns, not semicolons")
		case !found:
			return nil, mistakeIn(q, "column %q is not in its first line", column.Name)
		case at < 0:
			return nil, mistakeIn(q, "column %q is twice in its first line", column.Name)
		default:
			c.wanted = append(c.wanted, at)
		}
	}
	return c, nil
}

// skipMark goes past a byte order mark.
func skipMark(r *bufio.Reader) {
	if head, _ := r.Peek(3); string(head) == "\ufeff" {
		r.Discard(3)
	}
}

func (c *csvRows) next(row []given) error {
	for {
		if err := c.read(); err != nil {
			return err
		}
		if c.width == 1 || len(c.record) != 1 || !c.record[0].Null() {
			break
		} // else an empty line
	}
	c.rows++
	if len(c.record) != c.width {
		return inRow(c.query, c.rows, "it has %d values, the first line %d", len(c.record), c.width)
	}
	for i, at := range c.wanted {
		row[i] = given{c.record[at].Text, c.record[at].Null()}
	}
	return nil
}

func (c *csvRows) fail(message string) error { return inRow(c.query, c.rows+1, "%s", message) }

// read reads one record; io.EOF before its first character is the end.
func (c *csvRows) read() error {
	c.record = c.record[:0]
	if _, err := c.r.Peek(1); err != nil {
		return err
	}
	for {
		field, last, err := c.field()
		if err != nil {
			return err
		}
		if !utf8.ValidString(field.Text) || strings.ContainsRune(field.Text, 0) {
			return c.fail("it is not UTF-8, or has a zero byte")
		}
		if len(c.record) == maxColumns {
			return c.fail("it has too many values")
		}
		c.record = append(c.record, field)
		if last {
			return nil
		}
	}
}

// field reads one value with what ends it; last is at the end of the record.
func (c *csvRows) field() (f Field, last bool, err error) {
	c.text.Reset()
	for first := true; ; first = false {
		b, err := c.r.ReadByte()
		switch {
		case err == io.EOF:
			f.Text = c.text.String()
			return f, true, nil
		case err != nil:
			return f, false, err
		case b == '"' && first:
			f.Quoted = true
			last, err := c.quoted()
			f.Text = c.text.String()
			return f, last, err
		case b == '"':
			return f, false, c.fail("a quote inside a value without quotes")
		case b == ',', b == '\n':
			f.Text = c.text.String()
			return f, b == '\n', nil
		case b == '\r':
			f.Text = c.text.String()
			return f, true, c.lineFeed()
		}
		c.text.WriteByte(b)
	}
}

// quoted reads up to the closing quote and what comes behind it.
func (c *csvRows) quoted() (last bool, err error) {
	for {
		b, err := c.r.ReadByte()
		if err == io.EOF {
			return false, c.fail("a quote has no end")
		}
		if err != nil {
			return false, err
		}
		if b != '"' {
			c.text.WriteByte(b)
			continue
		}
		switch b, err = c.r.ReadByte(); {
		case err == io.EOF:
			return true, nil
		case err != nil:
			return false, err
		case b == '"':
			c.text.WriteByte('"')
		case b == ',', b == '\n':
			return b == '\n', nil
		case b == '\r':
			return true, c.lineFeed()
		default:
			return false, c.fail("text behind a closing quote; a quote inside is written twice")
		}
	}
}

// lineFeed wants one behind a carriage return.
func (c *csvRows) lineFeed() error {
	if b, err := c.r.ReadByte(); err != nil || b != '\n' {
		return c.fail("a carriage return without a line feed")
	}
	return nil
}
