// Package metric names every figure that monthend tells of itself, keeps those that are counted as things happen, and shows them
// all by two exits: a Prometheus handler and lines in CloudWatch's embedded metric format. It stands on the ground floor and
// imports nothing of ours: who has figures brings them. It does not know what they mean, decides nothing by them, and never makes
// anybody wait: to count is to add under a lock, and what must be asked for elsewhere is asked for by the exits alone.
package metric

import "slices"

// Kind is how a figure behaves.
type Kind string

const (
	Counter   Kind = "counter"   // only grows while the process lives
	Gauge     Kind = "gauge"     // as it is now
	Histogram Kind = "histogram" // of single observations
)

// Unit is what a figure counts, in CloudWatch's words.
type Unit string

const (
	Count   Unit = "Count"
	Seconds Unit = "Seconds"
	Bytes   Unit = "Bytes"
	None    Unit = "None" // days, and yes or no: CloudWatch has no word for them
)

// Metric is the declaration of one figure.
type Metric struct {
	Name    string // as Prometheus shows it, with its unit
	Help    string
	Kind    Kind
	Unit    Unit
	Labels  []string  // whose values tell its series apart; none may be a tenant, a run or anything else without end
	Buckets []float64 // of a histogram: upper bounds, growing
}

// maxSeries bounds the series of one metric. What comes beyond is counted under other: a label that turned out to have no end
// must not take the memory of the worker, nor that of whoever collects.
const maxSeries = 250

// other is the value of every label of the series that takes what found no room.
const other = "other"

// Put tells the value of one series; labels are the values in the order of the metric's Labels.
type Put func(m Metric, value float64, labels ...string)

// fit makes labels as many as m has, so that a mistake of a caller is one strange series and not a panic.
func (m Metric) fit(labels []string) []string {
	fitted := slices.Clone(labels)
	for len(fitted) < len(m.Labels) {
		fitted = append(fitted, other)
	}
	return fitted[:len(m.Labels)]
}
