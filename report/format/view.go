package format

import (
	"strconv"
	"strings"

	"github.com/monthend/monthend/report"
)

// view is a document in the form that html and pdf draw: every text clean, every figure written, nothing left to decide but where it
// stands.
type view struct {
	Words    words
	Language string // BCP 47
	Title    string
	Company  string
	Period   string
	About    string // currency, rounding, tenant, version
	Compared string // the months that figures are compared with; "" when there are none
	Draft    bool
	Restated string // the reason; "" otherwise
	Blocks   []blockView
	Mark     string // what identifies the file, at the foot of every page
}

// blockView is one block; exactly one field is set.
type blockView struct {
	Cards      []cardView
	Chart      *chartView
	Table      *tableView
	Paragraphs []string
	Quality    *qualityView
	PageBreak  bool
}

type chartView struct {
	Title, ID string
	Data      report.Chart
}

// noValue stands where there is none; an empty cell would look forgotten.
const noValue = "—"

// newView writes the document.
func newView(doc report.Document) view {
	w := wordsOf(doc.Locale)
	v := view{
		Words: w, Language: doc.Locale.Language(), Title: report.Clean(doc.Title), Company: report.Clean(doc.Company), Period: doc.Locale.Month(doc.Period),
		Draft: doc.Draft, Restated: report.Clean(doc.Restatement), Mark: report.Clean(mark(doc, shortDigest(doc))), Compared: compared(doc, w),
	}
	about := []string{put(w.About, report.Clean(doc.Currency))}
	if doc.Tenant != "" {
		about = append(about, report.Clean(doc.Tenant))
	}
	v.About = strings.Join(append(about, version(doc)), " · ")
	for i, b := range doc.Blocks {
		v.Blocks = append(v.Blocks, viewBlock(doc, b, "b"+strconv.Itoa(i+1)))
	}
	return v
}

// viewBlock turns one block into its view.
func viewBlock(doc report.Document, b report.Block, id string) blockView {
	switch b := b.(type) {
	case *report.KPIs:
		return blockView{Cards: viewCards(doc, b)}
	case *report.Chart:
		data := *b
		data.Title, data.Labels, data.Series = report.Clean(b.Title), cleanAll(b.Labels), append([]report.Series(nil), b.Series...)
		for i := range data.Series {
			data.Series[i].Name = report.Clean(data.Series[i].Name)
		}
		return blockView{Chart: &chartView{Title: data.Title, ID: id, Data: data}}
	case *report.Table:
		return blockView{Table: viewTable(doc, b, id)}
	case *report.Paragraph:
		var out []string
		for _, p := range strings.Split(strings.ReplaceAll(b.Text, "\r\n", "\n"), "\n\n") {
			if p = strings.TrimSpace(report.Clean(p)); p != "" {
				out = append(out, p)
			}
		}
		return blockView{Paragraphs: out}
	case *report.Quality:
		q := viewQuality(doc)
		return blockView{Quality: &q}
	case *report.PageBreak:
		return blockView{PageBreak: true}
	}
	return blockView{}
}

func cleanAll(texts []string) []string {
	out := make([]string, len(texts))
	for i, t := range texts {
		out[i] = report.Clean(t)
	}
	return out
}

// compared names the months that figures are compared with, and which of them nobody has published.
func compared(doc report.Document, w words) string {
	var months []string
	for i, c := range doc.Comparatives {
		if i > 0 && doc.Comparatives[i-1].Period == c.Period {
			continue // what its version lacks; the figures say so
		}
		state := w.Unpublished
		if c.Version > 0 {
			state = put(w.Version, strconv.Itoa(c.Version))
		}
		months = append(months, doc.Locale.Month(c.Period)+" ("+state+")")
	}
	if months == nil {
		return ""
	}
	return put(w.Compared, strings.Join(months, ", "))
}

// saysUnpublished reports whether a figure has to say itself that the month it is compared with was never published: the head
// does, but of a month whose version only lacks that figure.
func saysUnpublished(doc report.Document, c report.Change) bool {
	for _, in := range doc.Comparatives {
		if in.Period == c.Period {
			return c.Version == 0 && in.Version > 0
		}
	}
	return c.Version == 0
}

// mark is the line at the foot of every page: report, period, version and data digest, so that two prints can be told apart.
func mark(doc report.Document, digest string) string {
	parts := []string{doc.Report}
	if doc.Tenant != "" {
		parts = append(parts, doc.Tenant)
	}
	parts = append(parts, doc.Period.String(), version(doc))
	if digest != "" {
		parts = append(parts, put(wordsOf(doc.Locale).Data, digest))
	}
	return strings.Join(parts, " · ")
}

func version(doc report.Document) string {
	w := wordsOf(doc.Locale)
	if doc.Draft || doc.Version == 0 {
		return w.Draft
	}
	return put(w.Version, strconv.Itoa(doc.Version))
}

func shortDigest(doc report.Document) string {
	return doc.DataDigest[:min(len(doc.DataDigest), 8)]
}
