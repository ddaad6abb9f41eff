package metric_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/metric"
)

// lines collects what is written, flush by flush.
type lines struct {
	refuse bool

	mu      sync.Mutex
	written []string
}

// flushes are those so far.
func (l *lines) flushes() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.written)
}

func (l *lines) Write(p []byte) (int, error) {
	if l.refuse {
		return 0, errors.New("the pipe is broken")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.written = append(l.written, string(p))
	return len(p), nil
}

// units are what CloudWatch knows.
var units = strings.Fields("Seconds Microseconds Milliseconds Bytes Kilobytes Megabytes Gigabytes Terabytes Bits Kilobits " +
	"Megabits Gigabits Terabits Percent Count None")

// checkEMF holds one line to the format's specification and gives its members.
func checkEMF(t *testing.T, text string) map[string]any {
	t.Helper()
	var all map[string]any
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&all); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	var head struct {
		Timestamp         json.Number
		CloudWatchMetrics []struct {
			Namespace  string
			Dimensions [][]string
			Metrics    []struct{ Name, Unit string }
		}
	}
	encoded, err := json.Marshal(all["_aws"])
	if err != nil {
		t.Fatal(err)
	}
	strict := json.NewDecoder(strings.NewReader(string(encoded)))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&head); err != nil {
		t.Fatalf("_aws: %v: %s", err, encoded)
	}
	if at, err := head.Timestamp.Int64(); err != nil || at < 9e11 {
		t.Errorf("timestamp %s is not ms since 1970", head.Timestamp)
	}
	if len(head.CloudWatchMetrics) != 1 {
		t.Fatalf("%d directives: %s", len(head.CloudWatchMetrics), text)
	}
	d := head.CloudWatchMetrics[0]
	if d.Namespace == "" || len(d.Namespace) > 1024 || len(d.Metrics) == 0 || len(d.Metrics) > 100 || len(d.Dimensions) == 0 {
		t.Errorf("directive: %s", encoded)
	}
	members := 1
	for _, set := range d.Dimensions {
		if set == nil || len(set) > 30 {
			t.Errorf("dimensions: %s", encoded)
		}
		for _, name := range set {
			members++
			if value, ok := all[name].(string); !ok || value == "" || len(value) > 1024 {
				t.Errorf("dimension %q is %v", name, all[name])
			}
		}
	}
	for _, m := range d.Metrics {
		members++
		if !slices.Contains(units, m.Unit) {
			t.Errorf("%s: unit %q", m.Name, m.Unit)
		}
		switch value := all[m.Name].(type) {
		case json.Number:
		case []any:
			if len(value) == 0 || len(value) > 100 {
				t.Errorf("%s has %d values", m.Name, len(value))
			}
			for _, one := range value {
				if _, ok := one.(json.Number); !ok {
					t.Errorf("%s: %v is no number", m.Name, one)
				}
			}
		default:
			t.Errorf("%s is %v", m.Name, value)
		}
	}
	if len(all) != members {
		t.Errorf("%d members, %d of them declared: %s", len(all), members, text)
	}
	return all
}

// short is one line without its head: dimensions and figures, by name.
func short(all map[string]any) string {
	delete(all, "_aws")
	encoded, err := json.Marshal(all)
	if err != nil {
		return err.Error()
	}
	return string(encoded)
}

func TestEMF(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := metric.New(metric.Config{})
		var out lines
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			ended <- s.EmitTo(ctx, &out, metric.EMF{Dimensions: map[string]string{"service": "worker"}})
		}()
		synctest.Wait()
		flush := func() []string {
			t.Helper()
			before := len(out.flushes())
			<-time.After(time.Minute)
			synctest.Wait()
			var got []string
			for _, text := range out.flushes()[before:] {
				for line := range strings.Lines(text) {
					got = append(got, short(checkEMF(t, line)))
				}
			}
			return got
		}
		s.Add(metric.Runs, 2, "a", "published")
		s.Add(metric.RowsExtracted, 100, "a")
		s.Add(metric.RowsRejected, 3, "a")
		s.Observe(metric.StageSeconds, 1.5, "claim")
		s.Observe(metric.StageSeconds, 2, "claim")
		s.Put(metric.InWork, 1)
		s.Add(metric.LeasesLost, 1)
		want := []string{
			`{"monthend_in_work":1,"monthend_leases_lost_total":1,"service":"worker"}`,
			`{"monthend_rows_extracted_total":100,"monthend_rows_rejected_total":3,"report":"a","service":"worker"}`,
			`{"monthend_runs_total":2,"outcome":"published","report":"a","service":"worker"}`,
			`{"monthend_stage_seconds":[1.5,2],"service":"worker","stage":"claim"}`,
		}
		if diff := cmp.Diff(want, flush()); diff != "" {
			t.Errorf("first flush (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{`{"monthend_in_work":1,"service":"worker"}`}, flush()); diff != "" {
			t.Errorf("nothing came (-want +got):\n%s", diff)
		}
		s.Add(metric.Runs, 1, "a", "published")
		if diff := cmp.Diff(`{"monthend_runs_total":1,"outcome":"published","report":"a","service":"worker"}`, flush()[1]); diff != "" {
			t.Errorf("what came since (-want +got):\n%s", diff)
		}

		for i := range 1000 { // more observations than CloudWatch takes at once
			s.Observe(metric.StageSeconds, float64(i), "publish")
		}
		var all struct {
			Values []float64 `json:"monthend_stage_seconds"`
		}
		if err := json.Unmarshal([]byte(flush()[1]), &all); err != nil || len(all.Values) != 100 {
			t.Fatalf("%d values, %v", len(all.Values), err)
		}
		if late := slices.IndexFunc(all.Values, func(v float64) bool { return v > 200 }); late < 0 {
			t.Errorf("only the first observations were chosen: %v", all.Values)
		}

		s.Add(metric.Runs, 5, "", "failed") // at the end, what is left is told
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if all := out.flushes(); !strings.Contains(all[len(all)-1], `"report":"none"`) {
			t.Errorf("the last flush: %s", all[len(all)-1])
		}
	})
}

// Every metric there is makes lines that the format allows.
func TestEMFOfAll(t *testing.T) {
	s := metric.New(metric.Config{})
	var out lines
	ctx, stop := context.WithCancel(t.Context())
	stop()
	fill(s)
	if err := s.EmitTo(ctx, &out, metric.EMF{Namespace: "reports"}); err != nil {
		t.Fatal(err)
	}
	found := 0
	for line := range strings.Lines(strings.Join(out.flushes(), "")) {
		for _, m := range metric.All() {
			if _, ok := checkEMF(t, line)[m.Name]; ok {
				found++
			}
		}
	}
	histograms := 0 // observed before the lines began
	for _, m := range metric.All() {
		if m.Kind == metric.Histogram {
			histograms++
		}
	}
	if want := len(metric.All()) - histograms; found != want {
		t.Errorf("%d metrics, want %d", found, want)
	}
}

func TestEMFIsNotWritten(t *testing.T) {
	s := metric.New(metric.Config{})
	s.Add(metric.LeasesLost, 1)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	err := s.EmitTo(ctx, &lines{refuse: true}, metric.EMF{})
	if err == nil || fmt.Sprint(err) != "write metrics: the pipe is broken" {
		t.Errorf("got %v", err)
	}
}
