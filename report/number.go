package report

import (
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
	"golang.org/x/text/currency"
)

// One rule rounds every drawn figure: half to even, to the digits that are shown. Data formats (csv, parquet, json) are not rounded.

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

// FormatDecimal writes d with so many digits after the point, in groups of three: 1,234,567.89.
func FormatDecimal(d decimal.Decimal, digits int) string {
	whole, fraction, _ := strings.Cut(d.Abs().RoundBank(int32(digits)).StringFixed(int32(digits)), ".")
	var out strings.Builder
	if d.RoundBank(int32(digits)).IsNegative() {
		out.WriteString(Minus)
	}
	for i, c := range []byte(whole) {
		if i > 0 && (len(whole)-i)%3 == 0 {
			out.WriteByte(',')
		}
		out.WriteByte(c)
	}
	if fraction != "" {
		out.WriteString("." + fraction)
	}
	return out.String()
}

// Style is how the values of one column are written.
type Style struct {
	Kind     Kind
	Format   Format
	Scale    int    // digits after the point where Format leaves them open
	Currency string // for FormatMoney, ISO 4217
}

// FormatValue writes one value as a drawn format shows it: amounts with the currency's minor units and without its code, a
// percentage as a fraction times 100 with two digits, dates in ISO 8601. NULL is "".
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
			return v.Format(time.DateOnly)
		}
		return v.Format("2006-01-02 15:04:05 -07:00")
	}
	return ""
}

func formatFigure(d decimal.Decimal, s Style, scale int) string {
	switch s.Format {
	case FormatMoney:
		return FormatDecimal(d, MinorUnits(s.Currency))
	case FormatInteger:
		return FormatDecimal(d, 0)
	case FormatPercent:
		return FormatDecimal(d.Shift(2), 2) + "%"
	}
	return FormatDecimal(d, scale)
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

// Words is the period as people read it: March 2026.
func (p Period) Words() string { return p.Month.String() + " " + strconv.Itoa(p.Year) }
