//go:build cgo

package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/monthend/monthend/report"
)

// MaxRows is how many rows a dataset may have: it is drawn, so it must fit memory and paper.
const MaxRows = 100_000

// datasetSchema keeps computed datasets apart from the extracts: no SQL of a definition can read them.
const datasetSchema = "dataset"

// Dataset computes one dataset and keeps it, in its order, for Export. The query must be one SELECT with an outermost
// ORDER BY; rows that tie in it are ordered by all columns. A FLOAT or DOUBLE column is an error, since no amount may be
// one; so is any column that cannot be drawn. A sum of integers is 128 bits wide in the engine and 64 in the answer: a
// larger one is an error. Other months' datasets that were loaded are read as previous.name and year_ago.name; this month's must be
// computed before.
func (w *Workspace) Dataset(ctx context.Context, q report.DatasetQuery) (d report.Dataset, err error) {
	defer w.note(&err)
	d, err = w.dataset(ctx, q)
	if err != nil {
		return report.Dataset{}, fmt.Errorf("dataset %q: %w", q.Name, blame(ctx, err))
	}
	return d, nil
}

func (w *Workspace) dataset(ctx context.Context, q report.DatasetQuery) (report.Dataset, error) {
	var none report.Dataset
	if _, computed := w.datasets[q.Name]; computed || q.Name == "" {
		return none, errors.New("the name is empty or computed already")
	}
	sql, columns, err := w.compile(ctx, q)
	if err != nil {
		return none, err
	}
	table := name(datasetSchema) + "." + name(q.Name)
	create := "CREATE TABLE " + table + " AS SELECT " + storedList(columns) + " FROM (" + sql + ")"
	if _, err := w.exec(ctx, create); err != nil {
		return none, locate(q.Path, q.SQL, hintWide(err, columns))
	}
	rows, err := w.rows(ctx, table, columns)
	if err != nil {
		return none, err
	}
	w.datasets[q.Name] = columns
	d := report.Dataset{Name: q.Name, Rows: rows}
	for _, c := range columns {
		d.Columns = append(d.Columns, report.Column{Name: c.name, Kind: c.kind, Scale: c.scale})
	}
	return d, nil
}

// compile gives the query as it is run, with an order of all its rows, and its columns.
func (w *Workspace) compile(ctx context.Context, q report.DatasetQuery) (sql string, columns []outline, err error) {
	s, err := w.parse(ctx, q.Path, q.SQL, months...)
	if err != nil {
		return "", nil, err
	}
	if _, terms := s.orders(); len(terms) == 0 {
		return "", nil, locate(q.Path, q.SQL, errors.New("the query has no ORDER BY, so its rows have no order; add one at its end"))
	}
	if err := w.bindComparatives(ctx, s); err != nil {
		return "", nil, locate(q.Path, q.SQL, err)
	}
	if columns, err = w.describe(ctx, s); err != nil {
		return "", nil, locate(q.Path, q.SQL, w.explainLookbacks(s, err))
	}
	if err := distinctNames(columns); err != nil {
		return "", nil, locate(q.Path, q.SQL, err)
	}
	if !orderedByAll(s) {
		s.orderByAll(len(columns))
	}
	if sql, err = w.stable(ctx, s); err != nil {
		return "", nil, locate(q.Path, q.SQL, err)
	}
	if quick, ok, err := w.quickDays(ctx, s, columns); err != nil {
		return "", nil, locate(q.Path, q.SQL, err)
	} else if ok {
		sql = quick
	}
	return sql, columns, nil
}

// describe binds the query without running it.
func (w *Workspace) describe(ctx context.Context, s *statement) ([]outline, error) {
	sql, err := w.text(ctx, s)
	if err != nil {
		return nil, err
	}
	rows, err := w.conn.QueryContext(ctx, "SELECT column_name, column_type FROM (DESCRIBE "+sql+")")
	if err != nil {
		return nil, redact(ctx, err)
	}
	defer rows.Close()
	var columns []outline
	for rows.Next() {
		var column, ddl string
		if err := rows.Scan(&column, &ddl); err != nil {
			return nil, redact(ctx, err)
		}
		c, err := newOutline(column, ddl)
		if err != nil {
			return nil, err
		}
		columns = append(columns, c)
	}
	return columns, redactRows(ctx, rows.Err())
}

// distinctNames refuses names that a table or a file cannot hold; the engine compares them without case.
func distinctNames(columns []outline) error {
	seen := map[string]bool{}
	for _, c := range columns {
		lower := strings.ToLower(c.name)
		if seen[lower] || lower == "" || lower == "rowid" {
			return fmt.Errorf("column %q occurs twice or has no usable name; rename it with AS", c.name)
		}
		seen[lower] = true
	}
	return nil
}

// orderedByAll recognises ORDER BY ALL, beside which no other term may stand.
func orderedByAll(s *statement) bool {
	_, terms := s.orders()
	term, _ := terms[0].(map[string]any)
	expression, _ := term["expression"].(map[string]any)
	return expression["class"] == "STAR"
}

func hintWide(err error, columns []outline) error {
	var e *Error
	if !errors.As(err, &e) || (e.kind != duckdb.ErrorTypeConversion && e.kind != duckdb.ErrorTypeOutOfRange) {
		return err
	}
	for _, c := range columns {
		if c.wide {
			return fmt.Errorf("%w; if column %q is beyond 64 bits, cast it to DECIMAL(38,0)", err, c.name)
		}
	}
	return err
}

// rows reads a kept dataset in its order.
func (w *Workspace) rows(ctx context.Context, table string, columns []outline) ([][]any, error) {
	var count int64
	if err := w.conn.QueryRowContext(ctx, "SELECT count(*) FROM "+table).Scan(&count); err != nil {
		return nil, redact(ctx, err)
	}
	if count > MaxRows {
		return nil, fmt.Errorf("%d rows are more than the %d that can be drawn; aggregate them or add a LIMIT", count, MaxRows)
	}
	rows, err := w.conn.QueryContext(ctx, "SELECT * FROM "+table+" ORDER BY rowid")
	if err != nil {
		return nil, redact(ctx, err)
	}
	defer rows.Close()
	list := make([][]any, 0, count)
	for rows.Next() {
		row := make([]any, len(columns))
		into := make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, redact(ctx, err)
		}
		for i, c := range columns {
			if row[i], err = c.value(row[i], w.location); err != nil {
				return nil, fmt.Errorf("row %d: column %q: %w", len(list)+1, c.name, err)
			}
		}
		list = append(list, row)
	}
	return list, redactRows(ctx, rows.Err())
}
