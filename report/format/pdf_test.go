package format_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/report/format"
)

// words are the texts of a file, without their places.
func words(t testing.TB, pdf []byte) string {
	t.Helper()
	var out []string
	for _, page := range pages(t, pdf) {
		for _, line := range page {
			out = append(out, strings.Join(strings.Fields(line)[min(2, len(strings.Fields(line))):], " "))
		}
	}
	return strings.Join(out, "\n")
}

// long is a document with so many rows in one table.
func long(t testing.TB, rows int) report.Document {
	t.Helper()
	doc := sample(t, march(1))
	for _, b := range doc.Blocks {
		if table, ok := b.(*report.Table); ok && table.Title == "Categories" {
			first := table.Rows
			table.Rows = nil
			for i := range rows {
				table.Rows = append(table.Rows, first[i%len(first)])
			}
		}
	}
	return doc
}

func TestPDFRepeatsHeadsAndNumbersPages(t *testing.T) {
	got := pages(t, draw(t, format.PDF, long(t, 1600)))
	if len(got) < 30 {
		t.Fatalf("got %d pages, want a long document", len(got))
	}
	for i, page := range got {
		text := strings.Join(page, "\n")
		if want := fmt.Sprintf("Page %d of %d", i+1, len(got)); !strings.Contains(text, want) {
			t.Errorf("page %d: %q is missing", i+1, want)
		}
		if !strings.Contains(text, "monthly-financials · 2026-03 · version 1 · data 1f0e9d8c") {
			t.Errorf("page %d: the mark is missing", i+1)
		}
		if i > 0 && i < len(got)-3 && !strings.Contains(text, " Transactions") {
			t.Errorf("page %d: the head of the table is missing", i+1)
		}
	}
}

// A page that begins inside of a group says which one.
func TestPDFRepeatsGroupHeadings(t *testing.T) {
	for locale, want := range map[report.Locale]string{"": "Wholesale, continued", report.Japanese: "（続き）"} {
		doc := long(t, 300)
		doc.Locale = locale
		for _, b := range doc.Blocks {
			if table, ok := b.(*report.Table); ok && table.Title == "Categories" {
				table.Groups = []report.Group{{Label: "Retail", To: 10}, {Label: "Wholesale", From: 10, To: 300, Subtotal: table.Total}}
			}
		}
		all := pages(t, draw(t, format.PDF, doc))
		continued, total := 0, 0
		for i, page := range all {
			text := strings.Join(page, "\n")
			if strings.Contains(text, "Retail, continued") {
				t.Errorf("page %d goes on with a group that has ended", i+1)
			}
			if strings.Contains(text, want) {
				continued++
			}
			if strings.Contains(text, "Largest counterparties") {
				total = i
			}
		}
		if begun := total - 1; continued < 5 || continued > begun {
			t.Errorf("%q: the heading is repeated on %d of %d pages", locale, continued, len(all))
		}
	}
}

// A total is never the first row of a page: it would be a figure without what it sums.
func TestPDFKeepsTotalsWithTheirRows(t *testing.T) {
	for rows := 20; rows < 64; rows++ {
		for i, page := range pages(t, draw(t, format.PDF, long(t, rows))) {
			head := -1
			for n, line := range page {
				if strings.HasSuffix(line, " Net result") {
					head = n
				}
				if strings.HasSuffix(line, " Total") && head == n-1 {
					t.Errorf("%d rows: page %d begins with the total", rows, i+1)
				}
			}
		}
	}
}

// Where there is little room the longest texts break, not the short ones beside them.
func TestPDFBreaksTheLongestTexts(t *testing.T) {
	doc := sample(t, march(1))
	table := doc.Blocks[3].(*report.Table)
	table.Columns, table.Kinds, table.Scales, table.Total, table.Rows = nil, nil, nil, nil, nil
	for _, text := range []string{"Found in both", "Operating account", "Bank transfer", strings.Repeat("A memo that goes on. ", 8), "EUR and CZK"} {
		table.Columns, table.Kinds, table.Scales = append(table.Columns, report.TableColumn{Label: text[:5]}), append(table.Kinds, report.Text), append(table.Scales, 0)
		table.Rows = [][]any{append(append([]any{}, first(table.Rows)...), text)}
	}
	got := "\n" + words(t, draw(t, format.PDF, doc)) + "\n"
	for _, whole := range []string{"Found in both", "Operating account", "Bank transfer", "EUR and CZK"} {
		if !strings.Contains(got, "\n"+whole+"\n") {
			t.Errorf("%q is broken", whole)
		}
	}
	if strings.Contains(got, strings.Repeat("A memo that goes on. ", 7)) {
		t.Error("the memo is on one line")
	}
}

