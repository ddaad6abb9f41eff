package report

import (
	"fmt"
	"time"
)

// Period is one month of the calendar. The zero Period is no period.
type Period struct {
	Year  int
	Month time.Month
}

// ParsePeriod reads "YYYY-MM", years 1900 to 9999.
func ParsePeriod(s string) (Period, error) {
	if len(s) != len("2006-01") || s[4] != '-' {
		return Period{}, fmt.Errorf("period %q is not of the form YYYY-MM", s)
	}
	year, ok := digits(s[:4])
	month, ok2 := digits(s[5:])
	if !ok || !ok2 {
		return Period{}, fmt.Errorf("period %q is not of the form YYYY-MM", s)
	}
	return NewPeriod(year, month)
}

// NewPeriod checks year and month.
func NewPeriod(year, month int) (Period, error) {
	if month < 1 || month > 12 {
		return Period{}, fmt.Errorf("month %d is not between 1 and 12", month)
	}
	if year < 1900 || year > 9999 {
		return Period{}, fmt.Errorf("year %d is not between 1900 and 9999", year)
	}
	return Period{Year: year, Month: time.Month(month)}, nil
}

// PreviousMonth is the month before the one that at falls in, in loc.
func PreviousMonth(at time.Time, loc *time.Location) Period {
	local := at.In(loc)
	return Period{Year: local.Year(), Month: local.Month()}.Add(-1)
}

// Add is the period n months later; n may be negative.
func (p Period) Add(n int) Period {
	months := p.Year*12 + int(p.Month) - 1 + n
	return Period{Year: months / 12, Month: time.Month(months%12 + 1)}
}

// Before reports whether p is earlier than q.
func (p Period) Before(q Period) bool {
	return p.Year < q.Year || p.Year == q.Year && p.Month < q.Month
}

// IsZero reports whether p is no period.
func (p Period) IsZero() bool { return p == Period{} }

// String is "YYYY-MM".
func (p Period) String() string { return fmt.Sprintf("%04d-%02d", p.Year, int(p.Month)) }

// First is the first day of the month, as midnight UTC: a date, not an instant.
func (p Period) First() time.Time { return time.Date(p.Year, p.Month, 1, 0, 0, 0, 0, time.UTC) }

// AskAhead is how long before its end a period may be asked for, and waits. To ask for a later one is a mistake.
const AskAhead = 24 * time.Hour

// Bounds are the first instants of the local first days of p and of the next month: half-open, as @period_start and
// @period_end. Where a zone has no midnight on such a day, the day begins at the first instant after the gap.
func (p Period) Bounds(loc *time.Location) (start, end time.Time) {
	return firstInstant(p, loc), firstInstant(p.Add(1), loc)
}

// firstInstant looks for the earliest instant whose local date is the first of p. time.Date may answer with an instant
// of the day before when midnight falls into a gap, or with the later of two midnights when the clock is set back over it.
func firstInstant(p Period, loc *time.Location) time.Time {
	first := p.First()
	noon := time.Date(p.Year, p.Month, 1, 12, 0, 0, 0, loc)
	// Between lo (surely the day before) and noon (surely that day) the local date changes; minutes are fine enough,
	// seconds exact: historical offsets have seconds.
	lo, hi := noon.Add(-36*time.Hour).Unix(), noon.Unix()
	for hi-lo > 1 {
		mid := lo + (hi-lo)/2
		local := time.Unix(mid, 0).In(loc)
		date := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, time.UTC)
		if date.Before(first) {
			lo = mid
		} else {
			hi = mid
		}
	}
	return time.Unix(hi, 0).In(loc)
}

// digits reads a number of ASCII digits only.
func digits(s string) (int, bool) {
	n := 0
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}
