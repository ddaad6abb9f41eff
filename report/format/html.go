package format

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"
	"strconv"
	"strings"

	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/report/chart"
)

//go:embed report.tmpl
var htmlTemplate string

//go:embed report.css
var htmlStyle string

// The widths that charts are drawn in: one for a desk or paper, one for a telephone, where the first would be too small to read.
const (
	wideChart   = 880
	narrowChart = 350
)

// page is the document in the form that the template takes it: every text clean, every figure written.
type page struct {
	Doc     report.Document
	Period  string
	Digest  string // the first 8 digits
	Style   template.CSS
	Policy  string
	Mark    string // what identifies the file, at its foot
	Blocks  []any
	Quality qualityView
}

// drawHTML writes one file that needs nothing else: no script, no font, no picture from elsewhere.
func drawHTML(w io.Writer, doc report.Document) error {
	t, err := template.New("report").Funcs(template.FuncMap{"clean": report.Clean, "cell": placeCell}).Parse(htmlTemplate)
	if err != nil {
		return err
	}
	p := page{Doc: doc, Period: doc.Period.Words(), Digest: shortDigest(doc), Quality: viewQuality(doc)}
	p.Mark = mark(doc, p.Digest)
	p.Style = template.CSS("\n" + htmlStyle + chart.CSS + pageRule(p.Mark))
	sum := sha256.Sum256([]byte(p.Style))
	// The page may use its own style sheet and nothing else, whatever its data says.
	p.Policy = "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	for i, b := range doc.Blocks {
		p.Blocks = append(p.Blocks, viewBlock(doc, b, "b"+strconv.Itoa(i+1)))
	}
	return t.Execute(w, p)
}

// mark is the line at the foot of every page: report, period, version and data digest, so that two prints can be told apart.
func mark(doc report.Document, digest string) string {
	parts := []string{doc.Report}
	if doc.Tenant != "" {
		parts = append(parts, doc.Tenant)
	}
	parts = append(parts, doc.Period.String(), version(doc))
	if digest != "" {
		parts = append(parts, "data "+digest)
	}
	return strings.Join(parts, " · ")
}

func version(doc report.Document) string {
	if doc.Draft || doc.Version == 0 {
		return "draft"
	}
	return "version " + strconv.Itoa(doc.Version)
}

func shortDigest(doc report.Document) string {
	return doc.DataDigest[:min(len(doc.DataDigest), 8)]
}

// pageRule repeats the mark and the number of the page at the foot of each printed page. Names and tenants have no quotes; a
// document that was made by hand loses whatever could leave the string.
func pageRule(mark string) string {
	safe := strings.Map(func(r rune) rune {
		if r == '"' || r == '\\' || r == '<' || r < ' ' {
			return -1
		}
		return r
	}, report.Clean(mark))
	return `@page { @bottom-left { content: "` + safe + `"; } @bottom-right { content: counter(page) " / " counter(pages); } }` + "\n"
}
