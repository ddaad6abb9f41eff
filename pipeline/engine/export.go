//go:build cgo

package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/monthend/monthend/report"
)

// The formats the engine writes itself.
const (
	CSV     = "csv"
	RawCSV  = "csv, raw" // CSV for machines: no text gets an apostrophe
	Parquet = "parquet"
)

// Export writes a computed dataset, in its order, to a new file below the spool and returns how many rows it has. Equal
// datasets give equal bytes.
//
// CSV is that of RFC 4180, in UTF-8, with a header, commas and CRLF; NULL is empty and an empty text is "". Decimals are
// plain digits, dates YYYY-MM-DD, timestamps ISO 8601 with microseconds and, where there is a zone, its offset. A text
// or a head that a spreadsheet would take for a formula, since its first character after any spaces is one of = + - @ (full-width
// ones too), a tab or a line end, gets an apostrophe before it; RawCSV leaves it as it is. Parquet keeps decimals and timestamps
// as such, compressed with zstd.
func (w *Workspace) Export(ctx context.Context, dataset, format, path string) (rows int64, err error) {
	defer w.note(&err)
	columns, computed := w.datasets[dataset]
	if !computed {
		return 0, fmt.Errorf("export dataset %q: it is not computed", dataset)
	}
	list := make([]exported, len(columns))
	for i, c := range columns {
		list[i] = exported{name: c.name, ddl: c.ddl}
	}
	from := name(datasetSchema) + "." + name(dataset) + " ORDER BY rowid"
	if rows, err = w.copyTo(ctx, list, from, format, path); err != nil {
		return 0, fmt.Errorf("export dataset %q as %s: %w", dataset, format, err)
	}
	return rows, nil
}

// ExportQuarantine writes the rows of an extract that broke a reject rule, with all their columns and the rules they broke,
// ordered by the key and then by every column. The form is that of Export.
func (w *Workspace) ExportQuarantine(ctx context.Context, e report.Extract, format, path string) (rows int64, err error) {
	defer w.note(&err)
	fail := func(err error) (int64, error) {
		return 0, fmt.Errorf("export quarantine of %q as %s: %w", e.Name, format, err)
	}
	if _, loaded := w.extracts[e.Name]; !loaded || !w.checked {
		return fail(errors.New("it is not validated"))
	}
	table := e.Name + quarantineSuffix
	list, err := w.tableColumns(ctx, table)
	if err != nil {
		return fail(err)
	}
	from := name(table) + " ORDER BY " + strings.Join(rowOrder(e.Key, list), ", ")
	if rows, err = w.copyTo(ctx, list, from, format, path); err != nil {
		return fail(err)
	}
	return rows, nil
}

// rowOrder is the order of an extract's rows wherever they are written: by its key, then by every column.
func rowOrder(key []string, columns []exported) []string {
	order := make([]string, 0, len(key)+len(columns))
	for _, column := range key {
		order = append(order, name(column))
	}
	for _, c := range columns {
		order = append(order, name(c.name))
	}
	return order
}

// exported is one column of a file.
type exported struct {
	name string
	ddl  string
}

func (w *Workspace) tableColumns(ctx context.Context, table string) ([]exported, error) {
	return w.describeTable(ctx, name(table))
}

// describeTable describes a table given as SQL.
func (w *Workspace) describeTable(ctx context.Context, table string) ([]exported, error) {
	rows, err := w.conn.QueryContext(ctx, "SELECT column_name, column_type FROM (DESCRIBE "+table+")")
	if err != nil {
		return nil, redact(ctx, err)
	}
	defer rows.Close()
	var list []exported
	for rows.Next() {
		var c exported
		if err := rows.Scan(&c.name, &c.ddl); err != nil {
			return nil, redact(ctx, err)
		}
		list = append(list, c)
	}
	return list, redactRows(ctx, rows.Err())
}

// copyTo writes to a name of its own first, so that path is a whole file or none.
func (w *Workspace) copyTo(ctx context.Context, columns []exported, from, format, path string) (rows int64, err error) {
	path, err = w.inSpool(path)
	if err != nil {
		return 0, err
	}
	list := make([]string, len(columns))
	options := "FORMAT parquet, COMPRESSION zstd"
	var z *zone
	if format != Parquet && slices.ContainsFunc(columns, func(c exported) bool { return c.ddl == instantType }) {
		if z, err = w.offsets(ctx); err != nil {
			return 0, err
		}
	}
	for i, c := range columns {
		list[i] = name(c.name)
		if format == CSV {
			list[i] = csvExpression(c, true, z) + " AS " + name(plain(c.name))
		} else if format == RawCSV {
			list[i] = csvExpression(c, false, z) + " AS " + name(c.name)
		} else if elem, found := strings.CutPrefix(c.ddl, "INTERVAL"); found {
			// Parquet's own has milliseconds and no sign.
			list[i] = "CAST(" + list[i] + " AS VARCHAR" + elem + ") AS " + list[i]
		}
	}
	switch format {
	case CSV, RawCSV:
		options = `FORMAT csv, HEADER true, DELIMITER ',', QUOTE '"', ESCAPE '"', NULLSTR '', NEW_LINE '\r\n'`
	case Parquet:
	default:
		return 0, fmt.Errorf("format %q is neither csv nor parquet", format)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return 0, err
	}
	// The database may write nowhere but in its own folder, which need not be the spool.
	part := filepath.Join(w.database.folder, "export.part")
	rows, err = w.exec(ctx, "COPY (SELECT "+strings.Join(list, ", ")+" FROM "+from+") TO "+text(part)+" ("+options+")")
	if err == nil {
		err = os.Rename(part, path)
	}
	if err != nil {
		return 0, errors.Join(err, remove(part))
	}
	return rows, nil
}

func remove(path string) error {
	if err := os.Remove(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// inSpool makes path absolute and refuses one that is not below the spool: DuckDB would too, in its own words.
func (w *Workspace) inSpool(path string) (string, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	relative, err := filepath.Rel(w.spool, absolute)
	if err != nil || !filepath.IsLocal(relative) || relative == "." || strings.HasPrefix(relative, spillFolder+string(filepath.Separator)) {
		return "", fmt.Errorf("%q is not below the spool", path)
	}
	return absolute, nil
}
