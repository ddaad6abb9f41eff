package format

import (
	"html/template"
	"strings"
	"unicode/utf8"

	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/report/chart"
)

// The views are the blocks as the template takes them; exactly one field of blockView is set.
type blockView struct {
	Cards      []cardView
	Size       string // of the cards' figures
	Chart      *chartView
	Table      *tableView
	Paragraphs []string
	Quality    bool
}

type cardView struct {
	Label, Value string
	Negative     bool
}

type chartView struct {
	Title, ID    string
	Wide, Narrow template.HTML
}

type tableView struct {
	Title, ID string
	Head      []cellView
	Rows      [][]cellView
	Total     []cellView
	Width     int
}

type cellView struct {
	Text     string
	Figure   bool // right-aligned, digits under digits
	Negative bool
}

// placedCell is a cell and whether it names its row.
type placedCell struct {
	cellView
	First bool
}

func placeCell(i int, c cellView) placedCell { return placedCell{c, i == 0} }

// noValue stands where there is none; an empty cell would look forgotten.
const noValue = "—"

// viewBlock turns one block into its view. Every text passes Clean on the way; the template escapes it.
func viewBlock(doc report.Document, b report.Block, id string) blockView {
	switch b := b.(type) {
	case *report.KPIs:
		var cards []cardView
		for _, card := range b.Cards {
			style := report.Style{Kind: card.Kind, Format: card.Format, Scale: card.Scale, Currency: doc.Currency}
			cell := viewCell(card.Value, style)
			cards = append(cards, cardView{report.Clean(card.Label), cell.Text, cell.Negative})
		}
		return blockView{Cards: cards, Size: cardSize(cards)}
	case *report.Chart:
		return blockView{Chart: &chartView{
			Title: report.Clean(b.Title), ID: id,
			Wide:   template.HTML(chart.SVG(*b, wideChart, id+"w")), // chart escapes every text
			Narrow: template.HTML(chart.SVG(*b, narrowChart, id+"n")),
		}}
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
		return blockView{Quality: true}
	}
	return blockView{}
}

// cardSize is one size for all cards of a row, so that the longest figure stays on one line beside five others.
func cardSize(cards []cardView) string {
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

// viewTable writes every cell by its column's style, the total with the same digits as what it sums.
func viewTable(doc report.Document, t *report.Table, id string) *tableView {
	out := &tableView{Title: report.Clean(t.Title), ID: id, Width: len(t.Columns)}
	styles := make([]report.Style, len(t.Columns))
	for i, c := range t.Columns {
		styles[i] = report.Style{Kind: t.Kinds[i], Format: c.Format, Scale: t.Scales[i], Currency: doc.Currency}
		out.Head = append(out.Head, cellView{Text: report.Clean(c.Label), Figure: isFigure(t.Kinds[i])})
	}
	row := func(values []any) []cellView {
		cells := make([]cellView, len(values))
		for i, v := range values {
			cells[i] = viewCell(v, styles[i])
		}
		return cells
	}
	for _, values := range t.Rows {
		out.Rows = append(out.Rows, row(values))
	}
	if t.Total != nil {
		out.Total = row(t.Total)
		for i, v := range t.Total {
			if v == nil {
				out.Total[i].Text = "" // nothing is summed here, so nothing is missing
			}
		}
	}
	return out
}

// viewCell is one value. A figure that is rounded to zero is not drawn as negative.
func viewCell(v any, style report.Style) cellView {
	cell := cellView{Text: report.Clean(report.FormatValue(v, style)), Figure: isFigure(style.Kind)}
	cell.Negative = strings.HasPrefix(cell.Text, report.Minus) && report.Negative(v)
	if v == nil {
		cell.Text = noValue
	}
	return cell
}

func isFigure(kind report.Kind) bool { return kind == report.Integer || kind == report.Decimal }
