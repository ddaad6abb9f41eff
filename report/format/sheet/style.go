package sheet

import "strconv"

// Style is how a cell looks. Colours are six hex digits; the zero Style is plain.
type Style struct {
	Bold, Italic bool
	Size         float64 // in points; 0 is the workbook's
	Color        string  // of the text
	Fill         string
	Format       string // a number format, such as #,##0.00; "" is General
	Align        Align
	Vertical     Align
	Indent       int
	Wrap         bool
	Top, Bottom  Line
	quoted       bool // the text stays one when somebody edits it
}

// Align is the side that a cell's content stands at.
type Align string

// The alignments; Top and Bottom are vertical. The zero Align leaves it to the reader.
const (
	Left   Align = "left"
	Right  Align = "right"
	Center Align = "center"
	Top    Align = "top"
	Bottom Align = "bottom"
)

// Line is the border on one side of a cell.
type Line struct {
	Weight string // thin, medium or double; "" is none
	Color  string
}

// StyleID is a style of one workbook. 0 is the plain one.
type StyleID int

// The font of every cell: one that each office has, or has in equal measures.
const (
	fontName = "Arial"
	fontSize = 10
)

// Style gives the number of a style; equal styles have one number.
func (b *Book) Style(s Style) StyleID { return b.styles.id(s) }

func (s Style) font() string {
	size := s.Size
	if size == 0 {
		size = fontSize
	}
	out := "<font>"
	if s.Bold {
		out += "<b/>"
	}
	if s.Italic {
		out += "<i/>"
	}
	out += `<sz val="` + strconv.FormatFloat(size, 'f', -1, 64) + `"/>`
	if s.Color != "" {
		out += `<color rgb="FF` + escape(s.Color) + `"/>`
	}
	return out + `<name val="` + fontName + `"/><family val="2"/></font>`
}

func (s Style) fill() string {
	if s.Fill == "" {
		return `<fill><patternFill patternType="none"/></fill>`
	}
	return `<fill><patternFill patternType="solid"><fgColor rgb="FF` + escape(s.Fill) + `"/><bgColor indexed="64"/></patternFill></fill>`
}

func (s Style) border() string {
	return "<border><left/><right/>" + s.Top.xml("top") + s.Bottom.xml("bottom") + "<diagonal/></border>"
}

func (l Line) xml(side string) string {
	if l.Weight == "" {
		return "<" + side + "/>"
	}
	return "<" + side + ` style="` + escape(l.Weight) + `"><color rgb="FF` + escape(l.Color) + `"/></` + side + ">"
}
