package format_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/xuri/excelize/v2"

	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/report/format"
)

// withRows is everything with rows beside it: of an extract, and of its quarantine.
func withRows(t testing.TB, l report.Locale, rows int) report.Document {
	t.Helper()
	doc := everything(t, l)
	doc.Details = []report.Detail{ledger(rows)}
	doc.Quarantine = []report.Detail{{
		Name: "transactions", Count: 2,
		Columns: []report.Column{{Name: "rules", Kind: report.Text}, {Name: "id", Kind: report.Integer}, {Name: "amount", Kind: report.Decimal, Scale: 2}},
		Rows: func(tell func([]any) error) error {
			if err := tell([]any{"amount-present, unique-id", int64(260311), nil}); err != nil {
				return err
			}
			return tell([]any{"known-account", int64(260102), dec("-12.5")})
		},
	}}
	return doc
}

// prague is a zone with the name that the summary tells.
var prague = time.FixedZone("Europe/Prague", 3600)

// ledger is rows of a ledger, told one by one.
func ledger(rows int) report.Detail {
	names := []string{"Müller & Söhne GmbH", "日本商事", "Čistírna Žižkov s.r.o.", `=HYPERLINK("http://x")`, "😀 Café", ""}
	return report.Detail{
		Name: "transactions", Count: int64(rows),
		Columns: []report.Column{
			{Name: "row_id", Kind: report.Integer}, {Name: "id", Kind: report.Integer}, {Name: "booked_at", Kind: report.Timestamp}, {Name: "account_id", Kind: report.Integer},
			{Name: "category", Kind: report.Text}, {Name: "counterparty", Kind: report.Text}, {Name: "description", Kind: report.Text},
			{Name: "amount", Kind: report.Decimal, Scale: 2}, {Name: "currency", Kind: report.Text},
		},
		Rows: func(tell func([]any) error) error {
			row := make([]any, 9)
			for i := range rows {
				row[0], row[1], row[2] = int64(i+1), int64(260_000+i), time.Date(2026, 3, 1+i%31, i%24, i%60, i%59, 0, prague)
				row[3], row[4], row[5] = int64(501+i%24), "Wholesale", names[i%len(names)]
				row[6], row[7], row[8] = fmt.Sprint("Invoice ", i), decimal.New(int64(i*7919%2_000_000-900_000), -2), "CZK"
				if err := tell(row); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// read opens a workbook with another library.
func read(t testing.TB, data []byte) *excelize.File {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// parts is a workbook's XML, a row or an element a line, so that two of them can be compared.
func parts(t testing.TB, data []byte) []byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&out, "== %s\n", f.Name)
		between := "><"
		if strings.HasPrefix(f.Name, "xl/worksheets/sheet") {
			between = "><row "
		}
		out.WriteString(strings.ReplaceAll(string(text), between, ">\n"+between[1:]) + "\n")
	}
	return out.Bytes()
}

func TestXLSXGolden(t *testing.T) {
	for name, doc := range map[string]report.Document{
		"everything": withRows(t, "", 3), "empty": empty(t),
	} {
		golden(t, name+".xlsx.txt", parts(t, draw(t, format.XLSX, doc)))
	}
}

func TestXLSXIsReproducible(t *testing.T) {
	first := draw(t, format.XLSX, withRows(t, "", 20_000))
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, processors := range []int{1, 4} {
		runtime.GOMAXPROCS(processors)
		if !bytes.Equal(first, draw(t, format.XLSX, withRows(t, "", 20_000))) {
			t.Errorf("other bytes on %d processors", processors)
		}
	}
}

// Every formula of a workbook, worked out by another program, is the value that stands beside it.
func TestXLSXFormulas(t *testing.T) {
	f := read(t, draw(t, format.XLSX, everything(t, "")))
	formulas := 0
	for _, name := range f.GetSheetList() {
		rows, err := f.GetRows(name, excelize.Options{RawCellValue: true})
		if err != nil {
			t.Fatal(err)
		}
		for r, row := range rows {
			for c, value := range row {
				cell, _ := excelize.CoordinatesToCellName(c+1, r+1)
				formula, err := f.GetCellFormula(name, cell)
				if err != nil || formula == "" {
					continue
				}
				formulas++
				got, err := f.CalcCellValue(name, cell, excelize.Options{RawCellValue: true})
				if err != nil {
					t.Fatal(err)
				}
				a, _ := strconv.ParseFloat(got, 64)
				if b, _ := strconv.ParseFloat(value, 64); a-b > 1e-6 || b-a > 1e-6 {
					t.Errorf("%s!%s: %s is %s, %s stands beside it", name, cell, formula, got, value)
				}
			}
		}
	}
	if formulas < 10 {
		t.Errorf("got %d formulas", formulas)
	}
}

func TestXLSXSplitsSheets(t *testing.T) {
	var out bytes.Buffer
	if err := format.DrawBook(&out, withRows(t, "", 25), 11); err != nil {
		t.Fatal(err)
	}
	f := read(t, out.Bytes())
	for name, want := range map[string]int{"Transactions": 11, "Transactions (2)": 11, "Transactions (3)": 6} {
		rows, err := f.GetRows(name)
		if err != nil || len(rows) != want || rows[0][1] != "id" {
			t.Errorf("%s: got %d rows, %v, want %d with the head", name, len(rows), err, want)
		}
	}
	if last, _ := f.GetCellValue("Transactions (3)", "A6"); last != "25" {
		t.Errorf("the last row is %s", last)
	}
}

// A definition's language names the sheets too.
func TestXLSXLocales(t *testing.T) {
	for locale, want := range map[report.Locale]string{
		report.German:   "Übersicht|Categories|Accounts|Largest counterparties|Daily|Top counterparties|Daily by category|Transactions|Qualität|Quarantäne|Diagrammdaten",
		report.Japanese: "概要|Categories|Accounts|Largest counterparties|Daily|Top counterparties|Daily by category|Transactions|データ品質|除外行|グラフデータ",
	} {
		if got := strings.Join(read(t, draw(t, format.XLSX, withRows(t, locale, 1))).GetSheetList(), "|"); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// Data is never a formula, whatever it looks like and wherever it stands.
func TestXLSXHoldsNoFormulaOfTheData(t *testing.T) {
	evil := "=cmd|' /C calc'!A0"
	doc := withRows(t, "", 20)
	doc.Title, doc.Company, doc.Restatement, doc.Tenant = evil, evil, evil, evil
	doc.Blocks = append(doc.Blocks, &report.Paragraph{Text: evil}, &report.Table{
		Title: evil, Columns: []report.TableColumn{{Label: evil}, {Label: evil}}, Kinds: []report.Kind{report.Text, report.Text}, Scales: []int{0, 0},
		Rows: [][]any{{evil, "+1"}}, Total: []any{evil, nil},
	})
	doc.Validation.Rules[0].Rule, doc.Validation.Rules[0].Keys[0] = evil, "@SUM(1)"
	text := string(parts(t, draw(t, format.XLSX, doc)))
	for _, formula := range strings.Split(text, "<f>")[1:] {
		if !strings.HasPrefix(formula, "SUBTOTAL(109,") {
			t.Errorf("a formula that is not ours: %.40s", formula)
		}
	}
	if n := strings.Count(text, "=cmd|"); n < 9 {
		t.Errorf("the text stands in %d places", n)
	}
}

// What a cell cannot hold is written another way, and the summary says so.
func TestXLSXNotes(t *testing.T) {
	doc := sample(t, march(1))
	wide := dec("12345678901234567.89")
	table := doc.Blocks[3].(*report.Table)
	table.Rows[0][2] = wide
	table.Total[2] = wide
	doc.Details = []report.Detail{{
		Name: "odd", Count: 2, Columns: []report.Column{{Name: "s", Kind: report.Text}, {Name: "d", Kind: report.Date}, {Name: "n", Kind: report.Integer}},
		Rows: func(tell func([]any) error) error {
			if err := tell([]any{strings.Repeat("x", 40_000), time.Date(1776, 7, 4, 0, 0, 0, 0, time.UTC), int64(1) << 62}); err != nil {
				return err
			}
			return tell([]any{"a\x00b", nil, nil})
		},
	}}
	f := read(t, draw(t, format.XLSX, doc))
	rows, err := f.GetRows("Summary")
	if err != nil {
		t.Fatal(err)
	}
	var notes []string
	for i, row := range rows {
		if len(row) > 0 && row[0] == "Notes" {
			for _, note := range rows[i+1:] {
				notes = append(notes, note[0][strings.LastIndex(note[0], ": ")+2:])
			}
		}
	}
	if got := strings.Join(notes, " "); got != "3. 1. 1. 1." {
		t.Errorf("got %q", got)
	}
	// A chart has its first digits: without them it would show nothing.
	doc.Blocks[2].(*report.Chart).Series[0].Values[0] = wide.Neg()
	if got := chartPoint(t, read(t, draw(t, format.XLSX, doc))); got != "-12345678901234600" {
		t.Errorf("the chart draws %s", got)
	}
	// A sum over a figure that is text would leave it out, so there is none.
	if formula, _ := f.GetCellFormula("Categories", "C14"); formula != "" {
		t.Errorf("got %s", formula)
	}
	if got, _ := f.GetCellValue("Categories", "C14"); got != wide.String() {
		t.Errorf("got %s", got)
	}
	if formula, _ := f.GetCellFormula("Categories", "D14"); formula != "SUBTOTAL(109,D2:D13)" {
		t.Errorf("got %s", formula)
	}
}

// A bar is a length and an area a surface: both are true from zero on only. A line is neither.
func TestXLSXAxesBeginAtZero(t *testing.T) {
	least, most := `<c:min val="0"/>`, `<c:max val="0"/>`
	for _, test := range []struct {
		kind   report.ChartKind
		values []any
		want   string
	}{
		{report.BarChart, []any{dec("990"), dec("1000"), nil}, least}, {report.AreaChart, []any{dec("990"), dec("0")}, least},
		{report.StackedBarChart, []any{dec("-990"), dec("-1000")}, most}, {report.BarChart, []any{dec("-1"), dec("1000")}, ""},
		{report.LineChart, []any{dec("990"), dec("1000")}, ""},
	} {
		doc := sample(t, march(1))
		doc.Blocks = []report.Block{&report.Chart{Kind: test.kind, Title: "c", Labels: []string{"a", "b", "c"}[:len(test.values)], Series: []report.Series{{Name: "s", Values: test.values}}}}
		text := string(parts(t, draw(t, format.XLSX, doc)))
		for _, end := range []string{least, most} {
			if got := strings.Contains(text, end); got != (end == test.want) {
				t.Errorf("%s of %v: %s is %v", test.kind, test.values, end, got)
			}
		}
	}
}

// chartPoint is the first value of the second chart.
func chartPoint(t *testing.T, f *excelize.File) string {
	t.Helper()
	rows, err := f.GetRows("Chart data", excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	at := slices.Index(rows[0], "Net result by category")
	kind, err := f.GetCellType("Chart data", string(rune('A'+at+1))+"2")
	if err != nil || (kind != excelize.CellTypeUnset && kind != excelize.CellTypeNumber) {
		t.Errorf("the cell is no number: %v, %v", kind, err)
	}
	return rows[1][at+1]
}

// Rows that do not come as they were counted are an error, and so is one that the source has.
func TestXLSXDetailMistakes(t *testing.T) {
	for count, want := range map[int64]string{2: "more rows came than the 2 counted", 4: "3 rows came, 4 were counted", 5000: "3 rows came, 5000 were counted"} {
		doc := withRows(t, "", 3)
		doc.Details[0].Count = count
		if err := format.Draw(format.XLSX, io.Discard, doc); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// BenchmarkXLSX is a month's workbook with many rows beside its document.
func BenchmarkXLSX(b *testing.B) {
	for _, rows := range []int{0, 200_000} {
		b.Run(fmt.Sprintf("rows=%d", rows), func(b *testing.B) {
			doc := withRows(b, "", rows)
			for b.Loop() {
				if err := format.Draw(format.XLSX, io.Discard, doc); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
