//go:build cgo

package engine

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/monthend/monthend/report"
)

// freshness compares the newest value of a column with the end of the month. An extract without rows passes; one whose rows
// all lack the value does not. Infinite values are no dates and are passed over.
//
// A timestamp without a zone is a wall clock in the workspace's. A date is its whole day where days are counted, and the
// day's first instant where hours are.
func (w *Workspace) freshness(ctx context.Context, r report.Rule) (report.RuleResult, error) {
	result := report.RuleResult{Rule: r.Name, On: r.On, Severity: r.Severity}
	if w.month.Period.IsZero() {
		return result, errNoMonth
	}
	column, err := w.timeColumn(ctx, r.On, r.Freshness.Column)
	if err != nil {
		return result, err
	}
	_, end := w.month.Period.Bounds(w.location)
	day := w.month.Period.Add(1).First().AddDate(0, 0, -r.Freshness.Days)
	instant := end.Add(-time.Duration(r.Freshness.Hours) * time.Hour)
	result.Expected = instant.Format(time.RFC3339) + " or later"
	if r.Freshness.Days > 0 {
		result.Expected = day.Format(time.DateOnly) + " or later"
	}
	if w.extracts[r.On].rows == 0 {
		result.Actual = "no rows"
		return result, nil
	}
	var raw any
	query := fmt.Sprintf("SELECT max(%s) FILTER (WHERE isfinite(%s)) FROM %s", name(column.name), name(column.name), name(r.On+extractedSuffix))
	if err := w.conn.QueryRowContext(ctx, query).Scan(&raw); err != nil {
		return result, redact(ctx, err)
	}
	value, err := column.value(raw, w.location)
	if err != nil {
		return result, fmt.Errorf("column %q: %w", column.name, err)
	}
	newest, found := value.(time.Time)
	if !found {
		result.Actual, result.Broken = "NULL", 1
		return result, nil
	}
	result.Actual = newest.Format(time.RFC3339)
	if column.kind == report.Date {
		result.Actual = newest.Format(time.DateOnly)
	}
	if r.Freshness.Days > 0 {
		newest, instant = dayOf(newest), day
	} else if column.kind == report.Date {
		newest = time.Date(newest.Year(), newest.Month(), newest.Day(), 0, 0, 0, 0, w.location)
	}
	if newest.Before(instant) {
		result.Broken = 1
	}
	return result, nil
}

// dayOf is the date that t falls on where it is, as midnight UTC.
func dayOf(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}

// timeColumn finds a column of dates or timestamps.
func (w *Workspace) timeColumn(ctx context.Context, table, column string) (outline, error) {
	if err := w.haveColumns(table, column); err != nil {
		return outline{}, err
	}
	list, err := w.tableColumns(ctx, table+extractedSuffix)
	if err != nil {
		return outline{}, err
	}
	for _, c := range list {
		if !strings.EqualFold(c.name, column) {
			continue
		}
		o, err := newOutline(c.name, c.ddl)
		if err != nil || (o.kind != report.Date && o.kind != report.Timestamp) {
			return outline{}, fmt.Errorf("column %q is %s, not a date or timestamp; cast it in the extract", c.name, c.ddl)
		}
		return o, nil
	}
	return outline{}, fmt.Errorf("extract %q has no column %q", table, column)
}
