//go:build cgo

package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/monthend/monthend/pipeline/column"
)

// The tables of an extract t: its rows as they came, those that broke a reject rule, and the valid rest as t itself.
const (
	extractedSuffix  = "_extracted"
	quarantineSuffix = "_quarantine"
)

// rulesColumn is the column that quarantine adds: the reject rules a row broke.
const rulesColumn = "rules"

// Load reads r to its end into the table name_extracted and returns how many rows there are. An error of the reader is in
// the chain of the error returned, and then there is no table. ctx ends the engine's work; that a reader waiting for
// its own source returns too is the business of the context the reader was made with.
func (w *Workspace) Load(ctx context.Context, table string, r column.Reader) (rows int64, err error) {
	defer w.note(&err)
	fail := func(err error) (int64, error) { return 0, fmt.Errorf("load %q: %w", table, err) }
	if err := w.checkName(table); err != nil {
		return fail(&mistake{err})
	}
	columns, err := checkColumns(r.Columns())
	if err != nil {
		return fail(&mistake{err})
	}
	w.database.loads++
	function := fmt.Sprintf("monthend_scan_%d", w.database.loads)
	rows, err = w.scanInto(ctx, name(table+extractedSuffix), function, r)
	if err != nil {
		return fail(err)
	}
	w.extracts[table] = extract{columns: columns, rows: rows}
	return rows, nil
}

// scanInto makes a table of what the reader reads. When it returns, nothing reads any more.
func (w *Workspace) scanInto(ctx context.Context, target, function string, r column.Reader) (rows int64, err error) {
	ctx, cancel := context.WithCancel(ctx)
	s := newScan(ctx, r.Columns(), w.threads)
	var read int64
	var reading sync.WaitGroup
	reading.Go(func() { read, _ = s.read(ctx, r) })
	defer func() {
		cancel()
		reading.Wait()
		s.release()
	}()
	if err := s.register(w.conn, function); err != nil {
		return 0, err
	}
	_, err = w.exec(ctx, "CREATE TABLE "+target+" AS SELECT * FROM "+function+"()")
	if broken := s.failure(); broken != nil && ctx.Err() == nil {
		err = broken
	}
	if err = cmp.Or(err, context.Cause(ctx)); err != nil {
		return 0, err
	}
	reading.Wait()
	if err := w.conn.QueryRowContext(ctx, "SELECT count(*) FROM "+target).Scan(&rows); err != nil {
		return 0, redact(ctx, err)
	}
	// DuckDB has swallowed rows before where a function's name was used twice.
	if rows != read {
		return 0, fmt.Errorf("the engine holds %d rows of %d", rows, read)
	}
	return rows, nil
}

// checkName refuses a table name that would meet one of ours: names are compared without case, and t_quarantine belongs to t.
func (w *Workspace) checkName(table string) error {
	if table == "" {
		return errors.New("the name is empty")
	}
	if w.checked {
		return errors.New("the rows have been validated already")
	}
	if name(table) == other {
		return fmt.Errorf("%s is the engine's own name", table)
	}
	lower := strings.ToLower(table)
	for _, suffix := range []string{extractedSuffix, quarantineSuffix} {
		if strings.HasSuffix(lower, suffix) {
			return fmt.Errorf("a name ending in %s is the engine's own", suffix)
		}
	}
	for other := range w.extracts {
		if strings.ToLower(other) == lower {
			return fmt.Errorf("%q is loaded already", other)
		}
	}
	return nil
}

func checkColumns(columns []column.Column) (list []string, err error) {
	if len(columns) == 0 {
		return nil, errors.New("there are no columns")
	}
	seen := map[string]bool{}
	for i, c := range columns {
		lower := strings.ToLower(c.Name)
		switch {
		case c.Name == "" || strings.ContainsRune(c.Name, 0):
			return nil, fmt.Errorf("column %d has no usable name", i+1)
		case seen[lower]:
			return nil, fmt.Errorf("column %q occurs twice; rename one with AS", c.Name)
		case lower == "rowid":
			return nil, fmt.Errorf("column %q has a name the engine keeps for itself; rename it with AS", c.Name)
		}
		if err := c.Type.Check(); err != nil {
			return nil, fmt.Errorf("column %q: %w", c.Name, err)
		}
		seen[lower] = true
		list = append(list, c.Name)
	}
	return list, nil
}
