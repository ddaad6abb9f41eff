package report

import "slices"

// BlockSpec is one block of a definition's document, before there is data. Exactly one field is set, besides Show.
type BlockSpec struct {
	KPIs       []KPISpec
	Line       *ChartSpec
	Area       *ChartSpec
	Bar        *ChartSpec
	StackedBar *ChartSpec
	Table      *TableSpec
	Text       string
	Quality    bool
	Show       []string // with Quality: the columns that are shown beside the keys of offending rows
	ShowAt     []Place  // where Show stands in report.yaml, column by column
	PageBreak  bool
}

// Place is a position in report.yaml, both counted from 1: whoever binds a definition to data names it where a column is missing.
type Place struct{ Line, Col int }

// Shown are the columns that the document shows beside the keys of offending rows, with their places. They may be personal data:
// without a quality block that asks for them there are none.
func (d Definition) Shown() (columns []string, places []Place) {
	for _, block := range d.Document {
		for i, column := range block.Show {
			if !slices.Contains(columns, column) {
				columns, places = append(columns, column), append(places, block.ShowAt[i])
			}
		}
	}
	return columns, places
}

// KPISpec is one figure: the value of a column in the only row of a dataset.
type KPISpec struct {
	Label   string
	Dataset string
	Column  string
	Format  Format    // FormatAuto takes the column's kind
	Compare []string  // of Previous and YearAgo: the months that the figure is compared with
	Better  Direction // which change is good news; AnyDirection colours none
	Trend   *TrendSpec
}

// Direction is which way of a change is good news.
type Direction string

// The directions.
const (
	AnyDirection Direction = ""
	Higher       Direction = "higher"
	Lower        Direction = "lower"
)

// TrendSpec is a sparkline: the values of Column in the order of the dataset's rows. In a table, By is the column whose value must
// equal the one of the same name in the table's row; in a card there is none.
type TrendSpec struct {
	Dataset string
	Column  string
	By      string
}

// ChartSpec draws Y over X of one dataset; in a bar chart X holds the labels.
type ChartSpec struct {
	Title   string
	Dataset string
	X       string
	Y       []string
	Compare []string // of a line or area of one Y: other months' values as lines of their own
	Top     int      // of bars: so many labels, the rest as one that is called "Other"; 0 is all
}

// TableSpec draws the columns of one dataset, all of them when Columns is empty.
type TableSpec struct {
	Title    string
	Dataset  string
	Columns  []TableColumn
	Total    bool   // a last row with the exact sums of the decimal and integer columns
	Group    string // the column whose values gather the rows; it is drawn as a heading
	Subtotal bool   // with Group: the sums of each group
	Top      int    // so many rows, the rest as one that is called "Other"; 0 is all
	By       string // with Top: the column whose absolute values say which rows those are; "" keeps the dataset's order
}

// TableColumn is one column of a drawn table.
type TableColumn struct {
	Column string
	Label  string
	Format Format
	Align  Align
	Trend  *TrendSpec // a sparkline a row instead of a column of the dataset
}

// Align is the side that a column's cells stand at; AlignAuto puts figures right and all else left.
type Align string

// The alignments.
const (
	AlignAuto   Align = ""
	AlignLeft   Align = "left"
	AlignRight  Align = "right"
	AlignCenter Align = "center"
)

// Format says how a figure is written.
type Format string

// The formats of figures. Money has the currency's minor units, Percent is a fraction times 100. Share is a column's part of its own
// sum, in percent; the shares of a table are rounded so that they add up to 100 %.
const (
	FormatAuto    Format = ""
	FormatMoney   Format = "money"
	FormatInteger Format = "integer"
	FormatNumber  Format = "number"
	FormatPercent Format = "percent"
	FormatShare   Format = "share"
)
