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
	rows, coded, err := w.store(ctx, table, r)
	if err != nil {
		return fail(err)
	}
	w.extracts[table] = extract{columns: columns, rows: rows, coded: coded}
	return rows, nil
}

// pour has the engine take all that a scan reads, by the statement that into begins with: it is asked once the scan knows its
// columns. When it returns, nothing reads any more. It answers with how many rows were read so far.
func (w *Workspace) pour(ctx context.Context, s *scan, into func() string) (rows int64, err error) {
	ctx, cancel := context.WithCancel(ctx)
	s.ended = ctx.Done()
	var reading sync.WaitGroup
	reading.Go(func() { s.run(ctx) })
	defer func() {
		cancel()
		reading.Wait()
		s.release()
	}()
	<-s.decided
	w.database.loads++
	function := fmt.Sprintf("monthend_scan_%d", w.database.loads)
	if err := s.register(w.conn, function); err != nil {
		return 0, err
	}
	_, err = w.exec(ctx, into()+" SELECT * FROM "+function+"()")
	if broken := s.failure(); broken != nil && ctx.Err() == nil {
		err = broken
	}
	if err = cmp.Or(err, context.Cause(ctx)); err != nil {
		return 0, err
	}
	reading.Wait()
	if s.left != nil {
		return s.left.first - 1, nil
	}
	return s.read, nil
}

// holds proves that a table has the rows that were read: DuckDB has swallowed some before where a function's name was used twice.
func (w *Workspace) holds(ctx context.Context, table string, read int64) error {
	var rows int64
	if err := w.conn.QueryRowContext(ctx, "SELECT count(*) FROM "+table).Scan(&rows); err != nil {
		return redact(ctx, err)
	}
	if rows != read {
		return fmt.Errorf("the engine holds %d rows of %d", rows, read)
	}
	return nil
}

// execAll runs statements one after the other, to the first error.
func (w *Workspace) execAll(ctx context.Context, statements ...string) error {
	for _, s := range statements {
		if _, err := w.exec(ctx, s); err != nil {
			return err
		}
	}
	return nil
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
