package sheet_test

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"github.com/xuri/excelize/v2"

	"github.com/monthend/monthend/report/format/sheet"
)

var property = sheet.Property{Title: "Müller & Söhne", Company: "<Aurora>", Created: time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC)}

func dec(s string) decimal.Decimal { return decimal.RequireFromString(s) }

// one writes a workbook of one sheet.
func one(t testing.TB, page sheet.Page, fill func(*sheet.Book, *sheet.Sheet)) (data []byte, stat sheet.Stat) {
	t.Helper()
	var out bytes.Buffer
	b := sheet.New(&out, property)
	s, err := b.Tab("One").Open(page)
	if err != nil {
		t.Fatal(err)
	}
	fill(b, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	wellFormed(t, out.Bytes())
	return out.Bytes(), b.Stat()
}

// wellFormed reads every part as XML and every cell with another library.
func wellFormed(t testing.TB, data []byte) *excelize.File {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		d := xml.NewDecoder(r)
		for err == nil {
			_, err = d.Token()
		}
		if !errors.Is(err, io.EOF) {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
	f, err := excelize.OpenReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func part(t testing.TB, data []byte, name string) string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	f, err := z.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestValues(t *testing.T) {
	zone := time.FixedZone("", 2*3600)
	fills := []struct {
		want string // the cell's XML
		fill func(*sheet.Sheet)
	}{
		{`<c r="A1"><v>-12345678901234.5</v></c>`, func(s *sheet.Sheet) { s.Decimal(0, dec("-12345678901234.5")) }},
		{`<c r="A1"><v>999999999999999.000</v></c>`, func(s *sheet.Sheet) { s.Decimal(0, dec("999999999999999.000")) }},
		{`<c r="A1"><v>0.0000000000000000000001</v></c>`, func(s *sheet.Sheet) { s.Decimal(0, decimal.New(1, -22)) }},
		{`<c r="A1"><v>-0.05</v></c>`, func(s *sheet.Sheet) { s.Decimal(0, dec("-0.05")) }},
		{`<c r="A1"><v>0.00</v></c>`, func(s *sheet.Sheet) { s.Decimal(0, decimal.New(0, -2)) }},
		{`<c r="A1"><v>1200000</v></c>`, func(s *sheet.Sheet) { s.Decimal(0, decimal.New(12, 5)) }},
		{`<c r="A1" t="inlineStr"><is><t>12345678901234.56</t></is></c>`, func(s *sheet.Sheet) { s.Decimal(0, dec("12345678901234.56")) }},
		{`<c r="A1" s="1" t="inlineStr"><is><t>-1234567890123456789.01</t></is></c>`, func(s *sheet.Sheet) { s.Decimal(0, dec("-1234567890123456789.01")) }},
		{`<c r="A1" t="inlineStr"><is><t>9223372036854775807</t></is></c>`, func(s *sheet.Sheet) { s.Int(0, 1<<63-1) }},
		{`<c r="A1"><v>-1000000000000000000</v></c>`, func(s *sheet.Sheet) { s.Int(0, -1_000_000_000_000_000_000) }},
		{`<c r="A1" t="b"><v>1</v></c>`, func(s *sheet.Sheet) { s.Bool(0, true) }},
		{`<c r="A1"><v>46112</v></c>`, func(s *sheet.Sheet) { s.Date(0, time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC)) }},
		{`<c r="A1"><v>61</v></c>`, func(s *sheet.Sheet) { s.Date(0, time.Date(1900, 3, 1, 0, 0, 0, 0, time.UTC)) }},
		{`<c r="A1" t="inlineStr"><is><t>1900-02-28</t></is></c>`, func(s *sheet.Sheet) { s.Date(0, time.Date(1900, 2, 28, 0, 0, 0, 0, time.UTC)) }},
		{`<c r="A1"><v>46112.75</v></c>`, func(s *sheet.Sheet) { s.Time(0, time.Date(2026, 3, 31, 18, 0, 0, 0, zone)) }},
		{`<c r="A1"><v>46112.99999999999</v></c>`, func(s *sheet.Sheet) { s.Time(0, time.Date(2026, 3, 31, 23, 59, 59, 999_999_000, zone)) }},
		{`<c r="A1"><f>SUM(A2:A3)</f><v>1.10</v></c>`, func(s *sheet.Sheet) { s.Formula(0, "SUM(A2:A3)", dec("1.10")) }},
		{`<c r="A1" t="inlineStr"><is><t>a&amp;b&lt;c&gt;"日本😀`, func(s *sheet.Sheet) { s.Text(0, "a&b<c>\"日本😀") }},
		{`<c r="A1" s="1" t="inlineStr"><is><t>=1+1</t></is></c>`, func(s *sheet.Sheet) { s.Text(0, "=1+1") }},
		{`<c r="A1" t="inlineStr"><is><t>` + "a\nb\nc\ufffd\ufffd\ufffd</t>", func(s *sheet.Sheet) { s.Text(0, "a\r\nb\rc\x00\xff\uffff") }},
		{`<t>_x005F_x0041_ _x_ _xyzzy_</t>`, func(s *sheet.Sheet) { s.Text(0, "_x0041_ _x_ _xyzzy_") }},
		{`<t xml:space="preserve"> x </t>`, func(s *sheet.Sheet) { s.Text(0, " x ") }},
	}
	for _, test := range fills {
		data, _ := one(t, sheet.Page{Rows: 1, Columns: 1}, func(_ *sheet.Book, s *sheet.Sheet) { s.Row(0); test.fill(s) })
		got := part(t, data, "xl/worksheets/sheet1.xml")
		want := strings.ReplaceAll(test.want, `"日本`, `&quot;日本`)
		if !strings.Contains(got, want) {
			t.Errorf("want %s in %s", want, got[strings.Index(got, "<sheetData>"):strings.Index(got, "</sheetData>")])
		}
	}
}

func TestStat(t *testing.T) {
	data, got := one(t, sheet.Page{Rows: 1, Columns: 8}, func(_ *sheet.Book, s *sheet.Sheet) {
		s.Row(0)
		s.Int(0, 1<<62)
		s.Decimal(0, dec("0.1234567890123456"))
		s.Text(0, strings.Repeat("é", sheet.MaxText))
		s.Text(0, strings.Repeat("😀", sheet.MaxText/2+1))
		s.Text(0, "\x01\x02")
		s.Date(0, time.Date(1899, 1, 1, 0, 0, 0, 0, time.UTC))
		s.Time(0, time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC))
	})
	if diff := cmp.Diff(sheet.Stat{Wide: 2, Cut: 1, Replaced: 1, Undated: 2}, got); diff != "" {
		t.Error(diff)
	}
	cut, err := wellFormed(t, data).GetCellValue("One", "D1")
	if want := strings.Repeat("😀", (sheet.MaxText-1)/2) + "…"; err != nil || cut != want {
		t.Errorf("got %d bytes, %v, want %d", len(cut), err, len(want))
	}
}

func TestNames(t *testing.T) {
	b := sheet.New(io.Discard, property)
	for _, test := range []struct{ name, want string }{
		{"Net result", "Net result"}, {"net RESULT", "net RESULT (2)"}, {"Net result", "Net result (3)"},
		{"a/b\\c:d*e?f[g]", "a b c d e f g"}, {"", "Sheet"}, {"'quoted'", "quoted"}, {"History", "Sheet History"}, {"\x00\t", "Sheet (2)"},
		{strings.Repeat("x", 40), strings.Repeat("x", 31)}, {strings.Repeat("x", 50), strings.Repeat("x", 27) + " (2)"},
		{strings.Repeat("😀", 20), strings.Repeat("😀", 15)}, {"日本支店", "日本支店"}, {"Müller's", "Müller's"},
	} {
		if got := b.Tab(test.name).Name(); got != test.want {
			t.Errorf("%q: got %q, want %q", test.name, got, test.want)
		}
	}
}

func TestArea(t *testing.T) {
	b := sheet.New(io.Discard, property)
	tab := b.Tab("Müller's")
	for _, test := range []struct {
		area sheet.Area
		want string
	}{
		{sheet.Area{}, "'Müller''s'!$A$1"},
		{sheet.Area{Row: 1, Column: 25, LastRow: 9, LastColumn: 26}, "'Müller''s'!$Z$2:$AA$10"},
		{sheet.Area{LastRow: sheet.MaxRows - 1, LastColumn: sheet.MaxColumns - 1}, "'Müller''s'!$A$1:$XFD$1048576"},
	} {
		if got := tab.Area(test.area); got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
}

func TestMistakes(t *testing.T) {
	for _, test := range []struct {
		want string
		do   func(b *sheet.Book) error
	}{
		{"needs a sheet", func(b *sheet.Book) error { return b.Close() }},
		{"never written", func(b *sheet.Book) error { b.Tab("x"); return b.Close() }},
		{"another sheet is open", func(b *sheet.Book) error {
			b.Tab("x").Open(sheet.Page{})
			_, err := b.Tab("y").Open(sheet.Page{})
			return err
		}},
		{"more rows than the 1", func(b *sheet.Book) error {
			s, _ := b.Tab("x").Open(sheet.Page{Rows: 1, Columns: 1})
			s.Skip(2)
			return s.Close()
		}},
		{"1 rows, opened for 2", func(b *sheet.Book) error {
			s, _ := b.Tab("x").Open(sheet.Page{Rows: 2, Columns: 1})
			s.Row(0)
			return s.Close()
		}},
		{"more cells than the 1 columns", func(b *sheet.Book) error {
			s, _ := b.Tab("x").Open(sheet.Page{Rows: 1, Columns: 1})
			s.Row(0)
			s.Int(0, 1)
			s.Int(0, 1)
			return s.Close()
		}},
		{"has no row yet", func(b *sheet.Book) error {
			s, _ := b.Tab("x").Open(sheet.Page{Columns: 1})
			s.Int(0, 1)
			return s.Close()
		}},
		{"more than a sheet holds", func(b *sheet.Book) error {
			_, err := b.Tab("x").Open(sheet.Page{Rows: sheet.MaxRows + 1})
			return err
		}},
	} {
		if err := test.do(sheet.New(io.Discard, property)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("got %v, want %q", err, test.want)
		}
	}
}

// A workbook that could not be written whole is an error, wherever the disk was full.
func TestShortWrites(t *testing.T) {
	var whole counter
	if err := write(&whole, 3000); err != nil {
		t.Fatal(err)
	}
	for room := 0; room < int(whole); room += int(whole)/23 + 1 {
		if err := write(&limited{room}, 3000); !errors.Is(err, errFull) {
			t.Errorf("with room for %d bytes: got %v", room, err)
		}
	}
}

type counter int

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }

var errFull = errors.New("the disk is full")

type limited struct{ room int }

func (l *limited) Write(p []byte) (int, error) {
	if len(p) > l.room {
		return 0, errFull
	}
	l.room -= len(p)
	return len(p), nil
}

// write writes a workbook with something of everything.
func write(w io.Writer, rows int) error {
	b := sheet.New(w, property)
	front, back := b.Tab("Front"), b.Tab("Back")
	s, err := back.Open(sheet.Page{Rows: rows, Columns: 3, Frozen: 1, Filter: &sheet.Area{LastRow: rows - 1, LastColumn: 2}, Widths: []float64{8, 20, 12.5}})
	if err != nil {
		return err
	}
	money := b.Style(sheet.Style{Format: "#,##0.00;[Red]-#,##0.00", Align: sheet.Right})
	for i := range rows {
		s.Row(0)
		s.Int(0, int64(i))
		s.Text(0, fmt.Sprint("=row ", i))
		s.Decimal(money, decimal.New(int64(i*7919), -2))
	}
	if err := s.Close(); err != nil {
		return err
	}
	s, err = front.Open(sheet.Page{
		Rows: 2, Columns: 2, Plain: true, Front: true, Colour: "2563EB", Merged: []sheet.Area{{LastColumn: 1}}, Scale: 90, Breaks: []int{1},
		Links:  []sheet.Link{{Cell: sheet.Cell(1, 0), To: back}},
		Header: sheet.Margin{Left: "Q&A", Middle: "2 b", Right: "<c>"}, Footer: sheet.Margin{Right: sheet.PageNumber + " of " + sheet.PageCount},
		Sparks: []sheet.Spark{{Cell: sheet.Cell(1, 1), Values: sheet.Area{LastRow: 1}, On: back}},
		Charts: []sheet.Chart{{Kind: sheet.BarChart, Title: "A & B", Place: sheet.Area{LastRow: 5, LastColumn: 5}, On: back, Cells: sheet.Area{LastRow: 1},
			Labels: []string{"<a>", "b"}, Format: "0", Series: []sheet.Series{{Name: "n", Cells: sheet.Area{LastRow: 1}, Values: []any{dec("-1"), nil}, Color: "000000", Below: "FF0000"}}}},
	})
	if err != nil {
		return err
	}
	s.Row(20)
	s.Text(b.Style(sheet.Style{Bold: true, Italic: true, Size: 12, Color: "0F172A", Fill: "F1F5F9", Wrap: true, Indent: 1, Vertical: sheet.Top, Top: sheet.Line{Weight: "thin", Color: "000000"}}), "x")
	s.Row(0)
	s.Text(0, "Back")
	if err := s.Close(); err != nil {
		return err
	}
	return b.Close()
}

// Equal calls give equal bytes, whatever the number of processors.
func TestReproducible(t *testing.T) {
	var first []byte
	for run := range 3 {
		var out bytes.Buffer
		old := runtime.GOMAXPROCS(1 + run)
		err := write(&out, 20_000)
		runtime.GOMAXPROCS(old)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = out.Bytes()
			wellFormed(t, first)
		}
		if !bytes.Equal(first, out.Bytes()) {
			t.Fatalf("run %d wrote other bytes", run)
		}
	}
}

func FuzzText(f *testing.F) {
	for _, seed := range []string{"", "=1", "_x0041_", "a\x00b", "\xff\xfe", "]]>", "&#0;", "\ufffe", " \t", "\r", strings.Repeat("a", 40_000)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		data, _ := one(t, sheet.Page{Rows: 1, Columns: 1}, func(_ *sheet.Book, s *sheet.Sheet) { s.Row(0); s.Text(0, text) })
		if strings.Contains(part(t, data, "xl/worksheets/sheet1.xml"), "<f>") {
			t.Errorf("%q became a formula", text)
		}
	})
}

func FuzzTab(f *testing.F) {
	f.Add("a", "A")
	f.Fuzz(func(t *testing.T, one, other string) {
		b := sheet.New(io.Discard, property)
		first, second := b.Tab(one).Name(), b.Tab(other).Name()
		if strings.EqualFold(first, second) || first == "" || strings.ContainsAny(first+second, `:\/?*[]`) || len([]rune(first)) > sheet.MaxName {
			t.Errorf("%q and %q", first, second)
		}
	})
}
