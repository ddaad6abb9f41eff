//go:build cgo

package engine

import (
	"context"
	"io"

	"github.com/monthend/monthend/pipeline/column"
)

// Declare makes the table name_extracted without rows: enough to bind what reads it.
func (w *Workspace) Declare(ctx context.Context, table string, columns []column.Column) error {
	_, err := w.Load(ctx, table, nothing(columns))
	return err
}

// nothing is a column.Reader without rows.
type nothing []column.Column

// Columns are the columns of the rows that do not come.
func (n nothing) Columns() []column.Column { return n }

// Next is the end.
func (n nothing) Next(b *column.Batch) error {
	b.Reset(n)
	return io.EOF
}
