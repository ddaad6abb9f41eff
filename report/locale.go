package report

import (
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// Locale says how figures, dates and the words around them are written in drawn formats. The zero Locale is English. Data formats
// (csv, parquet, json) have none.
type Locale string

// The locales, by ISO 639-1.
const (
	English  Locale = "en"
	German   Locale = "de"
	French   Locale = "fr"
	Czech    Locale = "cs"
	Japanese Locale = "ja"
)

// Language is the locale as a tag of BCP 47.
func (l Locale) Language() string {
	if _, ok := conventions[l]; ok && l != "" {
		return string(l)
	}
	return string(English)
}

// convention is how one language writes figures and dates, by CLDR.
type convention struct {
	point, group string
	percent      string   // stands behind the figure
	months       []string // of a heading; nil for numbered months
	short        []string // of an axis
	period       string   // Y and M stand for the year and the month
	day          string   // of an axis: D and M
	date         string   // a layout of package time
	total, other string
}

const (
	noBreak       = "\u00a0"
	narrowNoBreak = "\u202f"
)

// conventions is a table and not golang.org/x/text: that rounds through float64, puts the sign of a currency where no statement
// has it, and knows no dates. A test holds its separators against x/text's.
var conventions = map[Locale]convention{
	English: {
		point: ".", group: ",", percent: "%", period: "M Y", day: "D M", date: time.DateOnly, total: "Total", other: "Other",
		months: strings.Fields("January February March April May June July August September October November December"),
		short:  strings.Fields("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"),
	},
	German: {
		point: ",", group: ".", percent: noBreak + "%", period: "M Y", day: "D. M", date: "02.01.2006", total: "Summe", other: "Übrige",
		months: strings.Fields("Januar Februar März April Mai Juni Juli August September Oktober November Dezember"),
		short:  strings.Fields("Jan. Feb. März Apr. Mai Juni Juli Aug. Sept. Okt. Nov. Dez."),
	},
	French: {
		point: ",", group: narrowNoBreak, percent: noBreak + "%", period: "M Y", day: "D M", date: "02/01/2006", total: "Total", other: "Autres",
		months: strings.Fields("janvier février mars avril mai juin juillet août septembre octobre novembre décembre"),
		short:  strings.Fields("janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc."),
	},
	Czech: {
		point: ",", group: noBreak, percent: noBreak + "%", period: "M Y", day: "D. M.", date: "2. 1. 2006", total: "Celkem", other: "Ostatní",
		months: strings.Fields("leden únor březen duben květen červen červenec srpen září říjen listopad prosinec"),
		short:  strings.Fields("1 2 3 4 5 6 7 8 9 10 11 12"),
	},
	Japanese: {
		point: ".", group: ",", percent: "%", period: "Y年M月", day: "M月D日", date: "2006/01/02", total: "合計", other: "その他",
		short: strings.Fields("1 2 3 4 5 6 7 8 9 10 11 12"),
	},
}

func (l Locale) convention() convention {
	if c, ok := conventions[l]; ok {
		return c
	}
	return conventions[English]
}

// Figure writes d with so many digits after the point, rounded half away from zero, its whole digits in groups of three. No space
// in it lets a line break.
func (l Locale) Figure(d decimal.Decimal, digits int) string {
	c := l.convention()
	d = d.Round(int32(digits))
	whole, fraction, _ := strings.Cut(d.Abs().StringFixed(int32(digits)), ".")
	var out strings.Builder
	if d.IsNegative() {
		out.WriteString(Minus)
	}
	for i, digit := range []byte(whole) {
		if i > 0 && (len(whole)-i)%3 == 0 {
			out.WriteString(c.group)
		}
		out.WriteByte(digit)
	}
	if fraction != "" {
		out.WriteString(c.point + fraction)
	}
	return out.String()
}

// Percent writes a fraction times 100 with so many digits after the point.
func (l Locale) Percent(d decimal.Decimal, digits int) string {
	return l.Figure(d.Shift(2), digits) + l.convention().percent
}

// Point is the sign between whole digits and fraction.
func (l Locale) Point() string { return l.convention().point }

// Month writes a period as a heading has it: March 2026.
func (l Locale) Month(p Period) string {
	c := l.convention()
	return c.write(c.period, c.months, p.Year, int(p.Month))
}

// ShortMonth writes a period where there is little room: Mar 2026.
func (l Locale) ShortMonth(p Period) string {
	c := l.convention()
	if l == Czech { // a month without a name needs its sign
		return c.write("M/Y", c.short, p.Year, int(p.Month))
	}
	return c.write(c.period, c.short, p.Year, int(p.Month))
}

// Day writes a day of the report's month, as an axis has it: 2 Mar. A report is about one month, so it needs no year.
func (l Locale) Day(at time.Time) string {
	c := l.convention()
	return c.write(strings.ReplaceAll(c.day, "D", strconv.Itoa(at.Day())), c.short, at.Year(), int(at.Month()))
}

// Date writes a day with its year, in the locale's own short form; English has ISO 8601, which no reader takes for another day.
func (l Locale) Date(at time.Time) string {
	return strings.ReplaceAll(at.Format(l.convention().date), " ", noBreak)
}

// Total is the first word of a table's last row, Other that of the rows drawn as one.
func (l Locale) Total() string { return l.convention().total }

// Other is the name of the row that stands for those below the top ones.
func (l Locale) Other() string { return l.convention().other }

// write puts a year and a month into a pattern. The zero Period has neither.
func (c convention) write(pattern string, months []string, year, month int) string {
	if month == 0 {
		return ""
	}
	name := strconv.Itoa(month)
	if months != nil {
		name = months[month-1]
	}
	return strings.NewReplacer("Y", strconv.Itoa(year), "M", name).Replace(pattern)
}
