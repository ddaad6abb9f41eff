package commentary

import (
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/shopspring/decimal"

	"github.com/monthend/monthend/report"
)

// checker knows every figure that was shared, and holds a text against them.
//
// A number of the text is borne out when, leaving signs aside, one of these holds of a shared figure:
//   - it is that figure, digit by digit but for zeros at the end;
//   - it has three significant digits or more, fewer decimals than the figure, and is the figure rounded half away from zero;
//   - it is followed by a word for thousands, millions or billions, has two significant digits or more, and is the figure so divided
//     and rounded; or is exactly that;
//   - it is followed by a percent sign or word, and is a figure of a column whose name speaks of percent, or a hundred times one whose
//     name speaks of a share, a ratio, a rate or a margin, rounded to two significant digits or more.
//
// It is written as the report's language writes numbers. Dates of the data, the month, and shared texts may stand as they are. Whatever
// else looks like a number, in other digits, in words or glued to letters, is not borne out.
type checker struct {
	locale  report.Locale
	point   string
	group   string
	figures []figure
	phrases []string // that are passed over as a whole, the longest first
}

type figure struct {
	value            decimal.Decimal // without its sign
	percent, portion bool            // what the column's name speaks of
}

func newChecker(r Request) *checker {
	c := &checker{locale: r.Locale, point: r.Locale.Point()}
	c.group = strings.Trim(r.Locale.Figure(decimal.NewFromInt(2000), 0), "02")
	c.phrases = append(c.phrases, r.Locale.Month(r.Period), r.Period.String(), r.Period.Words())
	for _, d := range r.named() {
		for _, i := range r.sharedColumns(d) {
			name := strings.ToLower(d.Columns[i].Name)
			speaks := func(words ...string) bool {
				return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(name, w) })
			}
			for _, row := range d.Rows {
				switch v := row[i].(type) {
				case int64:
					c.figures = append(c.figures, figure{decimal.NewFromInt(v).Abs(), speaks("percent", "pct"), false})
				case decimal.Decimal:
					c.figures = append(c.figures, figure{v.Abs(), speaks("percent", "pct"), speaks("share", "ratio", "rate", "margin")})
				case time.Time:
					c.phrases = append(c.phrases, v.Format(time.DateOnly), r.Locale.Date(v))
				case string:
					// A text that is itself a number would bear out any.
					if text := report.Clean(v); strings.ContainsFunc(text, unicode.IsLetter) && strings.ContainsFunc(text, unicode.IsNumber) {
						c.phrases = append(c.phrases, text)
					}
				}
			}
		}
	}
	slices.SortFunc(c.phrases, func(a, b string) int { return len(b) - len(a) })
	c.phrases = slices.Compact(c.phrases)
	return c
}

// keep takes a text apart into paragraphs and keeps those that are borne out, on one line each.
func (c *checker) keep(text string) (kept []string, discarded int) {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	for part := range strings.SplitSeq(text, "\n\n") {
		paragraph := strings.Join(strings.FieldsFunc(part, blank), " ")
		switch {
		case paragraph == "":
		case len(kept) < maxParagraphs && c.fit(paragraph) && c.borneOut(paragraph):
			kept = append(kept, paragraph)
		default:
			discarded++
		}
	}
	return kept, discarded
}

// blank is what lines are joined at. Other spaces stand inside numbers, and stay.
func blank(r rune) bool { return r == ' ' || r == '\t' || r == '\n' }

// fit refuses what is more than words: links, markup, characters that are not seen.
func (c *checker) fit(p string) bool {
	lower := strings.ToLower(p)
	if strings.Contains(lower, "://") || strings.Contains(lower, "www.") || strings.ContainsAny(p, "<>[]|`#*{}") {
		return false
	}
	return !strings.ContainsFunc(p, func(r rune) bool {
		return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar
	})
}
