package sheet

import (
	"fmt"
	"strings"

	"github.com/shopspring/decimal"
)

// ChartKind is the form of a chart.
type ChartKind int

// The forms of charts. Bars lie, so that long labels have room.
const (
	LineChart ChartKind = iota
	AreaChart
	BarChart
	StackedBarChart
)

// Chart is a chart that a reader draws from cells; what the cells hold stands beside, for readers that do not look.
type Chart struct {
	Kind     ChartKind
	Title    string
	Describe string // for those who do not see it
	Place    Area   // the cells that it covers
	On       *Tab   // that has the cells of Labels and of every series
	Cells    Area   // of Labels
	Labels   []string
	Series   []Series
	Format   string // of the figures on the axis
}

// Series is one line, or one colour of bars. Values are decimal.Decimal, or nil where there is none.
type Series struct {
	Name   string
	Head   Area // the cell of Name
	Cells  Area
	Values []any
	Color  string
	Below  string // the colour of bars below zero; "" is Color
	Thin   bool   // a line that stays behind the others
}

func (c Chart) xml() string {
	var out strings.Builder
	out.WriteString(xmlHead + `<c:chartSpace xmlns:c="` + drawingSpace + `chart" xmlns:a="` + drawingSpace + `main" xmlns:r="` + relationSpace + `">` +
		`<c:roundedCorners val="0"/><c:chart><c:title><c:tx><c:rich><a:bodyPr/><a:p><a:pPr><a:defRPr sz="1200" b="1"/></a:pPr><a:r>` +
		`<a:rPr lang="en" sz="1200" b="1">` + ink("0F172A") + `</a:rPr><a:t>` + escape(c.Title) + `</a:t></a:r></a:p></c:rich></c:tx><c:overlay val="0"/></c:title>` +
		`<c:autoTitleDeleted val="0"/><c:plotArea><c:layout/>`)
	switch c.Kind {
	case BarChart:
		out.WriteString(`<c:barChart><c:barDir val="bar"/><c:grouping val="clustered"/><c:varyColors val="0"/>` + c.series() + `<c:gapWidth val="45"/>`)
	case StackedBarChart:
		out.WriteString(`<c:barChart><c:barDir val="bar"/><c:grouping val="stacked"/><c:varyColors val="0"/>` + c.series() + `<c:gapWidth val="45"/><c:overlap val="100"/>`)
	case AreaChart:
		out.WriteString(`<c:areaChart><c:grouping val="standard"/><c:varyColors val="0"/>` + c.series())
	default:
		out.WriteString(`<c:lineChart><c:grouping val="standard"/><c:varyColors val="0"/>` + c.series() + `<c:marker val="1"/>`)
	}
	out.WriteString(`<c:axId val="1"/><c:axId val="2"/>`)
	out.WriteString([]string{"</c:lineChart>", "</c:areaChart>", "</c:barChart>", "</c:barChart>"}[c.Kind])
	out.WriteString(c.axes() + `</c:plotArea>`)
	if len(c.Series) > 1 {
		out.WriteString(`<c:legend><c:legendPos val="t"/><c:overlay val="0"/></c:legend>`)
	}
	out.WriteString(`<c:plotVisOnly val="0"/><c:dispBlanksAs val="gap"/></c:chart><c:spPr>` + fill("FFFFFF") + `<a:ln><a:noFill/></a:ln></c:spPr>` +
		`<c:txPr><a:bodyPr/><a:p><a:pPr><a:defRPr sz="900">` + ink("56657A") + `<a:latin typeface="` + fontName + `"/></a:defRPr></a:pPr><a:endParaRPr lang="en"/></a:p></c:txPr></c:chartSpace>`)
	return out.String()
}

// axes are the labels and the figures. Labels stand at the edge, where no bar below zero covers them; lying bars begin at the top.
func (c Chart) axes() string {
	order, where, crosses, figures := "minMax", "b", "autoZero", "l"
	if c.Kind == BarChart || c.Kind == StackedBarChart {
		order, where, crosses, figures = "maxMin", "l", "max", "b"
	}
	return `<c:catAx><c:axId val="1"/><c:scaling><c:orientation val="` + order + `"/></c:scaling><c:delete val="0"/><c:axPos val="` + where + `"/>` +
		`<c:numFmt formatCode="General" sourceLinked="0"/><c:majorTickMark val="none"/><c:minorTickMark val="none"/><c:tickLblPos val="low"/>` +
		line("94A3B8", 9525) + `<c:crossAx val="2"/><c:crosses val="autoZero"/><c:auto val="0"/><c:lblAlgn val="ctr"/><c:lblOffset val="100"/><c:noMultiLvlLbl val="1"/></c:catAx>` +
		`<c:valAx><c:axId val="2"/><c:scaling><c:orientation val="minMax"/>` + c.zero() + `</c:scaling><c:delete val="0"/><c:axPos val="` + figures + `"/>` +
		`<c:majorGridlines>` + line("E2E8F0", 9525) + `</c:majorGridlines><c:numFmt formatCode="` + escape(c.Format) + `" sourceLinked="0"/>` +
		`<c:majorTickMark val="none"/><c:minorTickMark val="none"/><c:tickLblPos val="nextTo"/><c:spPr><a:ln><a:noFill/></a:ln></c:spPr>` +
		`<c:crossAx val="1"/><c:crosses val="` + crosses + `"/><c:crossBetween val="between"/></c:valAx>`
}

