package metric

import (
	"context"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Handler shows the figures to Prometheus, with those of the process and of the Go runtime. Its registry is its own.
func (s *Set) Handler() http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister( // three collectors that cannot collide: a mistake here is met by every test
		&collector{s}, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, EnableOpenMetrics: true})
}

// Collector is the figures alone, for a registry of the caller's.
func (s *Set) Collector() prometheus.Collector { return &collector{s} }

// collector shows the figures of a Set as Prometheus collects them.
type collector struct{ set *Set }

// Describe says what may come.
func (c *collector) Describe(out chan<- *prometheus.Desc) {
	for _, m := range All() {
		out <- m.describe()
	}
}

// Collect shows what there is.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	if c.set == nil {
		return
	}
	for _, one := range c.set.snapshot(context.Background()) {
		out <- one.show()
	}
}

func (m Metric) describe() *prometheus.Desc { return prometheus.NewDesc(m.Name, m.Help, m.Labels, nil) }

// show is the series in Prometheus's terms.
func (one series) show() prometheus.Metric {
	desc := one.metric.describe()
	var shown prometheus.Metric
	var err error
	switch one.metric.Kind {
	case Histogram:
		below, sum := map[float64]uint64{}, uint64(0)
		for i, bound := range one.metric.Buckets {
			sum += one.buckets[i]
			below[bound] = sum
		}
		shown, err = prometheus.NewConstHistogram(desc, one.count, one.value, below, one.labels...)
	case Counter:
		shown, err = prometheus.NewConstMetric(desc, prometheus.CounterValue, one.value, one.labels...)
	default:
		shown, err = prometheus.NewConstMetric(desc, prometheus.GaugeValue, one.value, one.labels...)
	}
	if err != nil {
		return prometheus.NewInvalidMetric(desc, err)
	}
	return shown
}
