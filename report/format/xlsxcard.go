package format

import (
	"strings"

	"github.com/shopspring/decimal"

	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/report/format/sheet"
)

// The measures of cards, in digits of the workbook's font.
const (
	cardFigure = 9.0  // the column of the changes, at least
	cardWhole  = 24.0 // both columns, at least
	cardMost   = 46.0
	figureSize = 14.0 // of the figure, in points
)

// cardWidths are those of a card's two columns, one pair for all cards. Both together hold the longest figure, which would be
// shown as #### otherwise, the first one the longest change and the second the month that it is against.
func (s *summary) cardWidths() (figure, words float64) {
	figure, whole := cardFigure, cardWhole
	for _, b := range s.doc.Blocks {
		kpis, ok := b.(*report.KPIs)
		if !ok {
			continue
		}
		for _, card := range kpis.Cards {
			style := report.Style{Kind: card.Kind, Format: card.Format, Scale: card.Scale, Currency: s.doc.Currency}
			whole = max(whole, textWidth(report.FormatValue(card.Value, style))*figureSize/10+3)
			for _, c := range card.Changes {
				if !c.Missing() && c.Ratio == nil {
					figure = max(figure, textWidth(report.FormatValue(c.Difference, style))+3)
				}
				words = max(words, 0.85*textWidth(s.against(c))+1)
			}
		}
	}
	return figure, min(max(words, whole-figure), cardMost)
}

// cards draws rows of cards: what it is, the figure as a number, and how it has changed.
func (s *summary) cards(cards []report.KPI) {
	per := perRow(len(cards))
	for len(cards) > 0 {
		n := min(per, len(cards))
		s.cardRow(cards[:n])
		cards = cards[n:]
		s.add(6)
	}
	s.add(8)
}

func (s *summary) cardRow(cards []report.KPI) {
	changes := 0
	trends := false
	for _, card := range cards {
		changes = max(changes, len(card.Changes))
		trends = trends || len(card.Trend) > 0
	}
	face := sheet.Style{Fill: cardColor, Indent: 1, Align: sheet.Left, Vertical: sheet.Center}
	blank := s.style(face)
	line := func(height float64, write func(at int, card report.KPI)) {
		s.add(height)
		for i, card := range cards {
			at := i * cardColumns
			s.put(at, blank, nil, report.Text)
			s.put(at+1, blank, nil, report.Text)
			write(at, card)
		}
	}
	line(20, func(at int, card report.KPI) {
		style := face
		style.Color, style.Vertical = mutedColor, sheet.Bottom
		s.text(at, s.style(style), card.Label)
		s.merge(at, at+1)
	})
	line(24, func(at int, card report.KPI) {
		style := face
		style.Bold, style.Size, style.Color = true, figureSize, inkColor
		style.Format = s.look.numbers(card.Kind, card.Format, card.Scale)
		if !representable(card.Value) {
			s.wide++
		}
		v := card.Value
		if text, ok := v.(string); ok {
			v = report.Clean(text)
		}
		if v == nil {
			v = noValue
		}
		s.put(at, s.style(style), v, card.Kind)
		s.merge(at, at+1)
	})
	for n := range changes {
		line(16, func(at int, card report.KPI) {
			if n < len(card.Changes) {
				s.change(at, card, card.Changes[n], face)
			}
		})
	}
	if trends {
		line(24, func(at int, card report.KPI) {
			if len(card.Trend) > 0 {
				s.spark(at, card)
				s.merge(at, at+1)
			}
		})
	}
	line(6, func(int, report.KPI) {})
}

// change writes by how much a figure has changed, as a number, and against which month.
func (s *summary) change(at int, card report.KPI, c report.Change, face sheet.Style) {
	words := face
	words.Color, words.Size, words.Indent = mutedColor, 9, 0
	if c.Missing() {
		words.Indent = 1
		s.text(at, s.style(words), s.against(c))
		s.merge(at, at+1)
		return
	}
	figure := face
	figure.Size, figure.Color = 9, changeColor(card, c)
	v := c.Ratio
	switch {
	case v != nil:
		figure.Format = "+0.0%;-0.0%;0.0%"
	case card.Format == report.FormatPercent:
		v = c.Difference.(decimal.Decimal).Shift(2)
		figure.Format = strings.ReplaceAll(`+0.00" pp";-0.00" pp";0.00" pp"`, "pp", strings.ReplaceAll(s.words.Points, `"`, ""))
	default:
		v = c.Difference
		form := "#,##0"
		if card.Format == report.FormatMoney {
			form = digits(form, report.MinorUnits(s.doc.Currency))
		} else if card.Kind == report.Decimal && card.Format != report.FormatInteger {
			form = digits(form, card.Scale)
		}
		figure.Format = "+" + form + ";-" + form + ";" + form
	}
	s.put(at, s.style(figure), v, report.Decimal)
	s.text(at+1, s.style(words), s.against(c))
}

// against names the month that a figure is compared with.
func (s *summary) against(c report.Change) string {
	month := s.doc.Locale.ShortMonth(c.Period)
	switch {
	case c.Missing():
		return put(s.words.Missing, month)
	case c.Version == 0: // the head of a workbook does not name the months
		return put(s.words.Against, month) + ", " + s.words.Unpublished
	}
	return put(s.words.Against, month)
}

// changeColor is that of good news or bad, where the card knows which is which.
func changeColor(card report.KPI, c report.Change) string {
	d, ok := c.Difference.(decimal.Decimal)
	if !ok || d.IsZero() || card.Better == report.AnyDirection {
		return inkColor
	}
	if d.IsPositive() == (card.Better == report.Higher) {
		return goodColor
	}
	return badColor
}

// spark draws the card's trend into the current row.
func (s *summary) spark(at int, card report.KPI) {
	n := s.trend
	s.trend++
	column := s.points.trend + n
	s.page.Sparks = append(s.page.Sparks, sheet.Spark{
		Cell: sheet.Cell(s.at(), at), On: s.points.tab,
		Values: sheet.Area{Row: 1, Column: column, LastRow: len(card.Trend), LastColumn: column},
	})
}
