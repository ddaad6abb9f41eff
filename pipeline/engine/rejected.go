//go:build cgo

package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/monthend/monthend/report"
)

// Rejected tells, for each row of an extract that broke a reject rule, its key as text (nil is NULL) and, last, the names of the rules
// it broke, joined by ", ". Rows are ordered by the key, then by the rules.
func (w *Workspace) Rejected(ctx context.Context, e report.Extract) (list [][]*string, err error) {
	defer w.note(&err)
	if _, loaded := w.extracts[e.Name]; !loaded || !w.checked {
		return nil, fmt.Errorf("rejected rows of %q: %w", e.Name, errors.New("it is not validated"))
	}
	var parts, order []string
	for _, c := range e.Key {
		parts = append(parts, "CAST("+name(c)+" AS VARCHAR)")
		order = append(order, name(c)+" NULLS LAST")
	}
	parts, order = append(parts, name(rulesColumn)), append(order, name(rulesColumn))
	rows, err := w.conn.QueryContext(ctx, fmt.Sprintf("SELECT %s FROM %s ORDER BY %s",
		strings.Join(parts, ", "), name(e.Name+quarantineSuffix), strings.Join(order, ", ")))
	if err != nil {
		return nil, fmt.Errorf("rejected rows of %q: %w", e.Name, redact(ctx, err))
	}
	defer rows.Close()
	for rows.Next() {
		row := make([]sql.NullString, len(parts))
		into := make([]any, len(parts))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, fmt.Errorf("rejected rows of %q: %w", e.Name, redact(ctx, err))
		}
		texts := make([]*string, len(parts))
		for i, v := range row {
			if v.Valid {
				texts[i] = &v.String
			}
		}
		list = append(list, texts)
	}
	return list, redactRows(ctx, rows.Err())
}
