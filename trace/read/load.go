package read

import (
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"
)

// load is what X-Ray counts of a node or an edge; its errors are throttles and others.
func load(ok *int64, errors *types.ErrorStatistics, faults *types.FaultStatistics, total *int64, seconds *float64, times []types.HistogramEntry) Load {
	l := Load{Requests: aws.ToInt64(total), OK: aws.ToInt64(ok), seconds: aws.ToFloat64(seconds)}
	if errors != nil {
		l.Throttles = aws.ToInt64(errors.ThrottleCount)
		l.Errors = aws.ToInt64(errors.TotalCount) - l.Throttles
	}
	if faults != nil {
		l.Faults = aws.ToInt64(faults.TotalCount)
	}
	l.times.add(times)
	return l
}

func (l *Load) add(more Load) {
	l.Requests += more.Requests
	l.OK += more.OK
	l.Errors += more.Errors
	l.Throttles += more.Throttles
	l.Faults += more.Faults
	l.seconds += more.seconds
	for value, n := range more.times {
		l.times.count(value, n)
	}
}

// measured is l with its times worked out.
func (l Load) measured() Load {
	if l.Requests > 0 {
		l.AverageMS = milliseconds(l.seconds / float64(l.Requests))
	}
	l.P50MS, l.P95MS = milliseconds(l.times.quantile(0.5)), milliseconds(l.times.quantile(0.95))
	return l
}

// histogram counts by seconds.
type histogram map[float64]int

func (h *histogram) count(seconds float64, n int) {
	if *h == nil {
		*h = histogram{}
	}
	(*h)[seconds] += n
}

func (h *histogram) add(entries []types.HistogramEntry) {
	for _, e := range entries {
		h.count(e.Value, int(e.Count))
	}
}

// quantile is the least value that the share of all is not above; 0 of nothing.
func (h histogram) quantile(share float64) float64 {
	total := 0
	for _, n := range h {
		total += n
	}
	seen := 0
	for _, value := range slices.Sorted(maps.Keys(h)) {
		if seen += h[value]; float64(seen) >= share*float64(total) {
			return value
		}
	}
	return 0
}
