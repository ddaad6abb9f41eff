package engine_test

import (
	"fmt"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/monthend/monthend/pipeline/engine"
	"github.com/monthend/monthend/report"
)

// BenchmarkSmall is what a workspace costs that holds a thousand rows, from Open to Close, step by step: the time of small
// jobs goes here, and not into their rows.
func BenchmarkSmall(b *testing.B) {
	rows := make([][]any, 1000)
	for i := range rows {
		rows[i] = []any{i, fmt.Sprintf("category %d", i%12), decimal.New(int64(i*7919), -2)}
	}
	def := report.Definition{
		Extract: []report.Extract{{Name: "entries", Key: []string{"id"}}},
		Rules: []report.Rule{
			{Name: "amount-present", On: "entries", Check: "amount IS NOT NULL", Severity: report.Reject},
			{Name: "unique-id", On: "entries", Unique: []string{"id"}, Severity: report.Reject},
		},
		Gate: report.Gate{Of: "entries", Rejected: "0.02"},
	}
	query := report.DatasetQuery{Name: "by_category",
		SQL: "SELECT category, count(*) AS entries, sum(amount) AS amount FROM entries GROUP BY category ORDER BY category"}
	for _, c := range []struct{ threads, kept int }{{1, 0}, {2, 0}, {1, 1}, {2, 1}} {
		b.Run(fmt.Sprintf("threads=%d/kept=%d", c.threads, c.kept), func(b *testing.B) {
			dir := b.TempDir()
			pool, err := engine.NewPool(b.TempDir(), c.kept)
			if err != nil {
				b.Fatal(err)
			}
			defer pool.Close()
			steps := map[string]time.Duration{}
			lap := time.Now()
			step := func(name string, err error) {
				if err != nil {
					b.Fatal(err)
				}
				now := time.Now()
				steps[name] += now.Sub(lap)
				lap = now
			}
			before := processorTime(b)
			n := 0
			for b.Loop() {
				n++
				lap = time.Now()
				w, err := engine.Open(b.Context(), engine.Config{Spool: dir, Threads: c.threads, Pool: pool})
				step("open", err)
				_, err = w.Load(b.Context(), "entries", &table{columns: columns("id int64, category text, amount money"), rows: rows})
				step("load", err)
				_, err = w.Validate(b.Context(), def)
				step("validate", err)
				_, err = w.Dataset(b.Context(), query)
				step("dataset", err)
				for _, format := range []string{engine.CSV, engine.Parquet} {
					_, err = w.Export(b.Context(), query.Name, format, filepath.Join(dir, fmt.Sprintf("%d.%s", n, format)))
					step(format, err)
				}
				step("close", w.Close())
			}
			b.ReportMetric(ms(processorTime(b)-before)/float64(b.N), "cpu-ms/op")
			for name, took := range steps {
				b.ReportMetric(ms(took)/float64(b.N), name+"-ms/op")
			}
		})
	}
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// processorTime is what this process has used of all cores.
func processorTime(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
