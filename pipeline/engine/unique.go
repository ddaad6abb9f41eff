//go:build cgo

package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/monthend/monthend/report"
)

// uniqueScan keeps every row of a group that has more than one, or all but the first. NULLs count as equal: two rows without a
// number are two rows that cannot be told apart, one is not.
func (w *Workspace) uniqueScan(ctx context.Context, r report.Rule) (string, error) {
	if err := w.haveColumns(r.On, r.Unique...); err != nil {
		return "", err
	}
	if len(r.Unique) == 1 && !r.KeepFirst {
		sorts, err := w.sortsFast(ctx, r.On, r.Unique[0])
		if err != nil {
			return "", err
		}
		if sorts {
			return neighbourScan(r.On, w.source(r.On), r.Unique[0]), nil
		}
	}
	same := make([]string, len(r.Unique))
	for i, c := range r.Unique {
		same[i] = fmt.Sprintf("%s.%s IS NOT DISTINCT FROM %s.%s", name(r.On), name(c), other, name(c))
	}
	rows := fmt.Sprintf("%s SEMI JOIN (SELECT %s FROM %s GROUP BY ALL HAVING count(*) > 1) AS %s ON %s",
		w.source(r.On), names(r.Unique), w.source(r.On), other, strings.Join(same, " AND "))
	if !r.KeepFirst {
		return fmt.Sprintf("SELECT %s.rowid FROM %s", name(r.On), rows), nil
	}
	order, err := w.orderTerms(r)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("SELECT id FROM (SELECT %s.rowid AS id, row_number() OVER (PARTITION BY %s ORDER BY %s) AS place FROM %s) WHERE place > 1",
		name(r.On), names(r.Unique), order, rows), nil
}

// neighbourScan sorts and compares each value with those beside it. Numbers mostly come nearly in order, and then that takes
// half as long as counting them in a hash table, in less memory; in any order it takes no longer.
func neighbourScan(table, source, column string) string {
	c := name(column)
	return fmt.Sprintf(`SELECT id FROM (
	SELECT %[1]s.rowid AS id, %[2]s AS value, lag(%[2]s) OVER sorted AS before, lead(%[2]s) OVER sorted AS after
	FROM %[3]s WHERE %[2]s IS NOT NULL WINDOW sorted AS (ORDER BY %[2]s)
) WHERE value = before OR value = after
UNION ALL
SELECT %[1]s.rowid FROM %[3]s WHERE %[2]s IS NULL AND (SELECT count(*) FROM %[3]s WHERE %[2]s IS NULL) > 1`,
		name(table), name(table)+"."+c, source)
}

// sortsFast reports whether the values of a column are of one width: texts are compared faster by their hashes.
func (w *Workspace) sortsFast(ctx context.Context, table, column string) (bool, error) {
	columns, err := w.tableColumns(ctx, table+extractedSuffix)
	if err != nil {
		return false, err
	}
	for _, c := range columns {
		if strings.EqualFold(c.name, column) {
			return fixedWidth(c.ddl), nil
		}
	}
	return false, nil
}

func fixedWidth(ddl string) bool {
	kind, _, _ := strings.Cut(ddl, "(")
	switch kind {
	case "BIGINT", "INTEGER", "SMALLINT", "DECIMAL", "DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "UUID":
		return !strings.HasSuffix(ddl, "[]")
	}
	return false
}

// orderTerms is the rule's order and then every column: rows that tie in the former are told apart by the latter, so the
// same row is kept each time.
func (w *Workspace) orderTerms(r report.Rule) (string, error) {
	if len(r.Order) == 0 {
		return "", errors.New("keep: first needs an order")
	}
	var terms []string
	for _, term := range r.Order {
		column, direction := term, ""
		if before, after, found := strings.Cut(term, " "); found {
			column, direction = before, strings.ToUpper(strings.TrimSpace(after))
		}
		if direction != "" && direction != "ASC" && direction != "DESC" {
			return "", fmt.Errorf("order %q is not a column, or a column and asc or desc", term)
		}
		if err := w.haveColumns(r.On, column); err != nil {
			return "", err
		}
		terms = append(terms, strings.TrimSpace(name(column)+" "+direction)+" NULLS LAST")
	}
	for _, column := range w.extracts[r.On].columns {
		terms = append(terms, name(column)+" NULLS LAST")
	}
	return strings.Join(terms, ", "), nil
}
