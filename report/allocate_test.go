package report_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"github.com/monthend/monthend/report"
)

func TestAllocate(t *testing.T) {
	tests := []struct {
		total   int64
		weights string
		want    []int64
	}{
		{100, "1 1 1", []int64{34, 33, 33}},
		{10000, "1 2", []int64{3333, 6667}},
		{100, "0 5 0", []int64{0, 100, 0}},
		{100, "150 -50", []int64{150, -50}},
		{100, "-1 -1 -1", []int64{34, 33, 33}},
		{5, "0.1 0.1 0.1 0.1 0.1 0.1", []int64{1, 1, 1, 1, 1, 0}},
		{100, "1 -1", nil},
		{100, "", nil},
		{10000, "100000000000000000000 -99999999999999999999", nil},
	}
	for _, test := range tests {
		var weights []decimal.Decimal
		for _, w := range strings.Fields(test.weights) {
			weights = append(weights, dec(w))
		}
		if diff := cmp.Diff(test.want, report.Allocate(test.total, weights)); diff != "" {
			t.Errorf("%d by %s (-want +got):\n%s", test.total, test.weights, diff)
		}
	}
}

// FuzzAllocate divides any total by any weights: the parts add up, and none is a whole unit off.
func FuzzAllocate(f *testing.F) {
	f.Add(int64(10000), "1 2 3 -0.5 0")
	f.Add(int64(-7), "0.333 0.333 0.334")
	f.Fuzz(func(t *testing.T, total int64, weights string) {
		var parsed []decimal.Decimal
		sum := decimal.Zero
		for _, w := range strings.Fields(weights) {
			if d, err := decimal.NewFromString(w); err == nil && d.Exponent() > -30 && d.Exponent() < 30 && d.NumDigits() < 30 {
				parsed, sum = append(parsed, d), sum.Add(d)
			}
		}
		parts := report.Allocate(total, parsed)
		if parts == nil {
			return
		}
		given := decimal.Zero
		for i, part := range parts {
			given = given.Add(decimal.NewFromInt(part))
			exact := parsed[i].Mul(decimal.NewFromInt(total))
			if off := decimal.NewFromInt(part).Mul(sum).Sub(exact).Abs(); off.GreaterThanOrEqual(sum.Abs()) {
				t.Fatalf("part %d of %s is %d", i, weights, part)
			}
		}
		if !given.Equal(decimal.NewFromInt(total)) {
			t.Fatalf("the parts of %d add up to %s", total, given)
		}
	})
}
