package chart

import "github.com/shopspring/decimal"

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
