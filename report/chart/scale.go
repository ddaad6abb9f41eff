package chart

import (
	"strings"

	"github.com/shopspring/decimal"

	"github.com/monthend/monthend/report"
)

// scale is a linear axis between two round figures.
type scale struct {
	low, high, step decimal.Decimal
}

// newScale finds an axis that holds every value and zero, with about so many ticks at 1, 2 or 5 times a power of ten.
func newScale(values []decimal.Decimal, ticks int64) scale {
	low, high := decimal.Zero, decimal.Zero
	for _, v := range values {
		low, high = decimal.Min(low, v), decimal.Max(high, v)
	}
	if low.Equal(high) {
		high = decimal.NewFromInt(1)
	}
	span := high.Sub(low)
	step := decimal.New(1, magnitude(span)-1)
	for _, factor := range []int64{2, 5, 10, 20, 50, 100} {
		if step.Mul(decimal.NewFromInt(ticks)).GreaterThanOrEqual(span) {
			break
		}
		step = decimal.New(factor, magnitude(span)-1)
	}
	return scale{low: floorTo(low, step), high: floorTo(high.Neg(), step).Neg(), step: step}
}

// ticks are the round figures from low to high, both included.
func (s scale) ticks() []decimal.Decimal {
	var out []decimal.Decimal
	for at := s.low; at.LessThanOrEqual(s.high); at = at.Add(s.step) {
		out = append(out, at)
	}
	return out
}

// part is where v lies between low (0) and high (1), for placing only.
func (s scale) part(v decimal.Decimal) float64 {
	return v.Sub(s.low).DivRound(s.high.Sub(s.low), 6).InexactFloat64()
}

// magnitude is the power of ten of the first digit: 0 for 1 to 9.99, -1 for 0.5.
func magnitude(d decimal.Decimal) int32 {
	return int32(d.NumDigits()) - 1 + d.Exponent()
}

// floorTo is the largest multiple of step that is not above d.
func floorTo(d, step decimal.Decimal) decimal.Decimal {
	quotient, remainder := d.QuoRem(step, 0)
	if remainder.IsNegative() {
		quotient = quotient.Sub(decimal.NewFromInt(1))
	}
	return quotient.Mul(step)
}

// units are the short forms of large figures.
var units = []struct {
	power int32
	sign  string
}{{12, "T"}, {9, "bn"}, {6, "M"}, {3, "k"}}

// Compact writes a figure in three significant digits at most: 1.28M, 44k, −0.5. Half is rounded away from zero.
func Compact(d decimal.Decimal) string {
	for _, unit := range units {
		short := d.Shift(-unit.power)
		digits := 0
		if whole := magnitude(short) + 1; whole < 3 {
			digits = int(3 - max(whole, 1))
		}
		// 999.6k would be written 1,000k: it is 1M.
		if short.Abs().Round(int32(digits)).LessThan(decimal.NewFromInt(1)) || d.Abs().LessThan(decimal.New(9995, unit.power-4)) {
			continue
		}
		return trim(report.FormatDecimal(short, digits)) + unit.sign
	}
	digits := 2
	switch m := int(magnitude(d)); {
	case m >= 2:
		digits = 0
	case m < 0:
		digits = 2 - m
	}
	return trim(report.FormatDecimal(d, digits))
}

// trim drops zeros after the point.
func trim(s string) string {
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}
