package report

import "time"

// Definition says what a report is: what to extract, which rules the rows must keep, which datasets are computed from the
// valid rows, and in which order a reader meets them. It is read from a folder with report.yaml and its .sql files.
type Definition struct {
	Name       string
	Title      string
	Company    string         // whose figures these are; may be empty
	Location   *time.Location // where the month begins and ends
	Currency   string         // ISO 4217 code
	Locale     Locale         // how figures and dates are written; English when left out
	Ready      Extract        // says whether the source holds the whole month; no SQL: it always does
	Tenants    Extract        // says which tenants a job without one is for; no SQL: for nobody's
	Extract    []Extract      // in the order of the file
	Rules      []Rule
	Gate       Gate
	Datasets   []DatasetQuery // in the order of the file
	Document   []BlockSpec
	Formats    []string    // of Formats, in the order of the file
	Details    []string    // extracts whose valid rows a workbook holds, in the order of the file
	RawCSV     bool        // CSV for machines: a text that looks like a formula is left as it is
	SlowAfter  SlowAfter   // from when on a run is slow
	Approve    bool        // deliveries wait until somebody has approved the version
	Deliver    []Delivery  // who gets every version, in the order of the file; no two of one target
	Alerts     []Alert     // who hears of what went wrong, in the order of the file; no two of one target
	Commentary *Commentary // a draft in words; nil where none is asked for
	Digest     string      // hex sha256 over report.yaml and every file it names

	Schedules []Schedule // when it is asked for, in the order of the file
	DueBy     *Schedule  // when it has to be there; nil: nobody waits for it
}

// Extract is one query against the source, or rows from outside of it; its rows become the engine's table Name.
type Extract struct {
	Name string
	SQL  string   // PostgreSQL; @period_start, @period_end, @period_first, @period_next, @tenant are bound
	Path string   // of the SQL file, for messages
	Key  []string // columns that identify a row to a reader

	Outside *Outside // where the rows come from when they are no query's; nil for a query
}

// DatasetQuery is one SELECT of the engine over the valid rows.
type DatasetQuery struct {
	Name string
	SQL  string
	Path string
}

// Severity is what breaking a rule means.
type Severity string

// Warn is counted, Reject sends the row to quarantine, Fail fails the run as data.
const (
	Warn   Severity = "warn"
	Reject Severity = "reject"
	Fail   Severity = "fail"
)

// Rule is one check. Exactly one of Check, Unique, References, Freshness, RowCount and Assert is set. The first three look at each
// row, the others at the extract as a whole.
type Rule struct {
	Name       string
	On         string // the extract it looks at; "" for an assert
	Severity   Severity
	Check      string     // an SQL condition; a row passes only when it is TRUE
	Unique     []string   // columns that must not repeat
	KeepFirst  bool       // with Unique: the first row by Order stays
	Order      []string   // with KeepFirst
	References *Reference // the row must exist there
	Freshness  *Freshness // its newest row is near the end of the period
	RowCount   *RowCount  // it has about so many rows
	Assert     string     // one SELECT that returns one row (expected, actual) of decimals
	AssertPath string     // of the SQL file, for messages
	Tolerance  string     // with Assert: the largest allowed |expected - actual|, a decimal
}

// Reference is the target of a references rule.
type Reference struct {
	Column string // of On; the same name as Target's key column unless said otherwise
	Table  string // an extract
	Target string // its column
}

// Gate is how many rejected rows a run may have. A nil limit is no limit.
type Gate struct {
	Of           string // the extract that is counted; "" when there is no gate
	Rejected     string // largest share of rows, a decimal fraction such as "0.02"; "" is no limit
	Amount       string // largest share of the sum of |AmountColumn|; "" is no limit
	AmountColumn string
}
