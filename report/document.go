package report

// Document is a report ready to be drawn: one model for every drawn format. It holds no clock, no run id and no trace id,
// so that equal input draws equal bytes.
type Document struct {
	Report       string
	Title        string
	Company      string
	Period       Period
	Tenant       string
	Currency     string
	Version      int    // 0 in a draft
	DataDigest   string // hex; drawn shortened to 8 digits
	Restatement  string // the reason of a restatement; "" otherwise
	Draft        bool   // marks every page DRAFT
	Blocks       []Block
	Datasets     []Dataset // all of the definition's datasets, for formats that carry the data whole
	Validation   Validation
	Locale       Locale        // how figures, dates and the words around them are written
	Comparatives []Comparative // the months that figures are compared with, without their datasets
	Details      []Detail      // the valid rows of the extracts that the definition asks for
	Quarantine   []Detail      // the rejected rows: rule, key and the columns that the quality block shows
}

// Block is one drawn block: *KPIs, *Chart, *Table, *Paragraph, *Quality or *PageBreak.
type Block interface{ block() }

// KPIs is a row of cards.
type KPIs struct{ Cards []KPI }

// KPI is one card; Value is of the kind's Go type (see Kind) or nil.
type KPI struct {
	Label  string
	From   Source // where Value stands
	Value  any
	Kind   Kind
	Format Format // FormatAuto for what is no figure
	Scale  int    // digits after the point of a Decimal
	// Changes are against the months of the definition's compare, in its order, missing ones too.
	Changes []Change
	Better  Direction
	Trend   Trend // nil when the card has no sparkline
}

// Source is a place in the datasets, for formats that carry them beside what is drawn of them.
type Source struct{ Dataset, Column string }

// Change is a figure beside the same figure of another month.
type Change struct {
	Name    string // Previous or YearAgo
	Period  Period
	Version int // 0 when that month was not published
	Value   any // that month's figure; nil when there is none, and then there is no change
	// Difference is the figure less that month's, a decimal.Decimal. Ratio is the difference over that month's absolute figure,
	// rounded to 6 digits, and nil where it would say nothing: over zero, across zero, and for percentages, whose difference is
	// in percentage points.
	Difference any
	Ratio      any
}

// Missing reports whether there is nothing to compare with.
func (c Change) Missing() bool { return c.Difference == nil }

// Trend is the values of a sparkline: decimal.Decimal, or nil where one is missing.
type Trend []any

// ChartKind is the form of a chart.
type ChartKind string

// The forms of charts.
const (
	LineChart       ChartKind = "line"
	AreaChart       ChartKind = "area" // each series filled down to zero
	BarChart        ChartKind = "bar"
	StackedBarChart ChartKind = "stacked_bar"
)

// Chart is a drawn dataset; Series hold one value a label, nil where there is none.
type Chart struct {
	Kind   ChartKind
	Title  string
	Labels []string
	Series []Series
	Locale Locale
}

// Series is one line or one colour of bars; the values are decimal.Decimal or nil.
type Series struct {
	Name   string
	Values []any
	Behind bool // another month's, drawn behind and paler
}

// Table is a drawn dataset; every column has a Label. Total, Rest and a group's Subtotal are nil or as long as Columns, with nil
// where nothing is summed. A column of sparklines is of kind TrendKind and holds a Trend a row.
type Table struct {
	Title   string
	Dataset string // whose rows these are
	Columns []TableColumn
	Kinds   []Kind
	Scales  []int // digits after the point of each Decimal column, as long as Columns
	Rows    [][]any
	Total   []any
	Groups  []Group // nil, or all rows in order
	Rest    []any   // the rows below the top ones as one; nil when there are none
}

// Group is consecutive rows of a table, from From up to and without To.
type Group struct {
	Label    string
	From, To int
	Subtotal []any
}

// Paragraph is text.
type Paragraph struct{ Text string }

// Quality is the section on the rules; what it says stands in Document.Validation.
type Quality struct{}

// PageBreak begins a new page where there are pages.
type PageBreak struct{}

func (*KPIs) block()      {}
func (*Chart) block()     {}
func (*Table) block()     {}
func (*Paragraph) block() {}
func (*Quality) block()   {}
func (*PageBreak) block() {}
