package report

import (
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
	"golang.org/x/text/currency"
)

// One rule rounds every drawn figure: half away from zero, to the digits that are shown. It is what an accountant does by hand, what
// PostgreSQL's and DuckDB's round() do and what a spreadsheet shows, so that a figure reads the same in every format and in the SQL
// that checks it. It rounds once and for display only: sums are of unrounded figures, data formats (csv, parquet, json) are not rounded.

// Minus is how a negative figure begins in drawn formats: U+2212, as wide as a digit, never a hyphen.
const Minus = "\u2212"

// MinorUnits is the number of digits after the point of an amount in the currency, by ISO 4217: 2 for EUR, 0 for JPY. An unknown
// code has 2.
func MinorUnits(code string) int {
	unit, err := currency.ParseISO(code)
	if err != nil {
		return 2
	}
	digits, _ := currency.Standard.Rounding(unit)
	return digits
}

// FormatDecimal writes d in English with so many digits after the point, in groups of three: 1,234,567.89.
func FormatDecimal(d decimal.Decimal, digits int) string { return English.Figure(d, digits) }

// Style is how the values of one column are written.
type Style struct {
	Kind     Kind
	Format   Format
	Scale    int    // digits after the point where Format leaves them open
	Currency string // for FormatMoney, ISO 4217
	Locale   Locale
}

// FormatValue writes one value as a drawn format shows it: amounts with the currency's minor units and without its code, a
// percentage as a fraction times 100 with two digits, dates as the locale has them, timestamps with their offset. NULL is "".
func FormatValue(v any, s Style) string {
	switch v := v.(type) {
	case int64:
		return formatFigure(decimal.NewFromInt(v), s, 0)
	case decimal.Decimal:
		return formatFigure(v, s, s.Scale)
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case time.Time:
		if s.Kind == Date {
			return s.Locale.Date(v)
		}
		return s.Locale.Date(v) + v.Format(" 15:04:05 -07:00")
	}
	return ""
}

func formatFigure(d decimal.Decimal, s Style, scale int) string {
	switch s.Format {
	case FormatMoney:
		return s.Locale.Figure(d, MinorUnits(s.Currency))
	case FormatInteger:
		return s.Locale.Figure(d, 0)
	case FormatPercent, FormatShare:
		return s.Locale.Percent(d, 2)
	}
	return s.Locale.Figure(d, scale)
}

// Figure is a value that is a figure, an integer's as a decimal too; false for text, dates, truth and NULL.
func Figure(v any) (decimal.Decimal, bool) {
	switch v := v.(type) {
	case int64:
		return decimal.NewFromInt(v), true
	case decimal.Decimal:
		return v, true
	}
	return decimal.Decimal{}, false
}

// Negative reports whether v is drawn as a negative figure.
func Negative(v any) bool {
	switch v := v.(type) {
	case int64:
		return v < 0
	case decimal.Decimal:
		return v.IsNegative()
	}
	return false
}

// Label is how a column or rule without a label is called: by_category becomes "By category".
func Label(name string) string {
	words := strings.ReplaceAll(name, "_", " ")
	if words != "" && words[0] >= 'a' && words[0] <= 'z' {
		return string(words[0]-'a'+'A') + words[1:]
	}
	return words
}

// Words is the period as people read it in English: March 2026.
func (p Period) Words() string { return English.Month(p) }
