package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
)

// figure is a metric of one of the packages' own benchmarks, which draw what no command draws alone.
type figure struct {
	name, want string
	pkg, bench string // as `go test -bench` takes them; bench without its "Benchmark"
	metric     string // as the benchmark reports it
	of         func(v float64) float64
	over       string // another benchmark of the package, whose metric this one is divided by; "" for none
}

func same(v float64) float64 { return v }

var figures = []figure{
	{name: "pdf_3_pages_ms", want: "<=100", pkg: "./report/format", bench: "PDF", metric: "ns/op", of: func(v float64) float64 { return v / 1e6 }},
	{name: "xlsx_rows_per_s", want: ">=150000", pkg: "./report/format/sheet", bench: "Detail/sheet/rows=200000", metric: "rows/s", of: same},
	{name: "xlsx_over_excelize", want: ">=1", pkg: "./report/format/sheet", bench: "Detail/sheet/rows=200000", metric: "rows/s", of: same, over: "Detail/excelize/rows=200000"},
	{name: "xlsx_heap_4_times_the_rows", want: "<=1.5", pkg: "./report/format/sheet", bench: "Detail/sheet/rows=200000", metric: "heap-MB", of: same, over: "Detail/sheet/rows=50000"},
	{name: "csv_rows_per_s", want: ">=800000", pkg: "./pipeline/engine", bench: "Export/csv", metric: "rows/s", of: same},
	{name: "parquet_rows_per_s", want: ">=800000", pkg: "./pipeline/engine", bench: "Export/parquet", metric: "rows/s", of: same},
}

// formats takes the medians of how fast reports are drawn. It needs the tree and its Go.
func formats(ctx context.Context, b *bench) error {
	taken := map[string]map[string][]float64{} // by benchmark, then metric
	for range cmp.Or(b.rounds, 5) {
		for _, p := range []struct{ pkg, bench string }{{"./report/format", "^BenchmarkPDF$"}, {"./report/format/sheet", "^BenchmarkDetail$"}, {"./pipeline/engine", "^BenchmarkExport$"}} {
			out, err := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", p.bench, "-benchtime", "1s", p.pkg).CombinedOutput()
			if err != nil {
				return fmt.Errorf("go test -bench %q %s: %w: %s", p.bench, p.pkg, err, bytes.TrimSpace(out))
			}
			readBenchmarks(out, taken)
		}
	}
	for _, f := range figures {
		value, err := metricOf(taken, f.bench, f.metric)
		if err != nil {
			return err
		}
		if value = f.of(value); f.over != "" {
			below, err := metricOf(taken, f.over, f.metric)
			if err != nil {
				return err
			}
			value /= f.of(below)
		}
		b.verdict(f.name, value, f.want)
	}
	return nil
}

// metricOf is the median of what was taken.
func metricOf(taken map[string]map[string][]float64, bench, metric string) (float64, error) {
	values := taken[bench][metric]
	if len(values) == 0 {
		return 0, fmt.Errorf("no benchmark %q told %s", bench, metric)
	}
	return median(values), nil
}

// readBenchmarks reads lines such as "BenchmarkPDF-2  20  58211000 ns/op  3.1 heap-MB".
func readBenchmarks(out []byte, taken map[string]map[string][]float64) {
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		name := strings.TrimPrefix(fields[0], "Benchmark")
		if at := strings.LastIndexByte(name, '-'); at > 0 { // the number of processors
			name = name[:at]
		}
		if taken[name] == nil {
			taken[name] = map[string][]float64{}
		}
		for i := 2; i+1 < len(fields); i += 2 {
			if value, err := strconv.ParseFloat(fields[i], 64); err == nil {
				taken[name][fields[i+1]] = append(taken[name][fields[i+1]], value)
			}
		}
	}
}
