//go:build cgo

package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/monthend/monthend/report"
)

// readTable is where Read has a dataset while it reads it.
const readTable = `" read"` // no dataset has such a name

// Read reads a dataset from a Parquet file that Export has written, below the spool, and takes the file away. Nothing of it
// stays in the workspace.
func (w *Workspace) Read(ctx context.Context, dataset, path string) (d report.Dataset, err error) {
	defer w.note(&err)
	if d, err = w.read(ctx, dataset, path); err != nil {
		return report.Dataset{}, fmt.Errorf("read dataset %q: %w", dataset, err)
	}
	return d, nil
}

func (w *Workspace) read(ctx context.Context, dataset, path string) (report.Dataset, error) {
	d := report.Dataset{Name: dataset}
	table := name(datasetSchema) + "." + readTable
	err := w.importing(path, func(query string) error {
		_, err := w.exec(ctx, "CREATE TABLE "+table+" AS "+query)
		return err
	})
	if err != nil {
		return d, err
	}
	columns, err := w.outlinesOf(ctx, table)
	if err != nil {
		return d, err
	}
	d.Columns = drawn(columns)
	if d.Rows, err = w.rows(ctx, table, columns); err != nil {
		return d, err
	}
	_, err = w.exec(ctx, "DROP TABLE "+table)
	return d, err
}

// importing lets fn read a Parquet file below the spool, by a query that gives its rows in their order, and takes the file away.
func (w *Workspace) importing(path string, fn func(query string) error) error {
	path, err := w.inSpool(path)
	if err != nil {
		return err
	}
	// The database may read nowhere but in its own folder, which need not be the spool.
	part := filepath.Join(w.database.folder, "import.part")
	if err := os.Rename(path, part); err != nil {
		return err
	}
	// The reader's own row numbers keep the order: the engine does not promise it otherwise.
	err = fn("SELECT * EXCLUDE (file_row_number) FROM read_parquet(" + text(part) + ", file_row_number = true) ORDER BY file_row_number")
	return errors.Join(err, remove(part))
}
