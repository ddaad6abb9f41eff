//go:build cgo

package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/monthend/monthend/report"
)

const (
	firstKeys = 10  // how many offending rows a rule's result names
	longShown = 200 // how many characters of a value are shown
)

// bindShown finds which of the columns that the document shows each extract has. One that none has is a mistake at its place.
func (w *Workspace) bindShown(def report.Definition) (map[string][]string, error) {
	shown := map[string][]string{}
	columns, places := def.Shown()
	for i, column := range columns {
		found := false
		for _, e := range def.Extract {
			if w.haveColumns(e.Name, column) == nil {
				shown[e.Name], found = append(shown[e.Name], column), true
			}
		}
		if !found {
			return nil, fmt.Errorf("%s:%d:%d: quality: no extract has a column %q", report.DefinitionFile, places[i].Line, places[i].Col, column)
		}
	}
	return shown, nil
}

// offending adds to the result of rule i the first rows that broke it: their keys, with the columns joined by "/", and what
// the document shows of them. They are ordered as the key columns order them, then by what is shown: rows that tie in both
// look the same.
func (w *Workspace) offending(ctx context.Context, key, shown []string, i int, result *report.RuleResult) error {
	if result.Broken == 0 || len(key) == 0 {
		return nil
	}
	column := func(c string) string { return name(result.On) + "." + name(c) }
	cell := func(c string) string { return fmt.Sprintf("coalesce(CAST(%s AS VARCHAR), 'NULL')", column(c)) }
	var parts, list, order []string
	for _, c := range key {
		parts = append(parts, cell(c))
	}
	list = append(list, fmt.Sprintf("concat_ws('/', %s)", strings.Join(parts, ", ")))
	for _, c := range shown {
		list = append(list, fmt.Sprintf("left(%s, %d)", cell(c), longShown))
	}
	for _, c := range slices.Concat(key, shown) {
		order = append(order, column(c)+" NULLS LAST")
	}
	query := fmt.Sprintf("SELECT %s FROM %s JOIN %s AS %s ON %s.id = %s.rowid WHERE %s.rule = %d ORDER BY %s LIMIT %d",
		strings.Join(list, ", "), w.source(result.On), brokenTable(result.On), other, other, name(result.On), other, i, strings.Join(order, ", "), firstKeys)
	rows, err := w.conn.QueryContext(ctx, query)
	if err != nil {
		return redact(ctx, err)
	}
	defer rows.Close()
	result.Columns = shown
	for rows.Next() {
		texts, into := make([]string, len(list)), make([]any, len(list))
		for i := range texts {
			into[i] = &texts[i]
		}
		if err := rows.Scan(into...); err != nil {
			return redact(ctx, err)
		}
		result.Keys = append(result.Keys, texts[0])
		if len(shown) > 0 {
			result.Shown = append(result.Shown, texts[1:])
		}
	}
	return redactRows(ctx, rows.Err())
}
