package format_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"html"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/report/format"
)

var update = flag.Bool("update", false, "write the golden files")

func draw(t testing.TB, name string, doc report.Document) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := format.Draw(name, &out, doc); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

func TestGolden(t *testing.T) {
	restated := march(3)
	restated.Restatement, restated.Tenant = "Two invoices of Müller & Söhne came late", "praha-1"
	draft := march(0)
	draft.Draft = true
	for name, doc := range map[string]report.Document{
		"published": sample(t, march(1)), "restated": sample(t, restated), "draft": sample(t, draft), "failed": failed(t), "empty": empty(t),
	} {
		golden(t, name+".html", draw(t, format.HTML, doc))
		golden(t, name+".json", draw(t, format.JSON, doc))
		golden(t, name+".pdf.txt", layout(t, draw(t, format.PDF, doc)))
	}
	for _, locale := range []report.Locale{report.English, report.German, report.French, report.Czech, report.Japanese} {
		doc := everything(t, locale)
		golden(t, "everything-"+string(locale)+".html", draw(t, format.HTML, doc))
		golden(t, "everything-"+string(locale)+".pdf.txt", layout(t, draw(t, format.PDF, doc)))
	}
	golden(t, "everything.json", draw(t, format.JSON, everything(t, "")))
}

// That a month was never published is said in the head; each figure says it itself where that month's version only lacks it.
func TestUnpublishedIsSaidWhereItIsNews(t *testing.T) {
	doc := everything(t, report.English)
	said := func() int { return strings.Count(string(draw(t, format.HTML, doc)), "unpublished") }
	if got := said(); got != 1 {
		t.Errorf("it is said %d times, want once, in the head", got)
	}
	published := doc.Comparatives[1]
	published.Version = 4
	doc.Comparatives = slices.Insert(doc.Comparatives, 1, published)
	if got := said(); got < 2 || strings.Contains(string(draw(t, format.HTML, doc)), "(unpublished)") {
		t.Errorf("it is said %d times, want once by each figure and not in the head", got)
	}
}

// failed is a month whose gate is shut and whose control total is broken.
func failed(t testing.TB) report.Document {
	doc := sample(t, march(1))
	doc.Draft, doc.Version = true, 0
	v := sampleValidation()
	v.Failed = true
	v.Gate = report.GateResult{
		Of: "transactions", Rejected: 161, Extracted: 3993, Share: "0.040321", Limit: "0.02", AmountShare: "0.012", AmountLimit: "0.005", Shut: true,
	}
	v.Rules[5].Broken, v.Rules[5].Actual = 1, "423176.98"
	doc.Validation = v
	return doc
}

// empty is a month in which nothing happened.
func empty(t testing.TB) report.Document {
	t.Helper()
	doc := sample(t, march(1))
	for _, b := range doc.Blocks {
		switch b := b.(type) {
		case *report.Chart:
			b.Labels = nil
			for i := range b.Series {
				b.Series[i].Values = nil
			}
		case *report.Table:
			b.Rows = nil
		case *report.KPIs:
			for i := range b.Cards {
				b.Cards[i].Value = nil
			}
		}
	}
	for i := range doc.Datasets {
		doc.Datasets[i].Rows = nil
	}
	doc.Validation = report.Validation{}
	return doc
}

func TestDrawnTwiceIsEqual(t *testing.T) {
	for _, name := range []string{format.HTML, format.JSON, format.PDF, format.XLSX} {
		first, second := draw(t, name, sample(t, march(1))), draw(t, name, sample(t, march(1)))
		if !bytes.Equal(first, second) {
			t.Errorf("%s: two drawings differ", name)
		}
	}
}

func TestDrawOfUnknownFormat(t *testing.T) {
	err := format.Draw("docx", &bytes.Buffer{}, report.Document{})
	if err == nil || !strings.HasPrefix(err.Error(), `draw "docx": not a drawn format; want one of html, json, pdf`) {
		t.Errorf("got %v", err)
	}
	if format.Drawn("csv") || !format.Drawn("html") {
		t.Error("csv is an export, html is drawn")
	}
}

type full struct{ after int }

func (f *full) Write(p []byte) (int, error) {
	if f.after -= len(p); f.after < 0 {
		return 0, os.ErrClosed
	}
	return len(p), nil
}

