//go:build cgo

package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/monthend/monthend/report"
)

// Month is what rules must know of a month that stands in none of its rows.
type Month struct {
	Period   report.Period
	Previous map[string]int64 // rows of the month before, by extract; wanted of those whose row_count names previous
}

// SetMonth says which month the workspace holds. It comes before Validate, which wants it where the definition has a rule on
// freshness or on the previous month's rows.
func (w *Workspace) SetMonth(m Month) { w.month = m }

// wholeRule runs a rule that looks at an extract as a whole. Like an assert it breaks once or not at all.
func (w *Workspace) wholeRule(ctx context.Context, r report.Rule) (report.RuleResult, error) {
	if r.Assert != "" {
		return w.assert(ctx, r)
	}
	if _, loaded := w.extracts[r.On]; !loaded {
		return report.RuleResult{}, fmt.Errorf("there is no extract %q", r.On)
	}
	if r.Freshness != nil {
		return w.freshness(ctx, r)
	}
	return w.rowCount(r)
}

// onRows reports whether a rule looks at each row.
func onRows(r report.Rule) bool { return r.Assert == "" && r.Freshness == nil && r.RowCount == nil }

var errNoMonth = errors.New("the month is not known")