func first(rows [][]any) []any {
	if len(rows) == 0 {
		return nil
	}
	return rows[0]
}

func TestPDFSaysWhatItCannotDraw(t *testing.T) {
	doc := sample(t, march(1))
	doc.Company = "Kavárna 😀 & שלום 한국 日本\u202e\x00 𠮷"
	got := words(t, draw(t, format.PDF, doc))
	if !strings.Contains(got, "□") || !strings.Contains(got, "日本") || !strings.Contains(got, "Kavárna") {
		t.Errorf("the readable part of the name is gone: %s", got[:200])
	}
	note := got[strings.Index(got, "stands for characters"):]
	for _, code := range []string{"U+1F600", "U+05E9", "U+D55C", "U+20BB7"} {
		if !strings.Contains(note, code) {
			t.Errorf("the note does not name %s: %s", code, note)
		}
	}
}

func TestPDFDraftIsMarkedOnEveryPage(t *testing.T) {
	draft := march(0)
	draft.Draft = true
	for i, page := range pages(t, draw(t, format.PDF, sample(t, draft))) {
		if !strings.Contains(strings.Join(page, "\n"), " DRAFT") {
			t.Errorf("page %d is not marked", i+1)
		}
	}
	if strings.Contains(words(t, draw(t, format.PDF, sample(t, march(1)))), "DRAFT") {
		t.Error("a version is marked as a draft")
	}
}

// Figures never break, and nothing leaves the page.
func TestPDFStaysInsideTheMargins(t *testing.T) {
	doc := everything(t, report.English)
	for _, b := range doc.Blocks {
		if table, ok := b.(*report.Table); ok {
			table.Title = strings.Repeat("A very long title ", 20)
			table.Rows[0][0] = strings.Repeat("Wörterohneleerzeichen", 12)
			table.Columns[0].Label = strings.Repeat("Label ", 12)
		}
	}
	doc.Title, doc.Company = strings.Repeat("Long title ", 15), strings.Repeat("x", 200)
	for i, page := range pages(t, draw(t, format.PDF, doc)) {
		for _, line := range page {
			var x, y float64
			if n, _ := fmt.Sscan(line, &x, &y); n == 2 && (x < 40 || x > 550 || y < 25 || y > 810) {
				t.Errorf("page %d: %q is outside", i+1, line)
			}
		}
	}
}

func TestPDFIsEqualWhenDrawnAtTheSameTime(t *testing.T) {
	doc := everything(t, report.Japanese)
	want := draw(t, format.PDF, doc)
	results := make(chan []byte)
	for range 4 {
		go func() {
			var out bytes.Buffer
			if err := format.Draw(format.PDF, &out, doc); err != nil {
				t.Error(err)
			}
			results <- out.Bytes()
		}()
	}
	for range 4 {
		if !bytes.Equal(want, <-results) {
			t.Error("two drawings differ")
		}
	}
}

// BenchmarkPDF draws a statement of three pages.
func BenchmarkPDF(b *testing.B) {
	doc := sample(b, march(1))
	if got := len(pages(b, draw(b, format.PDF, doc))); got != 3 {
		b.Fatalf("got %d pages, want 3", got)
	}
	b.ReportAllocs()
	for b.Loop() {
		draw(b, format.PDF, doc)
	}
}

// BenchmarkPDFLong draws about forty pages.
func BenchmarkPDFLong(b *testing.B) {
	doc := long(b, 1700)
	b.ReportMetric(float64(len(pages(b, draw(b, format.PDF, doc)))), "pages")
	for b.Loop() {
		draw(b, format.PDF, doc)
	}
}
