//go:build cgo

package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/monthend/monthend/report"
)

// pageRows is how many rows of a table are held at a time: one row group of the engine, which it finds by row id without
// reading those before it.
const pageRows = 122_880

// cleanUp bounds what is tidied up after a context has ended.
const cleanUp = 10 * time.Second

// Columns are the columns of a table that Rows reads, in its order, or only those named, in theirs. One of a type that no report
// can hold is an error that names the cast.
func (w *Workspace) Columns(ctx context.Context, table string, only ...string) ([]report.Column, error) {
	columns, _, err := w.readable(ctx, table, only)
	if err != nil {
		return nil, fmt.Errorf("columns of %q: %w", table, blame(ctx, err))
	}
	return drawn(columns), nil
}

// Rows hands every row of a table to fn, one after the other: of a computed dataset in its own order, of the valid rows t of
// an extract and of its t_quarantine ordered by the extract's key and then by every column, as an export of them is. The
// values are those of a report.Dataset. The slice is filled anew for each row; fn copies what it keeps. An error of fn ends
// the reading and is in the chain of the error returned. With names of columns it hands over those only, in the order of the
// names; the rows keep theirs.
//
// Memory does not grow with the table: what is not in order yet is sorted within the engine's limits, and read by pages.
func (w *Workspace) Rows(ctx context.Context, table string, fn func(row []any) error, only ...string) error {
	if err := w.eachRow(ctx, table, only, fn); err != nil {
		return fmt.Errorf("rows of %q: %w", table, err)
	}
	return nil
}

func (w *Workspace) eachRow(ctx context.Context, table string, only []string, fn func(row []any) error) (err error) {
	columns, order, err := w.readable(ctx, table, only)
	if err != nil {
		return blame(ctx, err)
	}
	sorted := name(datasetSchema) + "." + name(table)
	if order != nil {
		sorted = name(ruleSchema) + "." + name(table+" sorted")
		statement := fmt.Sprintf("CREATE TABLE %s AS SELECT %s FROM %s ORDER BY %s", sorted, storedList(columns), name(table), strings.Join(order, ", "))
		if _, err := w.exec(ctx, statement); err != nil {
			return blame(ctx, hintWide(err, columns))
		}
		defer func() {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUp)
			defer cancel()
			_, dropped := w.exec(ctx, "DROP TABLE "+sorted)
			err = errors.Join(err, dropped)
		}()
	}
	for first := int64(0); ; first += pageRows {
		count, err := w.page(ctx, sorted, columns, first, fn)
		if err != nil || count < pageRows {
			return err
		}
	}
}

// page reads the rows of a kept table from the row id first on. Nothing was ever deleted from it, so its ids have no gaps.
func (w *Workspace) page(ctx context.Context, table string, columns []outline, first int64, fn func(row []any) error) (count int, err error) {
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = c.name
	}
	query := fmt.Sprintf("SELECT %s FROM %s WHERE rowid >= %d AND rowid < %d ORDER BY rowid", names(list), table, first, first+pageRows)
	rows, err := w.conn.QueryContext(ctx, query)
	if err != nil {
		return 0, redact(ctx, err)
	}
	defer rows.Close()
	row, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range row {
		into[i] = &row[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return count, redact(ctx, err)
		}
		for i, c := range columns {
			if row[i], err = c.value(row[i], w.location); err != nil {
				return count, fmt.Errorf("row %d: column %q: %w", first+int64(count)+1, c.name, err)
			}
		}
		if err := fn(row); err != nil {
			return count, err
		}
		count++
	}
	return count, redactRows(ctx, rows.Err())
}

// readable finds a table by its name, an extract's before a dataset's, with its columns and the terms that order it; a
// dataset is in order already and has none.
func (w *Workspace) readable(ctx context.Context, table string, only []string) (columns []outline, order []string, err error) {
	extracted, found := w.extracts[strings.TrimSuffix(table, quarantineSuffix)]
	if columns, computed := w.datasets[table]; computed && !found {
		columns, err = chosen(columns, only, func(c outline) string { return c.name })
		return columns, nil, err
	}
	if !found || !w.checked {
		return nil, nil, errors.New("it is neither validated nor computed")
	}
	list, err := w.tableColumns(ctx, table)
	if err != nil {
		return nil, nil, err
	}
	picked, err := chosen(list, only, func(c exported) string { return c.name })
	if err != nil {
		return nil, nil, err
	}
	for _, c := range picked {
		o, err := newOutline(c.name, c.ddl)
		if err != nil {
			return nil, nil, err
		}
		columns = append(columns, o)
	}
	return columns, rowOrder(extracted.key, list), nil
}

// chosen are the columns named, or all of them where none is; the engine compares names without case.
func chosen[C any](columns []C, only []string, name func(C) string) ([]C, error) {
	if len(only) == 0 {
		return columns, nil
	}
	picked := make([]C, len(only))
	for i, want := range only {
		at := slices.IndexFunc(columns, func(c C) bool { return strings.EqualFold(name(c), want) })
		if at < 0 {
			return nil, fmt.Errorf("it has no column %q", want)
		}
		picked[i] = columns[at]
	}
	return picked, nil
}

// drawn are the columns as a report knows them.
func drawn(columns []outline) []report.Column {
	list := make([]report.Column, len(columns))
	for i, c := range columns {
		list[i] = report.Column{Name: c.name, Kind: c.kind, Scale: c.scale}
	}
	return list
}
