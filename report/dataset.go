package report

// Kind is the type of a column of a Dataset, as far as drawing needs it.
type Kind string

// The kinds and the Go type of their values: Text string, Integer int64, Decimal decimal.Decimal, Boolean bool,
// Date and Timestamp time.Time (a Date at midnight UTC, a Timestamp in the definition's zone). NULL is nil.
const (
	Text      Kind = "text"
	Integer   Kind = "integer"
	Decimal   Kind = "decimal"
	Boolean   Kind = "boolean"
	Date      Kind = "date"
	Timestamp Kind = "timestamp"
)

// TrendKind is the kind of a drawn table's column of sparklines; no dataset has one.
const TrendKind Kind = "trend"

// Column is one column of a Dataset.
type Column struct {
	Name  string `json:"name"`
	Kind  Kind   `json:"kind"`
	Scale int    `json:"scale,omitempty"` // digits after the point of a Decimal
}

// Dataset is the answer of one dataset query, small enough to be drawn: columns and rows in the query's order.
type Dataset struct {
	Name    string
	Columns []Column
	Rows    [][]any
}

// Validation is what the rules found.
type Validation struct {
	Tables []TableCount
	Rules  []RuleResult
	Gate   GateResult
	Failed bool // a fail rule was broken or the gate is shut: the run fails as data
}

// TableCount counts the rows of one extract: Valid + Quarantined = Extracted.
type TableCount struct {
	Name        string `json:"name"`
	Extracted   int64  `json:"extracted"`
	Valid       int64  `json:"valid"`
	Quarantined int64  `json:"quarantined"`
}

// RuleResult is the verdict of one rule.
type RuleResult struct {
	Rule     string   `json:"rule"`
	On       string   `json:"on,omitempty"`
	Severity Severity `json:"severity"`
	Broken   int64    `json:"broken"`         // rows that broke it; 0 or 1 for a rule on a whole extract and for an assert
	Keys     []string `json:"keys,omitempty"` // keys of the first offending rows, ordered
	// Columns and Shown are what the definition's quality block lets a reader see beside each key: row values, which is why
	// it must ask for them, and why they go into the report's own files and nowhere else. Shown is parallel to Keys.
	Columns   []string   `json:"columns,omitempty"`
	Shown     [][]string `json:"shown,omitempty"`
	Expected  string     `json:"expected,omitempty"` // of an assert, decimals as text; of a rule on a whole extract, in words
	Actual    string     `json:"actual,omitempty"`
	Tolerance string     `json:"tolerance,omitempty"`
}

// GateResult compares what was rejected with what is allowed; shares are decimals as text, computed exactly.
type GateResult struct {
	Of          string `json:"of,omitempty"`
	Rejected    int64  `json:"rejected"`
	Extracted   int64  `json:"extracted"`
	Share       string `json:"share,omitempty"` // rounded to 6 digits for display
	Limit       string `json:"limit,omitempty"`
	AmountShare string `json:"amount_share,omitempty"`
	AmountLimit string `json:"amount_limit,omitempty"`
	Shut        bool   `json:"shut"`
}
