package source

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/monthend/monthend/pipeline/column"
)

// Rows is the answer of one extract query, a column.Reader. It lives within the context its query was started with.
type Rows struct {
	*statement
	ended       func() error // the cause of the query's context, which the rows go on in
	cancel      context.CancelCauseFunc
	answer      *pgconn.ResultReader
	wire        *wire // below answer
	transaction *pgconn.PgConn
	told        *told

	digest *digest
	err    error // io.EOF at the end
	closed bool
}

// errCutRow is a row that does not hold what its answer was described with.
var errCutRow = &Error{transient: true, Message: "a row came damaged"}

var errClosed = errors.New("the rows were closed before their end")

// batchBytes is the size on the wire at which a batch ends before it has all its rows, so that long texts do not pile up.
const batchBytes = 4 << 20

// Columns are the columns of the answer.
func (r *Rows) Columns() []column.Column { return r.columns }

// Next fills the batch with the next rows; see column.Reader.
func (r *Rows) Next(b *column.Batch) error {
	b.Reset(r.columns)
	size := 0
	for r.err == nil && !b.Full() && size < batchBytes {
		row, ok := r.wire.row()
		if !ok {
			// A notice may come in between, and the driver hands out the row behind it.
			if !r.answer.NextRow() {
				r.finish()
				break
			}
			row = r.digest.join(r.answer.Values())
		}
		if err := r.decode(row, b); err != nil {
			r.wire.release()
			r.fail(err)
			return r.err
		}
		size += len(row)
		if r.digest.rows == 0 {
			r.told.first()
		}
		r.digest.add(row)
		b.Add()
	}
	r.wire.release()
	if b.Len() > 0 && (r.err == nil || r.err == io.EOF) {
		return nil
	}
	return r.err
}

// decode sets a row of the batch from its values as they are on the wire, each behind its length.
func (r *Rows) decode(row []byte, b *column.Batch) error {
	at := b.Len()
	for i, decode := range r.decoders {
		if len(row) < 4 {
			return errCutRow
		}
		length := binary.BigEndian.Uint32(row)
		row = row[4:]
		if length == isNull {
			b.Vectors[i].SetNull(at)
			continue
		}
		if uint64(length) > uint64(len(row)) {
			return errCutRow
		}
		if err := decode(row[:length:length], &b.Vectors[i], at); err != nil {
			return r.refuse(i, err)
		}
		row = row[length:]
	}
	if len(row) > 0 {
		return errCutRow
	}
	return nil
}

// refuse says which value cannot be taken, and never what it is.
func (r *Rows) refuse(i int, err error) error {
	column := r.columns[i].Name
	var dimensions errDimensions
	if errors.As(err, &dimensions) {
		err = fmt.Errorf("%w, and a list has one; cast it, as in array_to_json(%s)::text", err, column)
	}
	return mistakeIn(r.query, "column %q, row %d: %v", column, r.digest.rows+1, err)
}

// finish takes the answer's end: all rows that the server says it sent, or its error.
func (r *Rows) finish() {
	tag, err := r.answer.Close()
	if err != nil {
		r.fail(explain(r.ended(), err, &r.bound))
		return
	}
	if sent := tag.RowsAffected(); sent != r.digest.rows {
		r.fail(&Error{transient: true, Message: fmt.Sprintf("the server sent %d rows and %d arrived", sent, r.digest.rows)})
		return
	}
	// COMMIT inside a function or a text with several statements would have ended the snapshot.
	if r.transaction.TxStatus() != 'T' {
		r.fail(mistake("the query ended the snapshot's transaction"))
		return
	}
	r.fail(io.EOF)
}

func (r *Rows) fail(err error) {
	r.err = err
	r.Close()
}

// Rows is how many rows were handed out so far.
func (r *Rows) Rows() int64 { return r.digest.rows }

// Digest is, after io.EOF, the order-free digest of all rows: equal for equal rows in any order, with equal column names and
// types.
func (r *Rows) Digest() [16]byte { return r.digest.sum() }

// Close gives up the rest of the rows. After their end, and a second time, it does nothing. Rows that are closed before their
// end take the connection, and with it the snapshot, with them.
func (r *Rows) Close() {
	if r.closed {
		return
	}
	r.closed = true
	if r.err == nil {
		r.err = errClosed
	}
	if r.err != io.EOF {
		r.cancel(errClosed)
	}
	tag, err := r.answer.Close()
	if r.err != io.EOF {
		err = r.err
	}
	r.told.end(tag, err)
	r.cancel(nil)
}