// zero keeps the end of the axis at zero where what is drawn is a length or a surface: left to itself, a reader's program begins near
// the lowest value, and a difference of one percent looks like half.
func (c Chart) zero() string {
	if c.Kind == LineChart {
		return ""
	}
	below, above := false, false
	for _, s := range c.Series {
		for _, v := range s.Values {
			if d, ok := v.(decimal.Decimal); ok {
				below, above = below || d.IsNegative(), above || d.IsPositive()
			}
		}
	}
	switch {
	case above && !below:
		return `<c:min val="0"/>`
	case below && !above:
		return `<c:max val="0"/>`
	}
	return ""
}

func (c Chart) series() string {
	var out strings.Builder
	for i, s := range c.Series {
		fmt.Fprintf(&out, `<c:ser><c:idx val="%d"/><c:order val="%d"/><c:tx><c:strRef><c:f>%s</c:f><c:strCache><c:ptCount val="1"/><c:pt idx="0"><c:v>%s</c:v></c:pt></c:strCache></c:strRef></c:tx>`,
			i, i, escape(c.On.Area(s.Head)), escape(s.Name))
		switch c.Kind {
		case LineChart:
			width := map[bool]string{false: "25400", true: "15875"}[s.Thin]
			out.WriteString(`<c:spPr><a:ln w="` + width + `" cap="rnd">` + fill(s.Color) + `<a:round/></a:ln></c:spPr><c:marker><c:symbol val="none"/></c:marker>`)
		case AreaChart:
			out.WriteString(`<c:spPr><a:solidFill><a:srgbClr val="` + s.Color + `"><a:alpha val="55000"/></a:srgbClr></a:solidFill></c:spPr>`)
		default:
			out.WriteString(`<c:spPr>` + fill(s.Color) + `</c:spPr><c:invertIfNegative val="0"/>` + s.below())
		}
		fmt.Fprintf(&out, `<c:cat><c:strRef><c:f>%s</c:f><c:strCache><c:ptCount val="%d"/>`, escape(c.On.Area(c.Cells)), len(c.Labels))
		for at, label := range c.Labels {
			fmt.Fprintf(&out, `<c:pt idx="%d"><c:v>%s</c:v></c:pt>`, at, escape(label))
		}
		fmt.Fprintf(&out, `</c:strCache></c:strRef></c:cat><c:val><c:numRef><c:f>%s</c:f><c:numCache><c:formatCode>General</c:formatCode><c:ptCount val="%d"/>`,
			escape(c.On.Area(s.Cells)), len(s.Values))
		for at, v := range s.Values {
			if d, ok := v.(decimal.Decimal); ok {
				fmt.Fprintf(&out, `<c:pt idx="%d"><c:v>%s</c:v></c:pt>`, at, appendDecimal(nil, d))
			}
		}
		out.WriteString(`</c:numCache></c:numRef></c:val>`)
		if c.Kind == LineChart {
			out.WriteString(`<c:smooth val="0"/>`)
		}
		out.WriteString(`</c:ser>`)
	}
	return out.String()
}

// below colours the bars below zero one by one: what says so for all at once is not known to every reader.
func (s Series) below() string {
	out := ""
	for at, v := range s.Values {
		if d, ok := v.(decimal.Decimal); ok && d.IsNegative() && s.Below != "" {
			out += fmt.Sprintf(`<c:dPt><c:idx val="%d"/><c:invertIfNegative val="0"/><c:bubble3D val="0"/><c:spPr>%s</c:spPr></c:dPt>`, at, fill(s.Below))
		}
	}
	return out
}

func fill(color string) string { return `<a:solidFill><a:srgbClr val="` + color + `"/></a:solidFill>` }

func ink(color string) string { return fill(color) }

func line(color string, width int) string {
	return fmt.Sprintf(`<c:spPr><a:ln w="%d">%s</a:ln></c:spPr>`, width, fill(color))
}
