package format

import (
	"math"

	"github.com/monthend/monthend/report/format/page"
)

// cards draws figures side by side, as many as their longest leaves room for, all of one height a row.
func (p pdfPage) cards(cards []cardView) {
	const gap, pad = 8.0, 8.0
	columns, size := p.cardColumns(cards, gap, pad)
	width := (page.Inner - float64(columns-1)*gap) / float64(columns)
	p.Skip(sectionGap - 6)
	for from := 0; from < len(cards); from += columns {
		row := make([]laidCard, min(columns, len(cards)-from))
		height := 0.0
		for i := range row {
			row[i] = p.layCard(cards[from+i], width-2*pad)
			height = math.Max(height, row[i].height+2*pad)
		}
		if from > 0 {
			p.Skip(gap)
		}
		p.Room(height)
		for i, c := range row {
			x := page.Margin + float64(i)*(width+gap)
			p.Rect(x, p.Y, width, height, 6, inkCard)
			p.card(c, x+pad, p.Y+pad, width-2*pad, height-2*pad, size)
		}
		p.Y += height
	}
}

// cardColumns finds how many cards stand side by side, and the size of their figures: all alike, and each on one line.
func (p pdfPage) cardColumns(cards []cardView, gap, pad float64) (columns int, size float64) {
	const most, least = 14.0, 10.0
	widest := 0.0 // at one point
	for _, c := range cards {
		widest = math.Max(widest, p.Width(c.Value, page.Style{Size: 1, Weight: page.Bold}))
	}
	columns = len(cards)
	switch {
	case columns > 5 && columns%3 == 0 && columns < 12:
		columns = 3
	case columns > 5:
		columns = 4
	}
	for ; ; columns-- {
		room := (page.Inner-float64(columns-1)*gap)/float64(columns) - 2*pad
		if fits := room / math.Max(widest, 0.1); fits >= least || columns == 1 {
			return columns, math.Min(most, fits)
		}
	}
}

var (
	cardLabel  = page.Style{Size: 8, Ink: inkMuted}
	cardChange = page.Style{Size: 7.2, Ink: inkMuted}
)

// laidCard is a card whose lines are broken.
type laidCard struct {
	cardView
	label   []string
	changes [][]string // the lines of what stands behind each amount
	height  float64
}

const cardTrend = 20.0 // the height of a card's sparkline

func (p pdfPage) layCard(c cardView, width float64) laidCard {
	out := laidCard{cardView: c, label: p.Wrap(c.Label, width, cardLabel, 2)}
	out.height = float64(len(out.label))*10.5 + 19
	for _, change := range c.Changes {
		lines := p.Wrap(change.line(), width, cardChange, 3)
		out.changes = append(out.changes, lines)
		out.height += float64(len(lines)) * 10
	}
	if len(c.Changes) > 0 {
		out.height += 3
	}
	if c.Trend != nil {
		out.height += cardTrend + 5
	}
	return out
}

// line is a change in words; the amount is never broken.
func (c changeView) line() string {
	if c.Amount == "" {
		return c.Against
	}
	return c.Amount + " " + c.Against
}

func (p pdfPage) card(c laidCard, x, y, width, height, size float64) {
	foot := y + height
	for _, line := range c.label {
		p.Text(x, y+7, line, page.Left, cardLabel)
		y += 10.5
	}
	value := page.Style{Size: size, Weight: page.Bold, Ink: inkText}
	if c.Negative {
		value.Ink = inkBad
	}
	p.Text(x, y+14, c.Value, page.Left, value)
	y += 22
	for i, lines := range c.changes {
		for n, line := range lines {
			amount := c.Changes[i].Amount
			if n > 0 || amount == "" || len(line) < len(amount) {
				p.Text(x, y+7, line, page.Left, cardChange)
			} else {
				style := cardChange
				style.Weight, style.Ink = page.Bold, map[tone]page.Ink{neutral: inkText, good: inkGood, bad: inkBad}[c.Changes[i].Tone]
				at := p.Text(x, y+7, line[:len(amount)], page.Left, style)
				p.Text(x+at, y+7, line[len(amount):], page.Left, cardChange)
			}
			y += 10
		}
	}
	if c.Trend != nil {
		p.trend(c.Trend, x, foot-cardTrend, width, cardTrend) // side by side, whatever stands above
	}
}
