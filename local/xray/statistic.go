package xray

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"github.com/monthend/monthend/trace"
)

// summaryStatistics counts requests by how they ended: each once, as a fault before a throttle before an error.
type summaryStatistics struct {
	OkCount           int
	ErrorStatistics   errorStatistics
	FaultStatistics   faultStatistics
	TotalCount        int
	TotalResponseTime float64 // seconds
}

type errorStatistics struct{ ThrottleCount, OtherCount, TotalCount int }

type faultStatistics struct{ OtherCount, TotalCount int }

type histogramEntry struct {
	Value float64 // seconds
	Count int
}

// statistic gathers how requests went.
type statistic struct {
	summary    summaryStatistics
	times      map[float64]int // response time in seconds → requests
	ages       map[float64]int // seconds in a queue → messages
	start, end float64
}

// add counts one request. One that is still in progress has not ended in any way.
func (s *statistic) add(d trace.Document) {
	s.span(d)
	if d.InProgress {
		return
	}
	took := math.Max(0, d.EndTime-d.StartTime)
	s.summary.TotalCount++
	s.summary.TotalResponseTime += took
	count(&s.times, took)
	switch d.Status() {
	case "fault":
		s.summary.FaultStatistics.OtherCount++
		s.summary.FaultStatistics.TotalCount++
	case "throttle":
		s.summary.ErrorStatistics.ThrottleCount++
		s.summary.ErrorStatistics.TotalCount++
	case "error":
		s.summary.ErrorStatistics.OtherCount++
		s.summary.ErrorStatistics.TotalCount++
	default:
		s.summary.OkCount++
	}
}

// span stretches the time over which the statistic was gathered.
func (s *statistic) span(d trace.Document) {
	if s.start == 0 || d.StartTime < s.start {
		s.start = d.StartTime
	}
	s.end = max(s.end, d.StartTime, d.EndTime)
}

// count adds one to a histogram, whose values have three digits: so their number is bounded, whatever was measured.
func count(histogram *map[float64]int, seconds float64) {
	if *histogram == nil {
		*histogram = map[float64]int{}
	}
	(*histogram)[threeDigits(seconds)]++
}

func threeDigits(v float64) float64 {
	if v <= 0 {
		return 0
	}
	unit := math.Pow(10, math.Floor(math.Log10(v))-2)
	return math.Round(math.Round(v/unit)*unit*1e9) / 1e9
}

// entries are a histogram by value.
func entries(histogram map[float64]int) []histogramEntry {
	all := []histogramEntry{}
	for value, n := range maps.All(histogram) {
		all = append(all, histogramEntry{value, n})
	}
	slices.SortFunc(all, func(a, b histogramEntry) int { return cmp.Compare(a.Value, b.Value) })
	return all
}
