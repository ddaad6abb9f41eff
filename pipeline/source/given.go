package source

import (
	"fmt"
	"io"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/monthend/monthend/pipeline/column"
	"github.com/monthend/monthend/report"
)

// Given is rows from outside, a column.Reader like the answer of a query: equal rows give an equal digest, wherever they come from
// and however they were written.
type Given struct {
	query   report.Extract
	columns []column.Column
	set     []setter
	encode  []encoder
	decoder rowDecoder
	row     []given
	wire    []byte
	maxRows int64
	digest  *digest
	file    io.Closer
	err     error // io.EOF at the end
}

// newGiven begins to read; a header that lacks a column is told here.
func newGiven(q report.Extract, format string, maxRows int64, r io.Reader) (*Given, error) {
	columns, err := Declared(q)
	if err != nil {
		return nil, err
	}
	g := &Given{query: q, columns: columns, row: make([]given, len(columns)), maxRows: maxRows}
	fields := make([]pgconn.FieldDescription, len(columns))
	for i, c := range columns {
		_, set, err := typeOf(q.Outside.Columns[i].Type)
		if err != nil {
			return nil, mistakeIn(q, "column %q: %v", c.Name, err)
		}
		oid, encode, known := wireOf(c.Type)
		if !known {
			return nil, mistakeIn(q, "column %q: rows from outside cannot have the type %s", c.Name, q.Outside.Columns[i].Type)
		}
		g.set, g.encode = append(g.set, set), append(g.encode, encode)
		fields[i] = pgconn.FieldDescription{Name: c.Name, DataTypeOID: oid}
	}
	g.digest = newDigest(fields, nil)
	g.decoder, err = newDecoder(q, format, r)
	return g, err
}

// Columns are the columns that the definition declares.
func (g *Given) Columns() []column.Column { return g.columns }

// Next fills the batch with the next rows; see column.Reader. An error names row and column, and never a value.
func (g *Given) Next(b *column.Batch) error {
	b.Reset(g.columns)
	size := 0
	for g.err == nil && !b.Full() && size < batchBytes {
		if g.err = g.decoder.next(g.row); g.err != nil {
			break
		}
		if g.digest.rows == g.maxRows {
			g.err = mistakeIn(g.query, "there are more than %d rows; max_rows says how many there may be, up to MONTHEND_SOURCE_MAX_ROWS", g.maxRows)
			break
		}
		if g.err = g.setRow(b); g.err != nil {
			break
		}
		size += len(g.wire)
		g.digest.add(g.wire)
		b.Add()
	}
	if g.err != nil && g.err != io.EOF {
		b.Reset(g.columns)
		return g.err
	}
	if b.Len() > 0 {
		return nil
	}
	return g.err
}

// setRow sets a row of the batch, and g.wire as PostgreSQL would have sent it.
func (g *Given) setRow(b *column.Batch) error {
	at := b.Len()
	g.wire = g.wire[:0]
	for i, value := range g.row {
		v := &b.Vectors[i]
		if value.null {
			v.SetNull(at)
			g.wire = appendLength(g.wire, isNull)
			continue
		}
		if err := g.set[i](v, at, value.text); err != nil {
			return mistakeIn(g.query, "row %d, column %q: %v", g.digest.rows+1, g.columns[i].Name, err)
		}
		from := len(g.wire)
		g.wire = g.encode[i](appendLength(g.wire, 0), v, at)
		appendLength(g.wire[:from], uint32(len(g.wire)-from-4))
	}
	return nil
}

// Rows is how many rows were handed out so far.
func (g *Given) Rows() int64 { return g.digest.rows }

// Digest is, after io.EOF, the order-free digest of all rows.
func (g *Given) Digest() [16]byte { return g.digest.sum() }

// Close gives the file up.
func (g *Given) Close() {
	if g.err == nil {
		g.err = errClosed
	}
	if g.file != nil {
		g.file.Close() // it was only read
		g.file = nil
	}
}

// inRow is a mistake of a row as a whole, counted from 1.
func inRow(q report.Extract, row int64, format string, args ...any) error {
	return mistakeIn(q, "row %d: %s", row, fmt.Sprintf(format, args...))
}
