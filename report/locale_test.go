package report_test

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/number"

	"github.com/monthend/monthend/report"
)

var locales = []report.Locale{report.English, report.German, report.French, report.Czech, report.Japanese}

// The separators are CLDR's, as golang.org/x/text has them; its tables are older than the narrow space of French.
func TestFigureHasTheSeparatorsOfCLDR(t *testing.T) {
	for _, l := range locales {
		want := message.NewPrinter(language.MustParse(l.Language())).Sprint(number.Decimal(1234567.5, number.Scale(2)))
		if got := l.Figure(dec("1234567.5"), 2); strings.ReplaceAll(got, "\u202f", "\u00a0") != want {
			t.Errorf("%s: got %q, want %q", l, got, want)
		}
	}
}

func TestLocale(t *testing.T) {
	march := report.Period{Year: 2026, Month: 3}
	for _, test := range []struct {
		locale                                          report.Locale
		figure, percent, month, short, day, date, total string
	}{
		{"", "−1,234.57", "−12.35%", "March 2026", "Mar 2026", "2 Mar", "2026-03-02", "Total"},
		{report.English, "−1,234.57", "−12.35%", "March 2026", "Mar 2026", "2 Mar", "2026-03-02", "Total"},
		{report.German, "−1.234,57", "−12,35\u00a0%", "März 2026", "März 2026", "2. März", "02.03.2026", "Summe"},
		{report.French, "−1\u202f234,57", "−12,35\u00a0%", "mars 2026", "mars 2026", "2 mars", "02/03/2026", "Total"},
		{report.Czech, "−1\u00a0234,57", "−12,35\u00a0%", "březen 2026", "3/2026", "2. 3.", "2.\u00a03.\u00a02026", "Celkem"},
		{report.Japanese, "−1,234.57", "−12.35%", "2026年3月", "2026年3月", "3月2日", "2026/03/02", "合計"},
		{"tlh", "−1,234.57", "−12.35%", "March 2026", "Mar 2026", "2 Mar", "2026-03-02", "Total"},
	} {
		l := test.locale
		for name, pair := range map[string][2]string{
			"figure": {l.Figure(dec("-1234.565"), 2), test.figure}, "percent": {l.Percent(dec("-0.12345"), 2), test.percent}, "month": {l.Month(march), test.month},
			"short": {l.ShortMonth(march), test.short}, "day": {l.Day(day(2)), test.day}, "date": {l.Date(day(2)), test.date}, "total": {l.Total(), test.total},
		} {
			if pair[0] != pair[1] {
				t.Errorf("%q, %s: got %q, want %q", l, name, pair[0], pair[1])
			}
		}
	}
}

// A line never breaks inside of a figure: none of its spaces is a plain one.
func TestFiguresDoNotBreak(t *testing.T) {
	for _, l := range locales {
		if got := l.Figure(dec("-123456789.12"), 2) + l.Percent(dec("12.3"), 1); strings.ContainsAny(got, " -") {
			t.Errorf("%s: got %q", l, got)
		}
	}
}

func TestMinorUnits(t *testing.T) {
	for code, want := range map[string]int{"EUR": 2, "CZK": 2, "JPY": 0, "KWD": 3, "CHF": 2, "HUF": 2, "CLF": 4, "???": 2} {
		if got := report.MinorUnits(code); got != want {
			t.Errorf("%s: got %d, want %d", code, got, want)
		}
	}
}

func TestZeroPeriodHasNoWords(t *testing.T) {
	for _, l := range locales {
		if got := l.Month(report.Period{}) + l.ShortMonth(report.Period{}) + l.Day(time.Time{})[:0]; got != "" {
			t.Errorf("%s: got %q", l, got)
		}
	}
}
