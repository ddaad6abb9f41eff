package engine_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/monthend/monthend/pipeline/engine"
	"github.com/monthend/monthend/report"
)

// exportRows is how many rows BenchmarkExport writes: as many as a dataset may have, a ledger's of nine columns.
const exportRows = engine.MaxRows

// BenchmarkExport is a dataset into a file, and the same rows told one by one, as a workbook takes them. Beside the rate it tells
// that of one processor alone, which other work on the machine changes less.
func BenchmarkExport(b *testing.B) {
	dir := b.TempDir()
	w := open(b, engine.Config{Spool: dir, TimeZone: "Europe/Prague"})
	names := []string{"Müller & Söhne GmbH", "日本商事", "Čistírna Žižkov s.r.o.", "=HYPERLINK(1)"}
	list := make([][]any, exportRows)
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for i := range list {
		list[i] = []any{i, 260_000 + i, start.Add(time.Duration(i) * time.Second), 501 + i%24, "Wholesale", names[i%len(names)],
			fmt.Sprint("Invoice ", i), decimal.New(int64(i*7919%200_000_000-90_000_000), -2), "CZK"}
	}
	load(b, w, "t", "row_id int64, id int64, booked_at timestamptz, account_id int32, category text, counterparty text, description text, amount money, currency text", list...)
	w.SetMonth(engine.Month{Period: report.Period{Year: 2026, Month: 3}}) // as every run does
	query := report.DatasetQuery{Name: "ledger", SQL: "SELECT * FROM t_extracted ORDER BY row_id"}
	if _, err := w.Dataset(b.Context(), query); err != nil {
		b.Fatal(err)
	}
	n := 0
	for _, format := range []string{engine.CSV, engine.RawCSV, engine.Parquet} {
		b.Run(format, func(b *testing.B) {
			before := processorTime(b)
			for b.Loop() {
				n++
				path := filepath.Join(dir, fmt.Sprint(n))
				if _, err := w.Export(b.Context(), "ledger", format, path); err != nil {
					b.Fatal(err)
				}
				os.Remove(path)
			}
			rates(b, processorTime(b)-before)
		})
	}
	b.Run("rows", func(b *testing.B) {
		before := processorTime(b)
		for b.Loop() {
			if err := w.Rows(b.Context(), "ledger", func([]any) error { return nil }); err != nil {
				b.Fatal(err)
			}
		}
		rates(b, processorTime(b)-before)
	})
}

func rates(b *testing.B, used time.Duration) {
	rows := exportRows * float64(b.N)
	b.ReportMetric(rows/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(rows/used.Seconds(), "rows/cpu-s")
}