func TestDrawReportsAFullDisk(t *testing.T) {
	for _, name := range []string{format.HTML, format.JSON, format.PDF, format.XLSX} {
		if err := format.Draw(name, &full{after: 1000}, sample(t, march(1))); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}

// nasty is what people and imports put into names.
const nasty = "😀<script>alert(1)</script>\"'&日本\u202eגבא\x00\x1b[31m\xff\r\n{{.}}\u2028%s"

// TestNastyText puts it everywhere a text can stand.
func TestNastyText(t *testing.T) {
	doc := sample(t, march(1))
	doc.Report, doc.Title, doc.Company, doc.Tenant, doc.Currency, doc.DataDigest, doc.Restatement = nasty, nasty, nasty, nasty, nasty, nasty, nasty
	for _, b := range doc.Blocks {
		switch b := b.(type) {
		case *report.KPIs:
			b.Cards[0].Label, b.Cards[0].Value, b.Cards[0].Kind = nasty, nasty, report.Text
		case *report.Chart:
			b.Title, b.Labels[0], b.Series[0].Name = nasty, nasty, nasty
			b.Series = append(b.Series, b.Series[0]) // draws the legend
		case *report.Table:
			b.Title, b.Columns[0].Label, b.Rows[0][0] = nasty, nasty, nasty
		}
	}
	doc.Blocks = append(doc.Blocks, &report.Paragraph{Text: nasty})
	doc.Datasets[2].Name, doc.Datasets[2].Columns[0].Name, doc.Datasets[2].Rows[0][0] = nasty, nasty, nasty
	for i := range doc.Validation.Rules {
		r := &doc.Validation.Rules[i]
		r.Rule, r.On, r.Severity, r.Keys, r.Expected, r.Actual, r.Tolerance = nasty, nasty, report.Severity(nasty), []string{nasty}, nasty, nasty, nasty
	}
	doc.Validation.Tables[0].Name, doc.Validation.Gate.Of, doc.Validation.Gate.Share, doc.Validation.Gate.Limit = nasty, nasty, nasty, nasty

	html := string(draw(t, format.HTML, doc))
	for _, bad := range []string{"<script", "\x00", "\x1b", "\xff", "\u202e", "\u2028", "{{"} {
		if strings.Contains(html, bad) && bad != "{{" {
			t.Errorf("html: %q came through", bad)
		}
	}
	if n := strings.Count(html, "<style"); n != 1 {
		t.Errorf("html: got %d style elements", n)
	}
	if !strings.Contains(html, "😀&lt;script&gt;") || !strings.Contains(html, "日本") {
		t.Error("html: the readable part of the text is gone")
	}
	if !json.Valid(draw(t, format.JSON, doc)) {
		t.Error("json: not valid")
	}
	pdf := draw(t, format.PDF, doc)
	for _, page := range pages(t, pdf) {
		for _, line := range page {
			if strings.ContainsAny(line, "\x00\x1b\u202e\u2028") {
				t.Errorf("pdf: %q came through", line)
			}
		}
	}
	if text := words(t, pdf); !strings.Contains(text, "□") || !strings.Contains(text, "日本") || !strings.Contains(text, "U+1F600") {
		t.Error("pdf: the readable part of the text is gone")
	}
}

// A long word breaks where it would push the figures beside it out of sight; other texts and figures are left whole.
func TestHTMLBreaksLongWords(t *testing.T) {
	for text, want := range map[string]string{
		"Donaudampfschifffahrtsgesellschaft": ` class="long"`, "Müller & Söhne Gesellschaft mit Haftung": "", "東京本社販売部門第二営業課アカウントマネージメントチーム第二": "",
	} {
		doc := sample(t, march(1))
		doc.Blocks[3].(*report.Table).Rows[0][0] = text
		row := `<th scope="row"` + want + `><bdi>` + strings.ReplaceAll(text, "&", "&amp;") + `</bdi></th><td class="r n">`
		if !strings.Contains(string(draw(t, format.HTML, doc)), row) {
			t.Errorf("there is no %s", row)
		}
	}
}

// What a rule expected stands in the ledger in one language, and in a document in the reader's.
func TestFindings(t *testing.T) {
	for _, test := range []struct {
		locale                 report.Locale
		expected, actual, want string
	}{
		{report.English, "at least 1000, at most 2000000, 3644 ± 12.5%", "4087", "expected at least 1,000, at most 2,000,000, 3,644 ± 12.5%, found 4,087"},
		{report.German, "at least 1000, 3644 ± 50%", "4087", "erwartet mindestens 1.000, 3.644 ± 50\u00a0%, gefunden 4.087"},
		{report.French, "2026-03-30 or later", "2026-03-31", "attendu 30/03/2026 ou plus tard, trouvé 31/03/2026"},
		{report.Czech, "at least 1, any number after a month of 0", "-2.50", "očekáváno nejméně 1, jakýkoli počet po měsíci s 0, nalezeno −2,50"},
		{report.Japanese, "2026-03-30T12:00:00+09:00 or later", "no value", "期待値 2026/03/30 12:00:00 +09:00以降、実際 no value"},
		{report.German, "at least, or later", "soon or later", "erwartet at least, or later, gefunden soon or later"},
	} {
		doc := sample(t, march(1))
		doc.Locale = test.locale
		doc.Validation.Rules = []report.RuleResult{{Rule: "r", On: "transactions", Severity: report.Warn, Expected: test.expected, Actual: test.actual}}
		if !strings.Contains(html.UnescapeString(string(draw(t, format.HTML, doc))), test.want) {
			t.Errorf("there is no %q", test.want)
		}
	}
}

// TestHTMLNeedsNothingElse looks for what a browser would fetch or run.
func TestHTMLNeedsNothingElse(t *testing.T) {
	html := string(draw(t, format.HTML, sample(t, march(1))))
	for _, bad := range []string{"<script", "<link", "<img", "<iframe", "url(", "@import", "src=", "href=", " style=", "javascript:", " on"} {
		at := strings.Index(html, bad)
		if at >= 0 && bad != " on" {
			t.Errorf("got %q in …%s", bad, html[max(0, at-40):at+40])
		}
	}
}

func TestDraftIsMarked(t *testing.T) {
	draft := march(0)
	draft.Draft = true
	html := string(draw(t, format.HTML, sample(t, draft)))
	if !strings.Contains(html, `>DRAFT</text></svg>`) || !strings.Contains(html, "<strong>Draft.</strong>") {
		t.Error("a draft is not marked")
	}
	if strings.Contains(string(draw(t, format.HTML, sample(t, march(1)))), "DRAFT") {
		t.Error("a version is marked as a draft")
	}
}

func TestMarkOnEveryPage(t *testing.T) {
	html := string(draw(t, format.HTML, sample(t, march(4))))
	want := "monthly-financials · 2026-03 · version 4 · data 1f0e9d8c"
	if strings.Count(html, want) != 2 || !strings.Contains(html, `@bottom-left { content: "`+want+`"; }`) {
		t.Errorf("the mark %q is not in the footer and the page rule", want)
	}
}

// jsonDocument is what a program reads back.
type jsonDocument struct {
	Schema  int
	Period  string
	Figures []struct {
		Label, Format string
		Value         any
	}
	Datasets []struct {
		Name    string
		Columns []report.Column
		Rows    [][]any
	}
	Quality struct {
		Verdict string
		Gate    *report.GateResult
	}
}

func TestJSONKeepsEveryDigit(t *testing.T) {
	doc := sample(t, march(1))
	at := time.Date(2026, 3, 29, 3, 0, 0, 1000, time.FixedZone("", 7200))
	doc.Datasets = []report.Dataset{{
		Name: "edges",
		Columns: []report.Column{
			{Name: "amount", Kind: report.Decimal, Scale: 2}, {Name: "n", Kind: report.Integer}, {Name: "at", Kind: report.Timestamp},
			{Name: "day", Kind: report.Date}, {Name: "ok", Kind: report.Boolean}, {Name: "note", Kind: report.Text},
		},
		Rows: [][]any{
			{dec("-99999999999999999999999999999999999.995"), int64(-5), at, at, true, "<&>"},
			{dec("5"), int64(0), nil, nil, nil, nil},
		},
	}}
	var got jsonDocument
	if err := json.Unmarshal(draw(t, format.JSON, doc), &got); err != nil {
		t.Fatal(err)
	}
	want := [][]any{
		{"-99999999999999999999999999999999999.995", -5.0, "2026-03-29T03:00:00.000001+02:00", "2026-03-29", true, "<&>"},
		{"5.00", 0.0, nil, nil, nil, nil},
	}
	if diff := cmp.Diff(want, got.Datasets[0].Rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if got.Schema != 1 || got.Period != "2026-03" || got.Quality.Verdict != "passed" || got.Quality.Gate.Limit != "0.02" {
		t.Errorf("got %+v", got)
	}
	if got.Figures[0].Label != "Revenue" || got.Figures[0].Value != "2203036.32" {
		t.Errorf("figures: got %+v", got.Figures)
	}
}

func BenchmarkHTML(b *testing.B) {
	doc := sample(b, march(1))
	b.ReportAllocs()
	for b.Loop() {
		draw(b, format.HTML, doc)
	}
}
