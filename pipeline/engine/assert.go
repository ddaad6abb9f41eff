//go:build cgo

package engine

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/shopspring/decimal"

	"github.com/monthend/monthend/report"
)

// assert runs a control total: one row of two exact numbers, expected and actual.
func (w *Workspace) assert(ctx context.Context, r report.Rule) (report.RuleResult, error) {
	result := report.RuleResult{Rule: r.Name, Severity: r.Severity, Tolerance: r.Tolerance}
	if result.Tolerance == "" {
		result.Tolerance = "0"
	}
	tolerance, err := decimal.NewFromString(result.Tolerance)
	if err != nil || tolerance.IsNegative() {
		return result, fmt.Errorf("tolerance %q is not a decimal of 0 or more", r.Tolerance)
	}
	s, err := w.parse(ctx, r.AssertPath, r.Assert)
	if err != nil {
		return result, err
	}
	expected, actual, err := w.twoNumbers(ctx, s)
	if err != nil {
		return result, locate(r.AssertPath, r.Assert, err)
	}
	result.Expected, result.Actual = "NULL", "NULL"
	var e, a decimal.Decimal
	if expected.Valid {
		if e, err = decimal.NewFromString(expected.String); err != nil {
			return result, fmt.Errorf("expected: %w", err)
		}
		result.Expected = e.StringFixed(-e.Exponent())
	}
	if actual.Valid {
		if a, err = decimal.NewFromString(actual.String); err != nil {
			return result, fmt.Errorf("actual: %w", err)
		}
		result.Actual = a.StringFixed(-a.Exponent())
	}
	if !expected.Valid || !actual.Valid || e.Sub(a).Abs().GreaterThan(tolerance) {
		result.Broken = 1
	}
	return result, nil
}

// twoNumbers reads the row as decimal text.
func (w *Workspace) twoNumbers(ctx context.Context, s *statement) (expected, actual sql.NullString, err error) {
	columns, err := w.describe(ctx, s)
	if err != nil {
		return expected, actual, err
	}
	if len(columns) != 2 {
		return expected, actual, fmt.Errorf("%d columns are returned; an assert returns expected and actual", len(columns))
	}
	for _, c := range columns {
		if c.kind != report.Decimal && c.kind != report.Integer {
			return expected, actual, fmt.Errorf("column %q is %s; an assert compares decimals or integers", c.name, c.ddl)
		}
	}
	query, err := w.text(ctx, s)
	if err != nil {
		return expected, actual, err
	}
	rows, err := w.conn.QueryContext(ctx, "SELECT CAST(a AS VARCHAR), CAST(b AS VARCHAR) FROM ("+query+") AS numbers(a, b) LIMIT 2")
	if err != nil {
		return expected, actual, redact(ctx, err)
	}
	defer rows.Close()
	count := 0
	for rows.Next() {
		count++
		if err := rows.Scan(&expected, &actual); err != nil {
			return expected, actual, redact(ctx, err)
		}
	}
	if err := rows.Err(); err != nil {
		return expected, actual, redact(ctx, err)
	}
	if count != 1 {
		return expected, actual, fmt.Errorf("%s returned; an assert returns exactly one row", [...]string{"no row is", "", "more than one row is"}[count])
	}
	return expected, actual, nil
}
