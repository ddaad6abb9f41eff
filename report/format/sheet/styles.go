package sheet

import (
	"strconv"
	"strings"
)

// styles are the styles in the order of their first use, and the fonts, fills, borders and formats they are made of.
type styles struct {
	list                    []Style
	ids                     map[Style]StyleID
	quoted                  []StyleID // the quoted twin of each, or 0
	fonts, fills, borders   pool
	formats                 pool
	font, fill, border, fmt []int // of each style
}

// pool numbers texts in the order of their first use.
type pool struct {
	list []string
	at   map[string]int
}

func (p *pool) add(s string) int {
	i, ok := p.at[s]
	if !ok {
		if p.at == nil {
			p.at = map[string]int{}
		}
		i = len(p.list)
		p.at[s], p.list = i, append(p.list, s)
	}
	return i
}

func newStyles() styles {
	s := styles{ids: map[Style]StyleID{}}
	// The first two fills are reserved by the format.
	s.fills.add(`<fill><patternFill patternType="none"/></fill>`)
	s.fills.add(`<fill><patternFill patternType="gray125"/></fill>`)
	s.formats.add("General")
	s.id(Style{})
	return s
}

func (s *styles) id(style Style) StyleID {
	if id, ok := s.ids[style]; ok {
		return id
	}
	id := StyleID(len(s.list))
	s.ids[style], s.list, s.quoted = id, append(s.list, style), append(s.quoted, 0)
	s.font = append(s.font, s.fonts.add(style.font()))
	s.fill = append(s.fill, s.fills.add(style.fill()))
	s.border = append(s.border, s.borders.add(style.border()))
	format := style.Format
	if format == "" {
		format = "General"
	}
	s.fmt = append(s.fmt, s.formats.add(format))
	return id
}

// quote is the style whose cells stay text when somebody edits them.
func (s *styles) quote(id StyleID) StyleID {
	if s.quoted[id] == 0 {
		style := s.list[id]
		style.quoted = true
		twin := s.id(style)
		s.quoted[id] = twin
	}
	return s.quoted[id]
}

// firstFormat is the lowest number that a format of a workbook's own may have; those below are the reader's, General is 0.
const firstFormat = 164

func (s *styles) xml() string {
	var out strings.Builder
	out.WriteString(xmlHead + `<styleSheet xmlns="` + mainSpace + `">`)
	if own := s.formats.list[1:]; len(own) > 0 {
		out.WriteString(`<numFmts count="` + strconv.Itoa(len(own)) + `">`)
		for i, format := range own {
			out.WriteString(`<numFmt numFmtId="` + strconv.Itoa(firstFormat+i) + `" formatCode="` + escape(format) + `"/>`)
		}
		out.WriteString("</numFmts>")
	}
	for _, p := range []struct {
		name string
		list []string
	}{{"fonts", s.fonts.list}, {"fills", s.fills.list}, {"borders", s.borders.list}} {
		out.WriteString("<" + p.name + ` count="` + strconv.Itoa(len(p.list)) + `">` + strings.Join(p.list, "") + "</" + p.name + ">")
	}
	out.WriteString(`<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="`)
	out.WriteString(strconv.Itoa(len(s.list)) + `">`)
	for i := range s.list {
		s.writeCell(&out, i)
	}
	out.WriteString(`</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>`)
	out.WriteString(`<dxfs count="0"/><tableStyles count="0"/></styleSheet>`)
	return out.String()
}

func (s *styles) writeCell(out *strings.Builder, i int) {
	style, format := s.list[i], 0
	if s.fmt[i] > 0 {
		format = firstFormat + s.fmt[i] - 1
	}
	out.WriteString(`<xf numFmtId="` + strconv.Itoa(format) + `" fontId="` + strconv.Itoa(s.font[i]) + `" fillId="` + strconv.Itoa(s.fill[i]) +
		`" borderId="` + strconv.Itoa(s.border[i]) + `" xfId="0"`)
	if style.quoted {
		out.WriteString(` quotePrefix="1"`)
	}
	out.WriteString(` applyNumberFormat="1" applyFont="1" applyFill="1" applyBorder="1"`)
	align := ""
	if style.Align != "" {
		align += ` horizontal="` + string(style.Align) + `"`
	}
	if style.Vertical != "" {
		align += ` vertical="` + string(style.Vertical) + `"`
	}
	if style.Wrap {
		align += ` wrapText="1"`
	}
	if style.Indent > 0 {
		align += ` indent="` + strconv.Itoa(style.Indent) + `"`
	}
	if align == "" {
		out.WriteString("/>")
		return
	}
	out.WriteString(` applyAlignment="1"><alignment` + align + "/></xf>")
}
