package format

import (
	"io"
	"strconv"
	"strings"

	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/report/format/page"
)

// The colours of a page; the same roles as the style sheet of html has in light.
var (
	inkText   = page.Ink{R: 0x0f, G: 0x17, B: 0x2a}
	inkMuted  = page.Ink{R: 0x56, G: 0x65, B: 0x7a}
	inkLine   = page.Ink{R: 0xe2, G: 0xe8, B: 0xf0}
	inkBand   = page.Ink{R: 0xf8, G: 0xfa, B: 0xfc}
	inkCard   = page.Ink{R: 0xf1, G: 0xf5, B: 0xf9}
	inkAccent = page.Ink{R: 0x25, G: 0x63, B: 0xeb}
	inkBad    = page.Ink{R: 0xc8, G: 0x1e, B: 0x1e}
	inkWarn   = page.Ink{R: 0x9a, G: 0x4b, B: 0x06}
	inkGood   = page.Ink{R: 0x15, G: 0x80, B: 0x3d}
	inkNote   = page.Ink{R: 0xef, G: 0xf6, B: 0xff}
	inkDraft  = page.Ink{R: 0xfe, G: 0xf3, B: 0xc7}
	inkPassed = page.Ink{R: 0xdc, G: 0xfc, B: 0xe7}
	inkFailed = page.Ink{R: 0xfe, G: 0xe2, B: 0xe2}
)

// sectionGap is the distance between blocks, in points.
const sectionGap = 26.0

// pdfPage draws one document.
type pdfPage struct {
	*page.Book
	view
}

// drawPDF writes a file that prints as it looks: A4, embedded fonts, vector charts. It is not a tagged PDF: the html file is the one
// for readers who do not see.
func drawPDF(w io.Writer, doc report.Document) error {
	v := newView(doc)
	book, err := page.New(page.Options{
		Title: v.Title + ", " + v.Period, Author: v.Company, Subject: v.Period, Keywords: v.Mark, Language: v.Language, Date: doc.Period.First(),
	})
	if err != nil {
		return err
	}
	p := pdfPage{book, v}
	p.head()
	for _, b := range v.Blocks {
		switch {
		case b.Cards != nil:
			p.cards(b.Cards)
		case b.Chart != nil:
			p.chart(b.Chart)
		case b.Table != nil:
			p.table(b.Table)
		case b.Quality != nil:
			p.quality(b.Quality)
		case b.PageBreak:
			if !p.Fresh() {
				p.Break()
			}
		default:
			p.text(b.Paragraphs)
		}
	}
	p.replacements()
	p.Pages(func(number, of int) {
		p.foot(number, of)
		if p.Draft {
			p.Stamp(p.Words.DraftMark, inkBad)
		}
	})
	return p.Write(w)
}

// head draws the title block: whose figures these are, which month, and what a reader must know before reading them.
func (p pdfPage) head() {
	p.Bookmark(p.Title, 0)
	muted := page.Style{Size: 9, Ink: inkMuted}
	if p.Company != "" {
		p.Text(page.Margin, p.Y+8, p.Fit(p.Company, page.Inner, muted), page.Left, muted)
		p.Y += 13
	}
	period := page.Style{Size: 20, Ink: inkAccent}
	title := page.Style{Size: 20, Weight: page.Bold, Ink: inkText}
	room := page.Inner - p.Width(p.Period, period) - 18
	lines := p.Wrap(p.Title, room, title, 3)
	p.Text(page.Margin+page.Inner, p.Y+20, p.Period, page.Right, period)
	for _, line := range lines {
		p.Text(page.Margin, p.Y+20, line, page.Left, title)
		p.Y += 25
	}
	p.Y += 4
	for _, text := range []string{p.About, p.Compared} {
		if text != "" {
			p.lines(text, page.Inner, muted)
		}
	}
	p.Y += 4
	if p.Draft {
		p.note(p.Words.DraftTitle, p.Words.DraftNote, inkDraft)
	}
	if p.Restated != "" {
		p.note(p.Words.Restated, p.Restated, inkNote)
	}
	p.Y += 4
}

// lines draws a text in lines of a width, each with room on the page.
func (p pdfPage) lines(text string, width float64, style page.Style) {
	for _, line := range p.Wrap(text, width, style, 0) {
		p.Room(style.Size * 1.4)
		p.Text(page.Margin, p.Y+style.Size, line, page.Left, style)
		p.Y += style.Size * 1.4
	}
}

// note draws a box with a word that says what it is about.
func (p pdfPage) note(word, text string, ink page.Ink) {
	style := page.Style{Size: 9, Ink: inkText}
	bold := style
	bold.Weight = page.Bold
	indent := p.Width(word, bold) + 5
	lines := p.Wrap(text, page.Inner-24-indent, style, 8)
	height := float64(len(lines))*13 + 11
	p.Y += 6
	p.Rect(page.Margin, p.Y, page.Inner, height, 6, ink)
	p.Text(page.Margin+12, p.Y+15, word, page.Left, bold)
	for i, line := range lines {
		p.Text(page.Margin+12+indent, p.Y+15+float64(i)*13, line, page.Left, style)
	}
	p.Y += height + 2
}

// headingHeight is what heading takes, in points.
const headingHeight = 21.0

// heading draws the title of a block, and puts it into the outline.
func (p pdfPage) heading(title string) {
	p.Bookmark(title, 1)
	style := page.Style{Size: 12, Weight: page.Bold, Ink: inkText}
	p.Text(page.Margin, p.Y+11, p.Fit(title, page.Inner, style), page.Left, style)
	p.Y += headingHeight
}

// text draws paragraphs in lines that are not too long to be read.
func (p pdfPage) text(paragraphs []string) {
	style := page.Style{Size: 9.5, Ink: inkText}
	p.Skip(sectionGap)
	for i, paragraph := range paragraphs {
		if i > 0 {
			p.Skip(6)
		}
		p.lines(paragraph, page.Inner*0.92, style)
	}
}

// replacements says which characters no font has, so that a reader knows what is not seen here and where it is.
func (p pdfPage) replacements() {
	const most = 24
	var codes []string
	for i, r := range p.Replaced() {
		if i == most {
			codes = append(codes, "…")
			break
		}
		codes = append(codes, "U+"+strings.ToUpper(leading(strconv.FormatInt(int64(r), 16))))
	}
	if codes == nil {
		return
	}
	style := page.Style{Size: 8, Ink: inkMuted}
	p.Skip(sectionGap)
	p.Room(24)
	p.lines(put(p.Words.Replaced, string(page.Replacement), strings.Join(codes, ", ")), page.Inner, style)
}

// leading fills a code point up to four digits.
func leading(hex string) string { return strings.Repeat("0", max(0, 4-len(hex))) + hex }

// foot draws what identifies the file, and the number of the page.
func (p pdfPage) foot(number, of int) {
	style := page.Style{Size: 8, Ink: inkMuted}
	y := page.Height - 40
	p.Line(page.Point{X: page.Margin, Y: y}, page.Point{X: page.Margin + page.Inner, Y: y}, 0.5, inkLine)
	pages := put(p.Words.Page, strconv.Itoa(number), strconv.Itoa(of))
	p.Text(page.Margin+page.Inner, y+13, pages, page.Right, style)
	p.Text(page.Margin, y+13, p.Fit(p.Mark, page.Inner-p.Width(pages, style)-20, style), page.Left, style)
}
