package main

import (
	"bytes"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/report"
)

func TestPercentile(t *testing.T) {
	values := []float64{5, 1, 4, 2, 3}
	for p, want := range map[int]float64{0: 1, 50: 3, 60: 3, 61: 4, 95: 5, 100: 5} {
		if got := percentile(values, p); got != want {
			t.Errorf("percentile %d: got %v, want %v", p, got, want)
		}
	}
	if got := median([]float64{2, 1}); got != 1 {
		t.Errorf("the median of two: got %v, want the lower one", got)
	}
}

func TestShort(t *testing.T) {
	for value, want := range map[float64]string{0.015234: "0.0152", 17.449: "17.4", 2345.6: "2350", 1e-5: "0.00001"} {
		if got := short(value); got != want {
			t.Errorf("%v: got %q, want %q", value, got, want)
		}
	}
}

// TestVerdict holds the form of the last line: other programs read it.
func TestVerdict(t *testing.T) {
	var out bytes.Buffer
	(&bench{out: &out}).verdict("pickup_p95_ms", 3.6612, "<=50")
	if got, want := out.String(), "measure=pickup_p95_ms value=3.66 want<=50\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestDefinitions loads what the jobs ask for.
func TestDefinitions(t *testing.T) {
	folder, err := fs.Sub(definitions, "definition")
	if err != nil {
		t.Fatal(err)
	}
	catalog, err := report.NewCatalog(folder)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"long", "month", "small"}, catalog.Names()); diff != "" {
		t.Error(diff)
	}
}

func TestChoose(t *testing.T) {
	all, err := choose(nil)
	if err != nil || len(all) != len(measures) {
		t.Errorf("got %d measures, %v", len(all), err)
	}
	if _, err := choose([]string{"speed"}); err == nil || !strings.Contains(err.Error(), `"speed"`) {
		t.Errorf("got %v", err)
	}
	var said bytes.Buffer
	if err := run(t.Context(), []string{"-h"}, &said, &said); err == nil {
		t.Error("-h is no error")
	}
	for _, m := range measures {
		if !strings.Contains(said.String(), m.name) {
			t.Errorf("the usage does not name %q: %s", m.name, said.String())
		}
	}
}

// TestEmitter runs the load for moments: its own checks of what became of every document hold, whatever the times are.
func TestEmitter(t *testing.T) {
	var out bytes.Buffer
	if err := emitter(t.Context(), &bench{out: &out, rounds: 1, stop: 200 * time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"measure=emitter_down_p50_ratio value=", "measure=emitter_down_p99_ratio value="} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in %s", want, out.String())
		}
	}
}

func TestReadBenchmarks(t *testing.T) {
	taken := map[string]map[string][]float64{}
	for range 2 {
		readBenchmarks([]byte("goos: linux\nBenchmarkDetail/sheet/rows=200000-2 \t 3 \t 565000000 ns/op\t 3.5 heap-MB\t 354000 rows/s\nBenchmarkX \t ?\nPASS\n"), taken)
	}
	want := map[string]map[string][]float64{"Detail/sheet/rows=200000": {"ns/op": {565e6, 565e6}, "heap-MB": {3.5, 3.5}, "rows/s": {354e3, 354e3}}}
	if diff := cmp.Diff(want, taken); diff != "" {
		t.Error(diff)
	}
}
