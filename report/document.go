package report

// BlockSpec is one block of a definition's document, before there is data. Exactly one field is set.
type BlockSpec struct {
	KPIs    []KPISpec
	Line    *ChartSpec
	Bar     *ChartSpec
	Table   *TableSpec
	Text    string
	Quality bool
}

// KPISpec is one figure: the value of a column in the only row of a dataset.
type KPISpec struct {
	Label   string
	Dataset string
	Column  string
	Format  Format // FormatAuto takes the column's kind
}

// ChartSpec draws Y over X of one dataset; in a bar chart X holds the labels.
type ChartSpec struct {
	Title   string
	Dataset string
	X       string
	Y       []string
}

// TableSpec draws the columns of one dataset, all of them when Columns is empty.
type TableSpec struct {
	Title   string
	Dataset string
	Columns []TableColumn
	Total   bool // a last row with the exact sums of the decimal and integer columns
}

// TableColumn is one column of a drawn table.
type TableColumn struct {
	Column string
	Label  string
	Format Format
}

// Format says how a figure is written.
type Format string

// The formats of figures. Money has the currency's minor units, Percent is a fraction times 100.
const (
	FormatAuto    Format = ""
	FormatMoney   Format = "money"
	FormatInteger Format = "integer"
	FormatNumber  Format = "number"
	FormatPercent Format = "percent"
)

// Document is a report ready to be drawn: one model for every drawn format. It holds no clock, no run id and no trace id,
// so that equal input draws equal bytes.
type Document struct {
	Report      string
	Title       string
	Company     string
	Period      Period
	Tenant      string
	Currency    string
	Version     int    // 0 in a draft
	DataDigest  string // hex; drawn shortened to 8 digits
	Restatement string // the reason of a restatement; "" otherwise
	Draft       bool   // marks every page DRAFT
	Blocks      []Block
	Datasets    []Dataset // all of the definition's datasets, for formats that carry the data whole
	Validation  Validation
}

// Block is one drawn block: *KPIs, *Chart, *Table, *Paragraph or *Quality.
type Block interface{ block() }

// KPIs is a row of cards.
type KPIs struct{ Cards []KPI }

// KPI is one card; Value is of the kind's Go type (see Kind) or nil.
type KPI struct {
	Label  string
	Value  any
	Kind   Kind
	Format Format // FormatAuto for what is no figure
	Scale  int    // digits after the point of a Decimal
}

// ChartKind is the form of a chart.
type ChartKind string

// The forms of charts.
const (
	LineChart ChartKind = "line"
	BarChart  ChartKind = "bar"
)

// Chart is a drawn dataset; Series hold one value a label, nil where there is none.
type Chart struct {
	Kind   ChartKind
	Title  string
	Labels []string
	Series []Series
}

// Series is one line or one colour of bars; the values are decimal.Decimal or nil.
type Series struct {
	Name   string
	Values []any
}

// Table is a drawn dataset; every column has a Label. Total is nil or as long as Columns, with nil where nothing is summed.
type Table struct {
	Title   string
	Columns []TableColumn
	Kinds   []Kind
	Scales  []int // digits after the point of each Decimal column, as long as Columns
	Rows    [][]any
	Total   []any
}

// Paragraph is text.
type Paragraph struct{ Text string }

// Quality is the section on the rules; what it says stands in Document.Validation.
type Quality struct{}

func (*KPIs) block()      {}
func (*Chart) block()     {}
func (*Table) block()     {}
func (*Paragraph) block() {}
func (*Quality) block()   {}
