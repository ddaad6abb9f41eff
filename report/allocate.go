package report

import (
	"slices"

	"github.com/shopspring/decimal"
)

// Allocate divides total into whole parts in proportion to the weights, by largest remainder: every part is within one of its exact
// value and all of them add up to total. Of equal remainders the earlier gets the unit. A nil answer means that the weights add up to
// zero or so near it that a part is beyond 64 bits: then nothing is a part of anything.
func Allocate(total int64, weights []decimal.Decimal) []int64 {
	sum := decimal.Zero
	for _, w := range weights {
		sum = sum.Add(w)
	}
	if sum.IsZero() {
		return nil
	}
	type remainder struct {
		at   int
		over decimal.Decimal // what is left of the exact part, times sum's absolute value: below it, never negative
	}
	parts, left := make([]int64, len(weights)), make([]remainder, len(weights))
	given, size := decimal.Zero, sum.Abs()
	for i, w := range weights {
		exact := w.Mul(decimal.NewFromInt(total))
		if sum.IsNegative() {
			exact = exact.Neg()
		}
		part, over := exact.QuoRem(size, 0)
		if over.IsNegative() { // the quotient is cut off towards zero, the part goes down
			part, over = part.Sub(decimal.NewFromInt(1)), over.Add(size)
		}
		if !part.BigInt().IsInt64() {
			return nil
		}
		parts[i], left[i] = part.IntPart(), remainder{i, over}
		given = given.Add(part)
	}
	slices.SortStableFunc(left, func(a, b remainder) int { return b.over.Cmp(a.over) })
	for _, r := range left[:decimal.NewFromInt(total).Sub(given).IntPart()] {
		parts[r.at]++
	}
	return parts
}
