package format

import (
	"strings"

	"github.com/shopspring/decimal"

	"github.com/monthend/monthend/report"
)

// cardView is one figure and how it has changed.
type cardView struct {
	Label, Value string
	Figure       bool // never broken
	Negative     bool
	Changes      []changeView
	Trend        *trendView
}

// changeView is a change against another month.
type changeView struct {
	Amount  string // +4.2%
	Against string // vs Feb 2026
	Tone    tone
}

// tone is whether a change is news, and which.
type tone string

const (
	neutral tone = ""
	good    tone = "good"
	bad     tone = "bad"
)

func viewCards(doc report.Document, b *report.KPIs) []cardView {
	var out []cardView
	for _, card := range b.Cards {
		cell := viewCell(card.Value, cardStyle(doc, card))
		view := cardView{Label: report.Clean(card.Label), Value: cell.Text, Figure: cell.Figure, Negative: cell.Negative}
		if len(card.Trend) > 0 {
			view.Trend = &trendView{card.Trend, doc.Locale}
		}
		for _, c := range card.Changes {
			view.Changes = append(view.Changes, viewChange(doc, card, c))
		}
		out = append(out, view)
	}
	return out
}

func cardStyle(doc report.Document, card report.KPI) report.Style {
	return report.Style{Kind: card.Kind, Format: card.Format, Scale: card.Scale, Currency: doc.Currency, Locale: doc.Locale}
}

// viewChange writes a change as a share where that says something, else as a difference, and says where there is none.
func viewChange(doc report.Document, card report.KPI, c report.Change) changeView {
	w := wordsOf(doc.Locale)
	// A month is one word to a line that breaks.
	month := strings.ReplaceAll(doc.Locale.ShortMonth(c.Period), " ", "\u00a0")
	difference, ok := c.Difference.(decimal.Decimal)
	if !ok {
		return changeView{Against: put(w.Missing, month)}
	}
	out := changeView{Against: strings.ReplaceAll(put(w.Against, month), " ", "\u00a0")}
	if saysUnpublished(doc, c) {
		out.Against += ", " + w.Unpublished
	}
	ratio, share := c.Ratio.(decimal.Decimal)
	switch {
	case difference.IsZero():
		out.Amount = w.Unchanged
		return out
	case share:
		out.Amount = signed(difference, doc.Locale.Percent(ratio, 1))
	case card.Format == report.FormatPercent:
		out.Amount = signed(difference, doc.Locale.Figure(difference.Shift(2), 2)) + "\u00a0" + w.Points
	default:
		out.Amount = signed(difference, report.FormatValue(difference, cardStyle(doc, card)))
	}
	if card.Better != report.AnyDirection {
		out.Tone = bad
		if difference.IsPositive() == (card.Better == report.Higher) {
			out.Tone = good
		}
	}
	return out
}

// signed puts a plus before a rise; a fall has its minus.
func signed(d decimal.Decimal, text string) string {
	if d.IsPositive() {
		return "+" + text
	}
	return text
}
