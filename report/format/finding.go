package format

import (
	"regexp"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/monthend/monthend/report"
)

// finding is what a rule on an extract as a whole expected and found.
func finding(r report.RuleResult, l report.Locale) string {
	if r.Expected == "" && r.Actual == "" {
		return ""
	}
	w := wordsOf(l)
	text := put(w.Finding, figure(r.Expected, l), figure(r.Actual, l))
	if r.Tolerance != "" {
		text += ", " + put(w.Tolerance, figure(r.Tolerance, l))
	}
	return text
}

// figure writes a decimal given as text with all its digits, in groups, and the limits of a rule in the reader's language; what is
// neither is shown as it is.
func figure(text string, l report.Locale) string {
	if d, err := decimal.NewFromString(text); err == nil && d.Exponent() <= 40 {
		return l.Figure(d, int(max(0, -d.Exponent())))
	}
	return limits(text, l)
}

// limits writes what a rule says of an extract as a whole: the ledger and the data digest hold it in one language, a reader has his.
func limits(text string, l report.Locale) string {
	parts := strings.Split(text, ", ")
	for i, part := range parts {
		written, ok := limit(part, l)
		if !ok {
			return report.Clean(text)
		}
		parts[i] = written
	}
	return strings.Join(parts, ", ")
}

// aShare is a number of rows and how far from it is allowed.
var aShare = regexp.MustCompile(`^([0-9]+) ± ([0-9.]+)%$`)

func limit(text string, l report.Locale) (string, bool) {
	w := wordsOf(l)
	if text == "any number after a month of 0" {
		return w.AnyNumber, true
	}
	if n, ok := strings.CutPrefix(text, "at least "); ok {
		return put(w.AtLeast, figure(n, l)), true
	}
	if n, ok := strings.CutPrefix(text, "at most "); ok {
		return put(w.AtMost, figure(n, l)), true
	}
	if at, ok := strings.CutSuffix(text, " or later"); ok {
		written, known := moment(at, l)
		return put(w.OrLater, written), known
	}
	if m := aShare.FindStringSubmatch(text); m != nil {
		share, err := decimal.NewFromString(m[2])
		return figure(m[1], l) + " ± " + l.Percent(share.Shift(-2), int(max(0, -share.Exponent()))), err == nil
	}
	return moment(text, l)
}

// moment writes a day, and a time with the offset of its zone.
func moment(text string, l report.Locale) (string, bool) {
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return l.Date(day), true
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return "", false
	}
	return l.Date(at) + at.Format(" 15:04:05.999999 -07:00"), true
}
