package main

import (
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"time"
)

// percentile is the smallest of values that at least p of 100 do not exceed (nearest rank); values must not be empty.
func percentile(values []float64, p int) float64 {
	sorted := slices.Sorted(slices.Values(values))
	rank := (len(sorted)*p + 99) / 100
	return sorted[max(rank, 1)-1]
}

func median(values []float64) float64 { return percentile(values, 50) }

// ms and s are a duration as a number.
func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
func s(d time.Duration) float64  { return d.Seconds() }

// pair prints what the thing and its rival came to, in one unit.
func (b *bench) pair(unit string, thing, rival []float64) {
	fmt.Fprintf(b.out, "monthend %s, rival %s; ratio of medians %s\n",
		spread(thing, unit), spread(rival, unit), short(median(thing)/median(rival)))
}

// spread is the median of values and between what they lie.
func spread(values []float64, unit string) string {
	return fmt.Sprintf("%s %s (%s to %s, n %d)", short(median(values)), unit,
		short(slices.Min(values)), short(slices.Max(values)), len(values))
}

// verdict prints the line that ends a measure. want is such as "<=50" or ">=0.03".
func (b *bench) verdict(name string, value float64, want string) {
	fmt.Fprintf(b.out, "measure=%s value=%s want%s\n", name, short(value), want)
}

// short is a figure with three significant digits.
func short(v float64) string {
	text := strconv.FormatFloat(v, 'g', 3, 64)
	if parsed, err := strconv.ParseFloat(text, 64); err == nil {
		return strconv.FormatFloat(parsed, 'f', -1, 64)
	}
	return text
}

// machine says on what was measured.
func machine() string {
	return fmt.Sprintf("%s %s/%s, %d cores", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
}
