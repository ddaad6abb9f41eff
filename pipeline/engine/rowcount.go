//go:build cgo

package engine

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/monthend/monthend/report"
)

// rowCount compares how many rows were extracted with each limit that the rule names. A share of no rows is no limit: after a
// month without any, every number passes previous, and only min and max hold.
func (w *Workspace) rowCount(r report.Rule) (report.RuleResult, error) {
	result := report.RuleResult{Rule: r.Name, On: r.On, Severity: r.Severity}
	rows := w.extracts[r.On].rows
	result.Actual = strconv.FormatInt(rows, 10)
	var expected []string
	limit := func(text string, broken bool) {
		expected = append(expected, text)
		if broken {
			result.Broken = 1
		}
	}
	if r.RowCount.Min > 0 || (r.RowCount.Max == nil && r.RowCount.Previous == "") {
		limit(fmt.Sprintf("at least %d", r.RowCount.Min), rows < r.RowCount.Min)
	}
	if most := r.RowCount.Max; most != nil {
		limit(fmt.Sprintf("at most %d", *most), rows > *most)
	}
	if r.RowCount.Previous != "" {
		share, err := decimal.NewFromString(r.RowCount.Previous)
		if err != nil || share.IsNegative() {
			return result, fmt.Errorf("previous %q is not a decimal of 0 or more", r.RowCount.Previous)
		}
		previous, known := w.month.Previous[r.On]
		switch {
		case !known:
			return result, fmt.Errorf("the previous month's rows of %q are not known", r.On)
		case previous == 0:
			limit("any number after a month of 0", false)
		default:
			before := decimal.NewFromInt(previous)
			apart := decimal.NewFromInt(rows).Sub(before).Abs()
			limit(fmt.Sprintf("%d ± %s%%", previous, share.Shift(2)), apart.GreaterThan(share.Mul(before)))
		}
	}
	result.Expected = strings.Join(expected, ", ")
	return result, nil
}
