package metric

import (
	"maps"
	"math"
	"slices"
	"strings"
)

// labelKey tells the lines apart: figures with the same labels share one.
func (one series) labelKey() string {
	var key strings.Builder
	for i, name := range one.metric.Labels {
		key.WriteString(name + "=" + one.labels[i] + "\xff")
	}
	return key.String()
}

// begin makes the line of one's labels.
func (e *emitter) begin(one series) *line {
	l := &line{values: map[string]any{}, dimensions: []string{}} // none is an empty list, not null
	l.dimensions = slices.AppendSeq(l.dimensions, maps.Keys(e.cfg.Dimensions))
	slices.Sort(l.dimensions)
	for name, value := range e.cfg.Dimensions {
		l.values[name] = value
	}
	for i, name := range one.metric.Labels {
		l.dimensions = append(l.dimensions, name)
		l.values[name] = dimension(one.labels[i])
	}
	return l
}

// dimension is a value that CloudWatch takes: at most 1,024 characters, and never none.
func dimension(value string) string {
	if value == "" {
		return "none"
	}
	if runes := []rune(value); len(runes) > 1024 {
		return string(runes[:1024])
	}
	return value
}

// value is what is told of a series: the growth of a counter, a gauge as it is, the observations of a histogram. Not ok is nothing.
func (e *emitter) value(one series, told map[string]float64) (any, bool) {
	key := one.metric.Name + "\xff" + one.labelKey()
	switch one.metric.Kind {
	case Counter:
		grown := one.value - told[key]
		told[key] = one.value
		return grown, grown > 0
	case Histogram:
		values := e.set.recent(one.metric, one.labels)
		return values, len(values) > 0
	}
	return one.value, !math.IsNaN(one.value) && !math.IsInf(one.value, 0)
}

// recent takes the observations since it was last called.
func (s *Set) recent(m Metric, labels []string) []float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.of(m, labels)
	values := one.recent
	one.recent, one.seen = nil, 0
	return values
}
