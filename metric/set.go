package metric

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"
)

// Config says how a Set works. The zero Config works.
type Config struct {
	Logger *slog.Logger     // hears when a reading fails, once until it succeeds; nil is nobody
	Now    func() time.Time // nil is time.Now
}

// Set is the figures of one process. A nil Set counts nothing; all methods are safe for concurrent use.
type Set struct {
	log *slog.Logger
	now func() time.Time

	mu       sync.Mutex
	series   map[string]*series // by the metric's name and its labels
	count    map[string]int     // of series by the metric's name
	readings []*reading
	lines    bool // the observations are wanted one by one
}

// series is one metric with one value for each label.
type series struct {
	metric  Metric
	labels  []string
	value   float64   // of a counter or gauge; of a histogram the sum
	buckets []uint64  // of a histogram: how many in each, the last one without an upper bound
	count   uint64    // of a histogram
	recent  []float64 // of a histogram: observations since the last line, a fair choice where they are too many
	seen    int       // of a histogram: how many recent was chosen from
}

// maxRecent is how many values of one metric CloudWatch takes in one line.
const maxRecent = 100

// New makes a Set.
func New(cfg Config) *Set {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Set{log: cfg.Logger, now: cfg.Now, series: map[string]*series{}, count: map[string]int{}}
}

// Add adds to a counter, or to a gauge that goes up and down; labels are the values in the order of the metric's Labels.
func (s *Set) Add(m Metric, by float64, labels ...string) {
	if s == nil || m.Kind == Histogram || m.Kind == Counter && by < 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.of(m, labels).value += by
}

// Put sets a gauge.
func (s *Set) Put(m Metric, to float64, labels ...string) {
	if s == nil || m.Kind != Gauge {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.of(m, labels).value = to
}

// Observe adds one observation to a histogram.
func (s *Set) Observe(m Metric, value float64, labels ...string) {
	if s == nil || m.Kind != Histogram {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.of(m, labels)
	at, _ := slices.BinarySearch(m.Buckets, value) // the first bound that is not below it
	one.buckets[at]++
	one.count++
	one.value += value
	if !s.lines {
		return
	}
	if one.seen++; len(one.recent) < maxRecent {
		one.recent = append(one.recent, value)
	} else if at := rand.IntN(one.seen); at < maxRecent {
		one.recent[at] = value
	}
}

// of finds or begins the series. The lock is held.
func (s *Set) of(m Metric, labels []string) *series {
	labels = m.fit(labels)
	key := m.Name + "\xff" + strings.Join(labels, "\xff")
	if one := s.series[key]; one != nil {
		return one
	}
	if s.count[m.Name] >= maxSeries-1 && len(labels) > 0 && !allOther(labels) {
		return s.of(m, nil)
	}
	one := &series{metric: m, labels: labels}
	if m.Kind == Histogram {
		one.buckets = make([]uint64, len(m.Buckets)+1)
	}
	s.series[key] = one
	s.count[m.Name]++
	return one
}

func allOther(labels []string) bool {
	return !slices.ContainsFunc(labels, func(v string) bool { return v != other })
}

// Read has the exits call read each time that they show the figures: for what somebody else keeps and has at hand.
func (s *Set) Read(read func(Put)) {
	s.ReadEvery("", 0, 0, func(_ context.Context, put Put) error {
		read(put)
		return nil
	})
}

// ReadEvery has the exits call read for what must be asked for elsewhere: not more often than every, however often they are asked
// themselves, and for not longer than timeout. A failure is logged under the name; what was put before it is shown.
func (s *Set) ReadEvery(name string, every, timeout time.Duration, read func(context.Context, Put) error) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.readings = append(s.readings, &reading{name: name, every: every, timeout: timeout, read: read})
}

// snapshot is every series as it is now, by name and labels. The series are copies.
func (s *Set) snapshot(ctx context.Context) []series {
	s.mu.Lock()
	readings := slices.Clone(s.readings)
	s.mu.Unlock()
	var all []series
	for _, r := range readings { // outside the lock: to count must not wait for them
		all = append(all, r.take(ctx, s.now, s.log)...)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.series {
		copied := *one
		copied.buckets, copied.recent = slices.Clone(one.buckets), nil
		all = append(all, copied)
	}
	slices.SortStableFunc(all, func(a, b series) int {
		return cmp.Or(cmp.Compare(a.metric.Name, b.metric.Name), slices.Compare(a.labels, b.labels))
	})
	return slices.CompactFunc(all, func(a, b series) bool { // two readings that tell of one series: the first counts
		return a.metric.Name == b.metric.Name && slices.Equal(a.labels, b.labels)
	})
}

// reading is a source of figures and what it last said.
type reading struct {
	name    string
	every   time.Duration
	timeout time.Duration
	read    func(context.Context, Put) error

	mu     sync.Mutex // held while it is asked: who comes meanwhile waits for the same answer
	asked  time.Time
	said   []series
	broken bool
}

// take is what the reading says now, or said not longer than every ago.
func (r *reading) take(ctx context.Context, now func() time.Time, log *slog.Logger) []series {
	r.mu.Lock()
	defer r.mu.Unlock()
	if at := now(); r.every > 0 && !r.asked.IsZero() && at.Sub(r.asked) < r.every {
		return r.said
	}
	if r.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, r.timeout, fmt.Errorf("no answer within %s", r.timeout))
		defer cancel()
	}
	said, err := r.ask(ctx)
	r.asked = now()
	if err != nil && !r.broken {
		log.Warn("figures not read", "of", r.name, "error", errors.Join(err, context.Cause(ctx)))
	}
	r.said, r.broken = said, err != nil
	return r.said
}

// ask calls read; a panic of it is an error, for whoever scrapes has nothing to do with it.
func (r *reading) ask(ctx context.Context) (said []series, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	err = r.read(ctx, func(m Metric, value float64, labels ...string) {
		if m.Kind != Histogram && len(said) < maxSeries {
			said = append(said, series{metric: m, labels: m.fit(labels), value: value})
		}
	})
	return said, err
}
