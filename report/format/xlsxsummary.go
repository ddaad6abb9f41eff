package format

import (
	"math"
	"strings"

	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/report/format/sheet"
)

// The summary stands on a grid of cards: two columns a card, a narrow one between two.
const (
	cardColumns = 3
	fewestCards = 4
	mostCards   = 5 // beside each other
	gapWidth    = 1.5
)

// summary is the sheet that is opened first.
type summary struct {
	*workbook
	grid
	chart int // the next one
	trend int // the next sparkline
	wide  int64
}

func (x *workbook) drawSummary() error {
	cards := fewestCards
	for _, b := range x.doc.Blocks {
		if kpis, ok := b.(*report.KPIs); ok {
			cards = max(cards, perRow(len(kpis.Cards)))
		}
	}
	s := &summary{workbook: x, grid: grid{columns: cards*cardColumns - 1, page: x.paper(x.doc.Title)}}
	s.page.Plain, s.page.Front, s.page.Colour = true, true, blueColor
	figure, words := s.cardWidths()
	for i := range s.columns {
		s.page.Widths = append(s.page.Widths, []float64{figure, words, gapWidth}[i%cardColumns])
	}
	s.block()
	s.masthead()
	for _, b := range x.doc.Blocks {
		if _, ok := b.(*report.PageBreak); ok {
			s.forced = append(s.forced, len(s.rows))
			continue
		}
		s.block()
		s.draw(b)
	}
	s.block()
	s.contents()
	s.block()
	s.notes()
	return s.write(x.summary)
}

// perRow spreads cards evenly over as many rows as they need.
func perRow(cards int) int {
	rows := max(1, (cards+mostCards-1)/mostCards)
	return (cards + rows - 1) / rows
}

func (s *summary) style(style sheet.Style) sheet.StyleID { return s.book.Style(style) }

// masthead says whose figures these are, of which month, and which edition of them.
func (s *summary) masthead() {
	doc := s.doc
	if doc.Company != "" {
		s.add(0)
		s.text(0, s.style(sheet.Style{Color: mutedColor}), doc.Company)
	}
	s.add(28)
	s.text(0, s.style(sheet.Style{Bold: true, Size: 20, Color: inkColor, Vertical: sheet.Center}), doc.Title)
	s.add(22)
	s.text(0, s.style(sheet.Style{Size: 15, Color: blueColor, Vertical: sheet.Center}), doc.Locale.Month(doc.Period))
	about := []string{put(s.words.About, doc.Currency), version(doc)}
	if doc.Tenant != "" {
		about = append(about, doc.Tenant)
	}
	if digest := shortDigest(doc); digest != "" {
		about = append(about, put(s.words.Data, digest))
	}
	s.add(0)
	s.text(0, s.look.muted, strings.Join(about, " · "))
	if doc.Draft {
		s.add(18)
		s.text(0, s.style(sheet.Style{Bold: true, Color: badColor, Vertical: sheet.Center}), s.words.DraftTitle+" "+s.words.DraftNote)
	}
	if doc.Restatement != "" {
		s.add(4)
		s.wrapped(0, s.style(sheet.Style{Fill: "EFF6FF", Wrap: true, Vertical: sheet.Center}), s.words.Restated+" "+doc.Restatement)
	}
	s.add(0)
}

func (s *summary) draw(b report.Block) {
	switch b := b.(type) {
	case *report.KPIs:
		s.cards(b.Cards)
	case *report.Chart:
		s.place(b)
	case *report.Paragraph:
		for _, text := range paragraphs(b.Text) {
			s.wrapped(0, s.style(sheet.Style{Wrap: true, Vertical: sheet.Top}), text)
		}
		s.add(0)
	case *report.Quality:
		s.verdict()
	}
}

// paragraphs are parted by empty lines.
func paragraphs(text string) []string {
	var out []string
	for _, p := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n") {
		if p = strings.TrimSpace(report.Clean(p)); p != "" {
			out = append(out, p)
		}
	}
	return out
}

// place leaves rows free for a chart and puts it there.
func (s *summary) place(c *report.Chart) {
	if len(c.Labels) == 0 || len(c.Series) == 0 {
		s.add(0)
		s.text(0, s.style(sheet.Style{Bold: true}), c.Title)
		s.add(0)
		s.text(0, s.look.muted, s.words.NoRows)
		s.add(0)
		return
	}
	rows := 15
	bars := float64(len(c.Labels))
	switch c.Kind {
	case report.BarChart:
		rows = int(math.Ceil(4 + bars*(0.6+0.6*float64(len(c.Series)))))
	case report.StackedBarChart:
		rows = int(math.Ceil(5 + bars*1.3))
	}
	rows = min(max(rows, 8), 30) // a printed page
	first := len(s.rows)
	for range rows {
		s.add(0)
	}
	s.page.Charts = append(s.page.Charts, s.native(s.chart, sheet.Area{Row: first, LastRow: s.at(), LastColumn: s.columns - 1}))
	s.chart++
	s.add(0)
}

// verdict is the sentence on the rules; the sheet on them is one step away.
func (s *summary) verdict() {
	word, color := s.words.Passed, goodColor
	if s.doc.Validation.Failed {
		word, color = s.words.Failed, badColor
	}
	s.add(0)
	s.text(0, s.style(sheet.Style{Bold: true, Color: inkColor}), s.words.Quality)
	s.wrapped(1, s.style(sheet.Style{Wrap: true, Vertical: sheet.Top}), verdictIn(s.doc.Validation, s.doc.Locale))
	s.text(0, s.style(sheet.Style{Bold: true, Color: color, Vertical: sheet.Top}), word)
	s.add(0)
}

// contents lists the other sheets, each a link.
func (s *summary) contents() {
	s.add(0)
	s.text(0, s.style(sheet.Style{Bold: true, Color: inkColor}), s.own.sheets)
	s.put(cardColumns, s.style(sheet.Style{Color: mutedColor, Align: sheet.Right, Indent: 1}), s.words.Rows, report.Text)
	link := s.style(sheet.Style{Color: blueColor})
	figure := s.look.cell(sheet.Style{Color: mutedColor}, report.Integer, report.FormatInteger, 0, report.AlignAuto)
	for _, d := range s.sheets {
		for i, tab := range d.tabs {
			s.add(0)
			s.text(0, link, tab.Name())
			if d.rows != nil {
				s.put(cardColumns, figure, d.rows[i], report.Integer)
			}
			s.page.Links = append(s.page.Links, sheet.Link{Cell: sheet.Cell(s.at(), 0), To: tab})
		}
	}
	s.add(0)
}

// notes say what the sheets do not hold as it was, and how to read them.
func (s *summary) notes() {
	stat := s.book.Stat()
	var list []string
	for _, n := range []struct {
		count int64
		text  string
	}{{stat.Wide + s.wide, s.own.wide}, {stat.Cut, s.own.cut}, {stat.Replaced, s.own.replaced}, {stat.Undated, s.own.undated}} {
		if n.count > 0 {
			list = append(list, put(n.text, countIn(s.doc.Locale, n.count)))
		}
	}
	if s.clocks != "" {
		list = append(list, put(s.own.clocks, s.clocks))
	}
	if len(list) == 0 {
		return
	}
	s.add(0)
	s.text(0, s.style(sheet.Style{Bold: true, Color: inkColor}), s.own.notes)
	for _, text := range list {
		s.wrapped(0, s.style(sheet.Style{Color: mutedColor, Wrap: true, Vertical: sheet.Top}), text)
	}
}
