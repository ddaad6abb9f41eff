//go:build cgo

package engine

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/monthend/monthend/pipeline/column"
)

// UnpackLimit bounds what Unpack writes: a Parquet file of a few bytes can hold any number of rows.
type UnpackLimit struct{ Rows, Bytes int64 }

// Unpack writes the columns of somebody else's Parquet file, below the spool, as CSV in the order of the rows, into the new file to,
// and takes the Parquet file away. NULL is an empty value, and every other one stands in quotes. A column that is not there, or
// cannot become what it is declared as without loss, is a mistake.
func (w *Workspace) Unpack(ctx context.Context, path string, columns []column.Column, to string, limit UnpackLimit) (err error) {
	defer w.note(&err)
	if err = w.unpack(ctx, path, columns, to, limit); err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	return nil
}

func (w *Workspace) unpack(ctx context.Context, path string, columns []column.Column, to string, limit UnpackLimit) error {
	path, err := w.inSpool(path)
	if err != nil {
		return err
	}
	if to, err = w.inSpool(to); err != nil {
		return err
	}
	// The database may read nowhere but in its own folder, which need not be the spool.
	part := filepath.Join(w.database.folder, "unpack.part")
	if err := os.Rename(path, part); err != nil {
		return err
	}
	from := "read_parquet(" + text(part) + ", file_row_number = true)"
	return errors.Join(w.unpackFrom(ctx, from, columns, to, limit), remove(part))
}

func (w *Workspace) unpackFrom(ctx context.Context, from string, columns []column.Column, to string, limit UnpackLimit) error {
	// The number of rows stands in the file's own summary: what is too much is not unpacked at all.
	var rows int64
	if err := w.conn.QueryRowContext(ctx, "SELECT count(*) FROM "+from).Scan(&rows); err != nil {
		return unreadable(ctx, err)
	}
	if rows > limit.Rows {
		return &mistake{fmt.Errorf("there are more than %d rows; max_rows says how many there may be, up to MONTHEND_SOURCE_MAX_ROWS", limit.Rows)}
	}
	there, err := w.describeTable(ctx, "SELECT * FROM "+from)
	if err != nil {
		return unreadable(ctx, err)
	}
	list := make([]string, len(columns))
	for i, c := range columns {
		at := slices.IndexFunc(there, func(e exported) bool { return e.name == c.Name })
		if at < 0 {
			return &mistake{fmt.Errorf("column %q is not in the file", c.Name)}
		}
		if list[i], err = unpacked(there[at], c); err != nil {
			return &mistake{err}
		}
	}
	answer, err := w.conn.QueryContext(ctx, "SELECT "+strings.Join(list, ", ")+" FROM "+from+" ORDER BY file_row_number")
	if err != nil {
		return unreadable(ctx, err)
	}
	defer answer.Close()
	file, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	out := &unpackWriter{w: bufio.NewWriter(file), left: limit.Bytes}
	err = out.rows(answer, columns)
	if err == nil && answer.Err() != nil {
		err = unreadable(ctx, answer.Err())
	}
	return errors.Join(err, out.w.Flush(), file.Close())
}

// unreadable is a file that is no Parquet, or a broken one. The engine's words may quote it.
func unreadable(ctx context.Context, err error) error {
	var e *Error
	if err = redact(ctx, err); ctx.Err() != nil || errors.As(err, &e) && e.kind == duckdb.ErrorTypeOutOfMemory {
		return err
	}
	return &mistake{errors.New("the file is not Parquet, or is damaged")}
}

// unpacked is the expression of a column as text, exactly; see column types in which it may be declared.
func unpacked(e exported, c column.Column) (string, error) {
	value := "CAST(" + name(e.name) + " AS VARCHAR)"
	kinds := []column.Kind{}
	switch ddl, _, _ := strings.Cut(e.ddl, "("); ddl {
	case "VARCHAR", "UUID":
		kinds = append(kinds, c.Type.Kind) // the text must be one of the type, or is refused by its row
	case "BOOLEAN":
		kinds = append(kinds, column.Bool)
	case "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "HUGEINT", "UHUGEINT":
		kinds = append(kinds, column.Int16, column.Int32, column.Int64, column.Decimal)
	case "DECIMAL":
		kinds = append(kinds, column.Decimal)
		value = `regexp_replace(` + value + `, '^(-?)\.', '\10.')` // the engine leaves out a zero before the point
	case "DATE":
		kinds = append(kinds, column.Date)
	case "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS":
		kinds = append(kinds, column.Timestamp)
	case "TIMESTAMP WITH TIME ZONE":
		kinds = append(kinds, column.TimestampTZ)
	case "FLOAT", "DOUBLE":
		return "", fmt.Errorf("column %q is %s in the file, which is not exact", c.Name, e.ddl)
	}
	if !slices.Contains(kinds, c.Type.Kind) {
		return "", fmt.Errorf("column %q is %.60s in the file, and declared as %s", c.Name, e.ddl, c.Type.Kind)
	}
	return value, nil
}

// unpackWriter writes CSV up to a number of bytes.
type unpackWriter struct {
	w    *bufio.Writer
	left int64
}

func (u *unpackWriter) rows(answer *sql.Rows, columns []column.Column) error {
	values := make([]sql.NullString, len(columns))
	into := make([]any, len(columns))
	for i, c := range columns {
		values[i] = sql.NullString{String: c.Name, Valid: true}
		into[i] = &values[i]
	}
	for {
		for i, v := range values {
			if i > 0 {
				u.w.WriteByte(',')
			}
			if v.Valid {
				u.left -= int64(len(v.String)) + 3
				u.w.WriteString(`"` + strings.ReplaceAll(v.String, `"`, `""`) + `"`)
			}
			u.left--
		}
		if u.left < 0 {
			return &mistake{errors.New("it holds more than max_mb allows, unpacked")}
		}
		if err := u.w.WriteByte('\n'); err != nil {
			return err
		}
		if !answer.Next() {
			return nil
		}
		if err := answer.Scan(into...); err != nil {
			return err
		}
	}
}
