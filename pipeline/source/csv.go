package source

import (
	"io"
	"strings"

	"github.com/monthend/monthend/pipeline/column"
	"github.com/monthend/monthend/report"
)

// maxColumns bounds the columns of a CSV file.
const maxColumns = 1600 // as many as PostgreSQL's own tables may have

// maxMistakes bounds how many mistakes of one CSV file are told.
const maxMistakes = 20

// CSV is rows that were written by hand in place of a query's, a column.Reader. The header says name and type of each column, such as
// amount:numeric(18,2); the types are PostgreSQL's, and so is how values are written. An empty value without quotes is NULL.
type CSV struct {
	columns []column.Column
	set     []setter
	rows    [][]Field
	next    int
}

// NewCSV reads and checks the whole of a CSV file. The error is a *report.DefinitionError with every mistake at its place; file is its
// name there. It holds no value.
func NewCSV(file string, data []byte) (*CSV, error) {
	records, err := records(file, data, true)
	if err != nil {
		return nil, err
	}
	c := &CSV{rows: records[1:]}
	var problems []report.Problem
	complain := func(at Field, format string, args ...any) {
		problems = append(problems, problemAt(file, string(data), at, format, args...))
	}
	if len(records[0]) > maxColumns {
		complain(records[0][0], "%d columns, more than %d", len(records[0]), maxColumns)
		return nil, &report.DefinitionError{Problems: problems}
	}
	if first := records[0]; len(first) == 1 && strings.Contains(first[0].Text, ";") {
		complain(first[0], "want commas between the columns, not semicolons")
		return nil, &report.DefinitionError{Problems: problems}
	}
	for _, head := range records[0] {
		name, typed, found := strings.Cut(head.Text, ":")
		if !found || strings.TrimSpace(name) == "" {
			complain(head, "want the name and the type of a column, such as amount:numeric(18,2)")
			continue
		}
		t, set, err := typeOf(typed)
		if err != nil {
			complain(head, "column %q: %v", name, err)
			continue
		}
		c.columns = append(c.columns, column.Column{Name: strings.TrimSpace(name), Type: t})
		c.set = append(c.set, set)
	}
	if len(problems) > 0 {
		return nil, &report.DefinitionError{Problems: problems}
	}
	// Every value is set once to be checked; what comes later cannot fail.
	var trial column.Batch
	for _, row := range c.rows {
		trial.Reset(c.columns)
		for i, field := range row {
			if err := c.setField(&trial, i, field); err != nil && len(problems) < maxMistakes {
				complain(field, "column %q: %v", c.columns[i].Name, err)
			}
		}
	}
	if len(problems) > 0 {
		return nil, &report.DefinitionError{Problems: problems}
	}
	return c, nil
}

// Columns are the columns of the header.
func (c *CSV) Columns() []column.Column { return c.columns }

// Next fills the batch with the next rows; see column.Reader.
func (c *CSV) Next(b *column.Batch) error {
	b.Reset(c.columns)
	if c.next == len(c.rows) {
		return io.EOF
	}
	for ; c.next < len(c.rows) && !b.Full(); c.next++ {
		for i, field := range c.rows[c.next] {
			if err := c.setField(b, i, field); err != nil {
				return err
			}
		}
		b.Add()
	}
	return nil
}

// setField sets a field of the row that is being added.
func (c *CSV) setField(b *column.Batch, i int, field Field) error {
	v := &b.Vectors[i]
	if field.Null() {
		v.SetNull(b.Len())
		return nil
	}
	return c.set[i](v, b.Len(), field.Text)
}
