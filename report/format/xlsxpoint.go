package format

import (
	"github.com/shopspring/decimal"

	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/report/chart"
	"github.com/monthend/monthend/report/format/sheet"
)

// points is the sheet of what the charts draw. A chart may show less than its dataset, or more, such as another month, so it
// has cells of its own: labels in one column and a column for each series, the charts side by side.
type points struct {
	tab    *sheet.Tab
	charts []*report.Chart
	trends []report.Trend
	at     []int // the first column of each chart
	trend  int   // the first column of the sparklines
	rows   int
	width  int
}

// addPoints declares the sheet when there is something to draw.
func (x *workbook) addPoints() {
	p := &points{}
	for _, b := range x.doc.Blocks {
		switch b := b.(type) {
		case *report.Chart:
			if len(b.Labels) > 0 && len(b.Series) > 0 {
				p.charts, p.at = append(p.charts, b), append(p.at, p.width)
				p.width += len(b.Series) + 2
				p.rows = max(p.rows, len(b.Labels)+1)
			}
		case *report.KPIs:
			for _, card := range b.Cards {
				if len(card.Trend) > 0 {
					p.trends = append(p.trends, card.Trend)
					p.rows = max(p.rows, len(card.Trend)+1)
				}
			}
		}
	}
	p.trend = p.width
	if p.width += len(p.trends); len(p.trends) == 0 {
		p.width = max(0, p.width-1) // nothing stands beside the last chart
	}
	x.points = p
	if p.width == 0 {
		return
	}
	p.tab = x.book.Tab(x.own.points)
	x.sheets = append(x.sheets, drawable{[]*sheet.Tab{p.tab}, nil, x.drawPoints})
}

// drawPoints writes row by row across all charts.
func (x *workbook) drawPoints() error {
	p := x.points
	page := x.paper(x.own.points)
	page.Rows, page.Columns, page.Frozen = p.rows, p.width, 1
	page.Widths = p.widths()
	s, err := p.tab.Open(page)
	if err != nil {
		return err
	}
	figure := x.look.book.Style(sheet.Style{Format: "#,##0.00;[Red]-#,##0.00", Align: sheet.Right, Indent: 1})
	head, figureHead := x.look.headOf(report.Text, "", false), x.look.headOf(report.Decimal, "", false)
	for row := range p.rows {
		s.Row(0)
		for i, c := range p.charts {
			s.Text(pick(row == 0, head, 0), pointLabel(c, row))
			for _, series := range c.Series {
				switch {
				case row == 0:
					s.Text(figureHead, report.Clean(series.Name))
				case row <= len(series.Values):
					write(s, figure, point(series.Values[row-1]), report.Decimal)
				default:
					s.Blank(0)
				}
			}
			if i < len(p.charts)-1 || len(p.trends) > 0 {
				s.Blank(0)
			}
		}
		for _, trend := range p.trends {
			switch {
			case row == 0:
				s.Text(figureHead, x.own.trend)
			case row <= len(trend):
				write(s, figure, point(trend[row-1]), report.Decimal)
			default:
				s.Blank(0)
			}
		}
	}
	return s.Close()
}

// widths gives the labels the room they need.
func (p *points) widths() []float64 {
	out := make([]float64, p.width)
	for i := range out {
		out[i] = 18
	}
	for i, c := range p.charts {
		for row := range p.rows {
			out[p.at[i]] = min(max(out[p.at[i]], 1.1*textWidth(pointLabel(c, row))+padding), maxWidth)
		}
	}
	return out
}

func pointLabel(c *report.Chart, row int) string {
	switch {
	case row == 0:
		return report.Clean(c.Title)
	case row <= len(c.Labels):
		return report.Clean(c.Labels[row-1])
	}
	return ""
}

func pick(first bool, a, b sheet.StyleID) sheet.StyleID {
	if first {
		return a
	}
	return b
}

// native is the i-th chart as the reader's program draws it.
func (x *workbook) native(i int, place sheet.Area) sheet.Chart {
	c, at := x.points.charts[i], x.points.at[i]
	out := sheet.Chart{
		Kind: map[report.ChartKind]sheet.ChartKind{
			report.LineChart: sheet.LineChart, report.AreaChart: sheet.AreaChart, report.BarChart: sheet.BarChart, report.StackedBarChart: sheet.StackedBarChart,
		}[c.Kind],
		Title: report.Clean(c.Title), Describe: report.Clean(chart.Describe(*c)), Place: place, On: x.points.tab, Format: "#,##0",
		Cells: sheet.Area{Row: 1, Column: at, LastRow: len(c.Labels), LastColumn: at},
	}
	for _, label := range c.Labels {
		out.Labels = append(out.Labels, report.Clean(label))
	}
	for n, s := range c.Series {
		column := at + 1 + n
		series := sheet.Series{
			Name: report.Clean(s.Name), Head: sheet.Cell(0, column), Values: s.Values, Color: seriesColors[n%len(seriesColors)],
			Cells: sheet.Area{Row: 1, Column: column, LastRow: len(c.Labels), LastColumn: column},
		}
		if s.Behind {
			series.Color, series.Thin = behindColor, true
			if n > 1 {
				series.Color = olderColor
			}
		}
		if len(c.Series) == 1 {
			series.Below = badColor
		}
		out.Series = append(out.Series, series)
	}
	return out
}

// point is a value as a chart takes it. What has more digits than a spreadsheet holds stands elsewhere as text, in full; no chart draws
// text, and a bar that is missing says zero. Here its first digits do.
func point(v any) any {
	if d, ok := v.(decimal.Decimal); ok && !sheet.Exact(d) {
		return d.Round(int32(sheet.MaxDigits - d.NumDigits() - int(d.Exponent())))
	}
	return v
}
