package format

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"
	"strings"
	"unicode/utf8"

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

// htmlPage is what the template takes.
type htmlPage struct {
	view
	Style  template.CSS
	Policy string
}

// htmlFuncs are what the template cannot do itself. chart escapes every text.
var htmlFuncs = template.FuncMap{
	"quality":   func(w words, q *qualityView) placedQuality { return placedQuality{q, w} },
	"cell":      placeCell,
	"size":      valueSize,
	"wide":      func(c *chartView) template.HTML { return template.HTML(chart.SVG(c.Data, wideChart, c.ID+"w")) },
	"narrow":    func(c *chartView) template.HTML { return template.HTML(chart.SVG(c.Data, narrowChart, c.ID+"n")) },
	"cardTrend": func(t *trendView) template.HTML { return t.svg(130, 26) },
	"cellTrend": func(t *trendView) template.HTML { return t.svg(84, 16) },
}

// svg draws a sparkline in CSS pixels.
func (t *trendView) svg(width, height float64) template.HTML {
	return template.HTML(chart.SparkSVG(t.Values, t.Locale, width, height))
}

// valueSize is one size for all cards of a row, so that the longest figure stays on one line beside five others.
func valueSize(cards []cardView) string {
	longest := 0
	for _, card := range cards {
		longest = max(longest, utf8.RuneCountInString(card.Value))
	}
	switch {
	case longest <= 10:
		return "large"
	case longest <= 14:
		return "medium"
	}
	return "small"
}

// placedQuality is the section on the rules with the words around it.
type placedQuality struct {
	*qualityView
	Words words
}

// placedCell is a cell and whether it names its row.
type placedCell struct {
	cellView
	First bool
}

func placeCell(i int, c cellView) placedCell { return placedCell{cellView: c, First: i == 0} }

// Class is the class attribute of the cell.
func (c cellView) Class() string {
	var names []string
	switch c.Side {
	case report.AlignRight:
		names = append(names, "r")
	case report.AlignCenter:
		names = append(names, "m")
	}
	if c.Figure {
		names = append(names, "n")
	}
	if c.Negative {
		names = append(names, "negative")
	}
	if !c.Figure && longWord(c.Text) {
		names = append(names, "long")
	}
	return strings.Join(names, " ")
}

// longest is the most letters of a word that a table is made wider for.
const longest = 28

// longWord reports whether a text has a word that would push the figures beside it out of sight, and on paper off the page. The scripts
// of East Asia break between any two letters.
func longWord(text string) bool {
	n := 0
	for _, r := range text {
		if n++; r == ' ' || r == '-' || r >= 0x2e80 {
			n = 0
		}
		if n > longest {
			return true
		}
	}
	return false
}

// drawHTML writes one file that needs nothing else: no script, no font, no picture from elsewhere.
func drawHTML(w io.Writer, doc report.Document) error {
	t, err := template.New("report").Funcs(htmlFuncs).Parse(htmlTemplate)
	if err != nil {
		return err
	}
	p := htmlPage{view: newView(doc)}
	p.Style = template.CSS("\n" + htmlStyle + chart.CSS + pageRule(p.Mark))
	sum := sha256.Sum256([]byte(p.Style))
	// The page may use its own style sheet and nothing else, whatever its data says.
	p.Policy = "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	return t.Execute(w, p)
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
