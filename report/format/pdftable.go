package format

import (
	"strings"

	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/report/format/page"
)

// tableSize is the size of the type in tables, in points; one with many columns goes smaller.
const tableSize = 8.5

func tableLook() page.Look {
	return page.Look{Size: tableSize, Ink: inkText, Muted: inkMuted, Band: inkBand}
}

// qualityLook is a little smaller: keys and counts are looked up, not read.
func qualityLook() page.Look {
	look := tableLook()
	look.Size = 8
	return look
}

var sides = map[report.Align]page.Side{report.AlignLeft: page.Left, report.AlignCenter: page.Center, report.AlignRight: page.Right}

// table draws the rows below the heading, which stays with the first of them.
func (p pdfPage) table(t *tableView) {
	columns := make([]page.Column, len(t.Head))
	for i, h := range t.Head {
		columns[i] = page.Column{Head: h.Text, Side: sides[h.Side], Wrap: !h.Figure}
	}
	var rows []page.Row
	add := func(kind page.RowKind, cells []cellView, under string) {
		row := page.Row{Kind: kind, Cells: make([]page.Cell, len(cells)), Under: under}
		for i, c := range cells {
			row.Cells[i] = p.cell(c)
			if c.Trend != nil {
				columns[i].Least = 60
			}
		}
		rows = append(rows, row)
	}
	for _, g := range t.Groups {
		under := ""
		if g.Heading != "" {
			under = put(p.Words.Continued, g.Heading)
			rows = append(rows, page.Row{Kind: page.Heading, Cells: []page.Cell{{Text: g.Heading}}})
		}
		for _, cells := range g.Rows {
			add(page.Plain, cells, under)
		}
		if g.Subtotal != nil {
			add(page.Sum, g.Subtotal, under)
		}
	}
	if len(rows) == 0 {
		rows = append(rows, page.Row{Kind: page.Heading, Cells: []page.Cell{{Text: p.Words.NoRows, Ink: &inkMuted}}})
	}
	if t.Rest != nil {
		add(page.Plain, t.Rest, "")
	}
	if t.Total != nil {
		add(page.Total, t.Total, "")
	}
	p.Skip(sectionGap)
	p.Table(columns, rows, tableLook(), headingHeight, func() { p.heading(t.Title) })
}

func (p pdfPage) cell(c cellView) page.Cell {
	out := page.Cell{Text: c.Text}
	if c.Negative {
		out.Ink = &inkBad
	}
	if t := c.Trend; t != nil {
		out.Text = ""
		out.Draw = func(x, y, width, height float64) { p.trend(t, x, y, width, height) }
	}
	return out
}

// quality draws the verdict, every rule, the rows that break them as far as they are shown, and the counts.
func (p pdfPage) quality(q *qualityView) {
	w := p.Words
	p.Skip(sectionGap)
	head := func() {
		p.heading(w.Quality)
		p.verdict(q)
	}
	if len(q.Rules) == 0 {
		p.Room(headingHeight + 60)
		head()
	} else {
		columns := []page.Column{
			{Head: w.Rule, Wrap: true}, {Head: w.Severity, Wrap: true}, {Head: w.RowsOf, Wrap: true}, {Head: w.Broken, Side: page.Right}, {Head: w.FirstOf, Wrap: true},
		}
		rows := make([]page.Row, len(q.Rules))
		for i, r := range q.Rules {
			severity := page.Cell{Text: r.Severity}
			switch {
			case r.Broken && r.Warning:
				severity.Ink = &inkWarn
			case r.Broken:
				severity.Ink = &inkBad
			}
			rows[i].Cells = []page.Cell{{Text: r.Rule}, severity, {Text: r.On}, {Text: r.Rows}, {Text: r.found(), Ink: &inkMuted}}
		}
		p.Table(columns, rows, qualityLook(), headingHeight+30, head)
	}
	for _, o := range q.Offending {
		columns := make([]page.Column, len(o.Head))
		for i, head := range o.Head {
			columns[i] = page.Column{Head: head, Wrap: true}
		}
		rows := make([]page.Row, len(o.Rows))
		for i, texts := range o.Rows {
			for _, text := range texts {
				rows[i].Cells = append(rows[i].Cells, page.Cell{Text: text})
			}
		}
		p.captioned(o.Title, columns, rows)
	}
	if len(q.Tables) > 0 {
		columns := []page.Column{
			{Head: w.Extract, Wrap: true}, {Head: w.Extracted, Side: page.Right}, {Head: w.Valid, Side: page.Right}, {Head: w.Quarantined, Side: page.Right},
		}
		rows := make([]page.Row, len(q.Tables))
		for i, t := range q.Tables {
			rows[i].Cells = []page.Cell{{Text: t.Name}, {Text: t.Extracted}, {Text: t.Valid}, {Text: t.Rejected}}
		}
		p.captioned(w.Rows, columns, rows)
	}
}

// captioned draws a table with a quiet line above it.
func (p pdfPage) captioned(caption string, columns []page.Column, rows []page.Row) {
	const height = 14.0
	p.Skip(12)
	p.Table(columns, rows, qualityLook(), height, func() {
		style := page.Style{Size: 8, Ink: inkMuted}
		p.Text(page.Margin, p.Y+8, p.Fit(caption, page.Inner, style), page.Left, style)
		p.Y += height
	})
}

// found is what stands beside a rule: its finding, or the keys of the first rows that break it.
func (r ruleView) found() string {
	text := r.Finding + strings.Join(r.Keys, ", ")
	if r.More != "" {
		text = strings.TrimSpace(text + " " + r.More)
	}
	return text
}

// verdict draws whether the data passed, and why, beside a pill of its colour.
func (p pdfPage) verdict(q *qualityView) {
	word, ink, paper := p.Words.Passed, inkGood, inkPassed
	if q.Failed {
		word, ink, paper = p.Words.Failed, inkBad, inkFailed
	}
	pill := page.Style{Size: 8.5, Weight: page.Bold, Ink: ink}
	width := p.Width(word, pill) + 16
	p.Rect(page.Margin, p.Y, width, 15, 7.5, paper)
	p.Text(page.Margin+8, p.Y+10.5, word, page.Left, pill)
	text := page.Style{Size: 9, Ink: inkText}
	for _, line := range p.Wrap(q.Verdict, page.Inner-width-8, text, 6) {
		p.Text(page.Margin+width+8, p.Y+10.5, line, page.Left, text)
		p.Y += 13
	}
	p.Y += 10
}
