package format

import (
	"strings"

	"github.com/monthend/monthend/report"
)

// tableView is a table whose cells are written.
type tableView struct {
	Title, ID string
	Head      []cellView
	Groups    []groupView // at least one where there are rows; one without a heading where they are not grouped
	Rest      []cellView
	Total     []cellView
	Width     int
}

// groupView is rows under a heading.
type groupView struct {
	Heading  string
	Rows     [][]cellView
	Subtotal []cellView
}

type cellView struct {
	Text     string
	Side     report.Align // never AlignAuto
	Figure   bool         // never broken, digits under digits
	Negative bool
	Trend    *trendView // instead of the text
}

// trendView is a sparkline.
type trendView struct {
	Values report.Trend
	Locale report.Locale
}

// viewTable writes every cell by its column's style, sums with the same digits as what they sum.
func viewTable(doc report.Document, t *report.Table, id string) *tableView {
	out := &tableView{Title: report.Clean(t.Title), ID: id, Width: len(t.Columns)}
	styles, sides := make([]report.Style, len(t.Columns)), make([]report.Align, len(t.Columns))
	for i, c := range t.Columns {
		styles[i] = report.Style{Kind: t.Kinds[i], Format: c.Format, Scale: t.Scales[i], Currency: doc.Currency, Locale: doc.Locale}
		if sides[i] = c.Align; sides[i] == report.AlignAuto {
			sides[i] = report.AlignLeft
			if isFigure(t.Kinds[i]) {
				sides[i] = report.AlignRight
			}
		}
		out.Head = append(out.Head, cellView{Text: report.Clean(c.Label), Side: sides[i], Figure: isFigure(t.Kinds[i])})
	}
	row := func(values []any) []cellView {
		cells := make([]cellView, len(values))
		for i, v := range values {
			cells[i] = viewCell(v, styles[i])
			cells[i].Side = sides[i]
		}
		return cells
	}
	// In a sum nothing is missing where nothing is summed.
	sum := func(values []any) []cellView {
		if values == nil {
			return nil
		}
		cells := row(values)
		for i, v := range values {
			if v == nil {
				cells[i] = cellView{Side: sides[i], Figure: cells[i].Figure}
			}
			if _, name := v.(string); name {
				cells[i].Side = report.AlignLeft // whatever stands above it
			}
		}
		return cells
	}
	groups := t.Groups
	if groups == nil && len(t.Rows) > 0 {
		groups = []report.Group{{To: len(t.Rows)}}
	}
	for _, g := range groups {
		view := groupView{Subtotal: sum(g.Subtotal)}
		if t.Groups != nil {
			view.Heading = report.Clean(g.Label)
		}
		for _, values := range t.Rows[g.From:g.To] {
			view.Rows = append(view.Rows, row(values))
		}
		out.Groups = append(out.Groups, view)
	}
	out.Rest, out.Total = sum(t.Rest), sum(t.Total)
	return out
}

// viewCell is one value. A figure that is rounded to zero is not drawn as negative.
func viewCell(v any, style report.Style) cellView {
	if trend, ok := v.(report.Trend); ok && len(trend) > 0 {
		return cellView{Trend: &trendView{trend, style.Locale}}
	}
	cell := cellView{Text: report.Clean(report.FormatValue(v, style)), Figure: isFigure(style.Kind)}
	if _, text := v.(string); text {
		cell.Figure = false // the name of a sum
	}
	cell.Negative = strings.HasPrefix(cell.Text, report.Minus) && report.Negative(v)
	if v == nil || style.Kind == report.TrendKind {
		cell.Text = noValue
	}
	return cell
}

func isFigure(kind report.Kind) bool { return kind == report.Integer || kind == report.Decimal }
