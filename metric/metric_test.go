package metric_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/monthend/monthend/metric"
)

// scrape is what Prometheus reads of ours, without the comments.
func scrape(t *testing.T, s *metric.Set) string {
	t.Helper()
	answer := httptest.NewRecorder()
	s.Handler().ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	body, err := io.ReadAll(answer.Result().Body)
	if err != nil || answer.Code != 200 {
		t.Fatalf("%d, %v: %s", answer.Code, err, body)
	}
	var ours []string
	for line := range strings.Lines(string(body)) {
		if strings.HasPrefix(line, "monthend_") {
			ours = append(ours, line)
		}
	}
	return strings.Join(ours, "")
}

func TestHandler(t *testing.T) {
	s := metric.New(metric.Config{})
	s.Add(metric.Runs, 1, "monthly-financials", "published")
	s.Add(metric.Runs, 2, "monthly-financials", "published")
	s.Add(metric.Runs, 1, "a \"hard\"\nname", "failed")
	s.Add(metric.Runs, -1, "monthly-financials", "published") // a counter never goes back
	s.Put(metric.QueueMessages, 7, "waiting")
	s.Put(metric.QueueMessages, 5, "waiting")
	s.Add(metric.InWork, 2)
	s.Add(metric.InWork, -1)
	for _, seconds := range []float64{0.004, 0.01, 0.011, 4000} {
		s.Observe(metric.StageSeconds, seconds, "publish")
	}
	s.Observe(metric.Runs, 1, "wrong", "kind")
	s.Put(metric.Runs, 1, "wrong", "kind")
	s.Add(metric.StageSeconds, 1, "wrong kind")
	s.Read(func(put metric.Put) { put(metric.PollStalls, 3) })

	got := scrape(t, s)
	got = regexp.MustCompile(`(?m)^monthend_stage_seconds_bucket.*le="(0\.[1-9]|0\.025|0\.05|[1-9]).*\n`).ReplaceAllString(got, "")
	want := `monthend_in_work 1
monthend_poll_stalls_total 3
monthend_queue_messages{state="waiting"} 5
monthend_runs_total{outcome="failed",report="a \"hard\"\nname"} 1
monthend_runs_total{outcome="published",report="monthly-financials"} 3
monthend_stage_seconds_bucket{stage="publish",le="0.01"} 2
monthend_stage_seconds_bucket{stage="publish",le="+Inf"} 4
monthend_stage_seconds_sum{stage="publish"} 4000.025
monthend_stage_seconds_count{stage="publish"} 4
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("scraped (-want +got):\n%s", diff)
	}
}

// fill gives every metric a series.
func fill(s *metric.Set) {
	for _, m := range metric.All() {
		labels := slices.Repeat([]string{"x"}, len(m.Labels))
		switch m.Kind {
		case metric.Histogram:
			s.Observe(m, 1, labels...)
		case metric.Counter:
			s.Add(m, 1, labels...)
		case metric.Gauge:
			s.Put(m, 1, labels...)
		}
	}
}

// Every metric is named and told of as Prometheus wants it, and no label is without end.
func TestDeclarations(t *testing.T) {
	s := metric.New(metric.Config{})
	fill(s)
	registry := prometheus.NewPedanticRegistry()
	if err := registry.Register(s.Collector()); err != nil {
		t.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil || len(families) != len(metric.All()) {
		t.Fatalf("%d families, %v, want one for each of %d metrics", len(families), err, len(metric.All()))
	}
	if problems, err := promlint.NewWithMetricFamilies(families).Lint(); err != nil || len(problems) != 0 {
		t.Errorf("lint: %v, %v", problems, err)
	}
	for _, m := range metric.All() {
		for _, label := range m.Labels {
			if slices.Contains([]string{"tenant", "run", "run_id", "request", "period", "trace"}, label) {
				t.Errorf("%s has the label %q, whose values have no end", m.Name, label)
			}
		}
		if !slices.IsSorted(m.Buckets) || (m.Kind == metric.Histogram) != (len(m.Buckets) > 0) {
			t.Errorf("%s: buckets %v", m.Name, m.Buckets)
		}
	}
}

// A label that turns out to have no end takes a bounded number of series, and nothing is lost from the sum.
func TestSeriesAreBounded(t *testing.T) {
	s := metric.New(metric.Config{})
	const many = 1000
	for i := range many {
		s.Add(metric.Runs, 1, "report-"+strconv.Itoa(i), "published")
	}
	s.Add(metric.Runs, 1) // a caller's mistake
	lines := strings.Split(strings.TrimSpace(scrape(t, s)), "\n")
	sum := 0
	for _, line := range lines {
		n, err := strconv.Atoi(line[strings.LastIndexByte(line, ' ')+1:])
		if err != nil {
			t.Fatal(err)
		}
		sum += n
	}
	if len(lines) != 250 || sum != many+1 {
		t.Errorf("%d series that add up to %d, want 250 and %d", len(lines), sum, many+1)
	}
	if last := `monthend_runs_total{outcome="other",report="other"} 752`; !slices.Contains(lines, last) {
		t.Errorf("there is no %s", last)
	}
}

// What must be asked for elsewhere is asked for seldom, and not for long; who counts never waits for it.
func TestReading(t *testing.T) {
	now := time.Date(2026, 4, 1, 6, 0, 0, 0, time.UTC)
	var log strings.Builder
	s := metric.New(metric.Config{Logger: slog.New(slog.NewTextHandler(&log, nil)), Now: func() time.Time { return now }})
	asked := 0
	var answer error
	s.ReadEvery("the ledger", 15*time.Second, time.Hour, func(_ context.Context, put metric.Put) error {
		s.Add(metric.InWork, 1) // must not hang
		asked++
		put(metric.LedgerUp, float64(asked))
		if asked == 4 {
			panic("fell")
		}
		return answer
	})
	for range 3 {
		if got := scrape(t, s); !strings.Contains(got, "monthend_ledger_up 1\n") {
			t.Errorf("got\n%s", got)
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times within 15 s", asked)
	}
	answer = errors.New("slipped")
	for range 3 {
		now = now.Add(15 * time.Second)
		scrape(t, s)
	}
	if got := strings.Count(log.String(), "\n"); asked != 4 || got != 1 || !strings.Contains(log.String(), "slipped") || !strings.Contains(log.String(), "the ledger") {
		t.Errorf("asked %d times, the log:\n%s", asked, log.String())
	}
	if got := scrape(t, s); !strings.Contains(got, "monthend_in_work 4\n") {
		t.Errorf("got\n%s", got)
	}
}

func TestReadingThatHangs(t *testing.T) {
	var log strings.Builder
	s := metric.New(metric.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	s.Add(metric.Runs, 1, "a", "failed")
	s.ReadEvery("the queue", time.Minute, time.Millisecond, func(ctx context.Context, _ metric.Put) error {
		<-ctx.Done()
		return ctx.Err()
	})
	if got := scrape(t, s); !strings.Contains(got, "monthend_runs_total") {
		t.Errorf("got\n%s", got)
	}
	if !strings.Contains(log.String(), "no answer within 1ms") {
		t.Errorf("log:\n%s", log.String())
	}
}

func TestCountFromManySides(t *testing.T) {
	s := metric.New(metric.Config{})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 500 {
				s.Add(metric.LeasesLost, 1)
				s.Observe(metric.StageSeconds, 1, "claim")
			}
			scrape(t, s)
		})
	}
	wg.Wait()
	got := scrape(t, s)
	for _, want := range []string{"monthend_leases_lost_total 4000\n", `monthend_stage_seconds_count{stage="claim"} 4000` + "\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
}

func TestNilSet(t *testing.T) {
	var s *metric.Set
	fill(s)
	s.Read(func(metric.Put) { t.Error("read") })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.EmitTo(ctx, io.Discard, metric.EMF{}); err != nil {
		t.Error(err)
	}
	if got := scrape(t, s); got != "" {
		t.Errorf("got %s", got)
	}
}
