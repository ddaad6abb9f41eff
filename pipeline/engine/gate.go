//go:build cgo

package engine

import (
	"context"
	"fmt"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/monthend/monthend/report"
)

// shareDigits is how many digits of a share are shown; the comparison itself is exact.
const shareDigits = 6

// gate compares what was rejected of one extract with what is allowed. A row counts once, however many rules it broke, and
// 0 of 0 passes.
func (w *Workspace) gate(ctx context.Context, g report.Gate, tables []report.TableCount) (report.GateResult, error) {
	result := report.GateResult{Of: g.Of, Limit: g.Rejected, AmountLimit: g.Amount}
	if g.Of == "" {
		return report.GateResult{}, nil
	}
	found := false
	for _, t := range tables {
		if t.Name == g.Of {
			result.Rejected, result.Extracted, found = t.Quarantined, t.Extracted, true
		}
	}
	if !found {
		return result, fmt.Errorf("there is no extract %q", g.Of)
	}
	var over bool
	var err error
	result.Share, over, err = compare(decimal.NewFromInt(result.Rejected), decimal.NewFromInt(result.Extracted), g.Rejected)
	if err != nil {
		return result, err
	}
	result.Shut = over
	if g.Amount == "" {
		return result, nil
	}
	rejected, all, err := w.amounts(ctx, g)
	if err != nil {
		return result, fmt.Errorf("amount: %w", err)
	}
	result.AmountShare, over, err = compare(rejected, all, g.Amount)
	result.Shut = result.Shut || over
	return result, err
}

// compare gives the share for display and whether part is more than limit times whole; an empty limit is none.
func compare(part, whole decimal.Decimal, limit string) (share string, over bool, err error) {
	share = "0"
	if !whole.IsZero() {
		share = part.DivRound(whole, shareDigits).String()
	}
	if limit == "" {
		return share, false, nil
	}
	allowed, err := decimal.NewFromString(limit)
	if err != nil || allowed.IsNegative() {
		return share, false, fmt.Errorf("limit %q is not a decimal of 0 or more", limit)
	}
	return share, part.GreaterThan(allowed.Mul(whole)), nil
}

// amounts are the sums of |AmountColumn| over the quarantined and over all extracted rows; NULL counts as nothing.
func (w *Workspace) amounts(ctx context.Context, g report.Gate) (rejected, all decimal.Decimal, err error) {
	if err := w.haveColumns(g.Of, g.AmountColumn); err != nil {
		return rejected, all, err
	}
	scale, err := w.exactScale(ctx, g.Of+extractedSuffix, g.AmountColumn)
	if err != nil {
		return rejected, all, err
	}
	sum := func(table string) string {
		return fmt.Sprintf("(SELECT CAST(coalesce(sum(abs(CAST(%s AS DECIMAL(38,%d)))), 0) AS VARCHAR) FROM %s)",
			name(g.AmountColumn), scale, name(table))
	}
	var r, a string
	row := w.conn.QueryRowContext(ctx, "SELECT "+sum(g.Of+quarantineSuffix)+", "+sum(g.Of+extractedSuffix))
	if err := row.Scan(&r, &a); err != nil {
		return rejected, all, redact(ctx, err)
	}
	if rejected, err = decimal.NewFromString(r); err != nil {
		return rejected, all, err
	}
	all, err = decimal.NewFromString(a)
	return rejected, all, err
}

// exactScale is the scale of a decimal or integer column; any other column is an error.
func (w *Workspace) exactScale(ctx context.Context, table, column string) (int, error) {
	columns, err := w.tableColumns(ctx, table)
	if err != nil {
		return 0, err
	}
	for _, c := range columns {
		if !strings.EqualFold(c.name, column) {
			continue
		}
		o, err := newOutline(c.name, c.ddl)
		if err != nil || (o.kind != report.Decimal && o.kind != report.Integer) {
			return 0, fmt.Errorf("column %q is %s, not a decimal or integer; cast it in the extract", c.name, c.ddl)
		}
		return o.scale, nil
	}
	return 0, fmt.Errorf("there is no column %q", column)
}
