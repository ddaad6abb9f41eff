package sheet_test

import (
	"fmt"
	"io"
	"runtime"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/xuri/excelize/v2"

	"github.com/monthend/monthend/report/format/sheet"
)

// The rows of the measure: a ledger's, of nine columns.
const benchRows = 200_000

var (
	benchTime  = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	benchNames = []string{"Müller & Söhne GmbH", "日本商事", "Čistírna Žižkov s.r.o.", "Freight of the month"}
	benchHeads = []string{"row_id", "id", "booked_at", "account_id", "category", "counterparty", "description", "amount", "currency"}
)

func benchRow(row []any, i int) {
	row[0], row[1], row[2] = int64(i+1), int64(260_000+i), benchTime.Add(time.Duration(i)*time.Second)
	row[3], row[4], row[5] = int64(501+i%24), "Wholesale", benchNames[i%len(benchNames)]
	row[6], row[7], row[8] = fmt.Sprint("Invoice ", i), decimal.New(int64(i*7919%200_000_000-90_000_000), -2), "CZK"
}

// BenchmarkDetail is rows of a ledger into a workbook, by this package and by the stream writer of excelize; heap-MB is the
// most that was in use, looked at now and then.
func BenchmarkDetail(b *testing.B) {
	for _, writer := range []struct {
		name  string
		write func(io.Writer, int, func()) error
	}{{"sheet", writeSheet}, {"excelize", writeExcelize}} {
		for _, rows := range []int{benchRows / 4, benchRows} {
			b.Run(fmt.Sprintf("%s/rows=%d", writer.name, rows), func(b *testing.B) {
				var size counter
				var most uint64
				for b.Loop() {
					size = 0
					runtime.GC()
					var before, now runtime.MemStats
					runtime.ReadMemStats(&before)
					look := func() {
						runtime.ReadMemStats(&now)
						most = max(most, now.HeapInuse-min(now.HeapInuse, before.HeapInuse))
					}
					if err := writer.write(&size, rows, look); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
				b.ReportMetric(float64(size)/1e6, "file-MB")
				b.ReportMetric(float64(most)/1e6, "heap-MB")
			})
		}
	}
}

func writeSheet(w io.Writer, rows int, look func()) error {
	book := sheet.New(w, property)
	at, money := book.Style(sheet.Style{Format: "yyyy-mm-dd hh:mm:ss"}), book.Style(sheet.Style{Format: "#,##0.00"})
	s, err := book.Tab("Rows").Open(sheet.Page{Rows: rows + 1, Columns: len(benchHeads), Frozen: 1})
	if err != nil {
		return err
	}
	s.Row(0)
	for _, head := range benchHeads {
		s.Text(0, head)
	}
	row := make([]any, len(benchHeads))
	for i := range rows {
		benchRow(row, i)
		s.Row(0)
		for _, v := range row {
			switch v := v.(type) {
			case int64:
				s.Int(0, v)
			case string:
				s.Text(0, v)
			case time.Time:
				s.Time(at, v)
			case decimal.Decimal:
				s.Decimal(money, v)
			}
		}
		if i%(benchRows/8) == 0 {
			look()
		}
	}
	if err := s.Close(); err != nil {
		return err
	}
	look()
	return book.Close()
}

func writeExcelize(w io.Writer, rows int, look func()) error {
	f := excelize.NewFile()
	defer f.Close()
	s, err := f.NewStreamWriter("Sheet1")
	if err != nil {
		return err
	}
	at, err := f.NewStyle(&excelize.Style{NumFmt: 22})
	if err != nil {
		return err
	}
	row, cells := make([]any, len(benchHeads)), make([]any, len(benchHeads))
	for i := range rows {
		benchRow(row, i)
		for c, v := range row {
			switch v := v.(type) {
			case decimal.Decimal:
				cells[c] = v.InexactFloat64() // it takes no other
			case time.Time:
				cells[c] = excelize.Cell{StyleID: at, Value: v}
			default:
				cells[c] = v
			}
		}
		cell, err := excelize.CoordinatesToCellName(1, i+1)
		if err != nil {
			return err
		}
		if err := s.SetRow(cell, cells); err != nil {
			return err
		}
		if i%(benchRows/8) == 0 {
			look()
		}
	}
	if err := s.Flush(); err != nil {
		return err
	}
	look()
	_, err = f.WriteTo(w)
	look()
	return err
}
