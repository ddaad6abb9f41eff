//go:build cgo

package engine

import (
	"context"
	"fmt"
	"io"

	"github.com/monthend/monthend/pipeline/column"
	"github.com/monthend/monthend/report"
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

// ReadComparative keeps rows as another month's dataset, as LoadComparative keeps those of a file.
func (w *Workspace) ReadComparative(ctx context.Context, month, dataset string, r column.Reader) (d report.Dataset, err error) {
	defer w.note(&err)
	fail := func(err error) (report.Dataset, error) {
		return report.Dataset{}, fmt.Errorf("read %s.%s: %w", month, dataset, blame(ctx, err))
	}
	if _, err := checkColumns(r.Columns()); err != nil {
		return fail(err)
	}
	given := comparativeTable(month, dataset+" given")
	if _, err := w.exec(ctx, "CREATE SCHEMA IF NOT EXISTS "+name(comparativeSchema)); err != nil {
		return fail(err)
	}
	alone := *w
	alone.threads = 1 // so that the rows stay in their order
	read, err := alone.pour(ctx, newScan(r, alone.threads, nil), func() string { return "CREATE TABLE " + given + " AS" })
	if err == nil {
		err = w.holds(ctx, given, read)
	}
	if err != nil {
		return fail(err)
	}
	if err := w.keepComparative(ctx, month, "the rows given", dataset, "SELECT * FROM "+given+" ORDER BY rowid"); err != nil {
		return fail(err)
	}
	columns := w.comparatives[month+"."+dataset].columns
	rows, err := w.rows(ctx, comparativeTable(month, dataset), columns)
	if err != nil {
		return fail(err)
	}
	return report.Dataset{Name: dataset, Columns: drawn(columns), Rows: rows}, nil
}
