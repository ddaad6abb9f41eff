package calendar

import (
	"fmt"
	"time"
)

// Date is a day of the calendar, anywhere. The zero Date is no day.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// ParseDate reads a day such as 2026-12-24.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || t.Year() < 1900 {
		return Date{}, fmt.Errorf("%q is not a day such as 2026-12-24", s)
	}
	return dateOf(t), nil
}

// Today is the day that it is at an instant, somewhere.
func Today(at time.Time, loc *time.Location) Date { return dateOf(at.In(loc)) }

func dateOf(t time.Time) Date {
	year, month, day := t.Date()
	return Date{year, month, day}
}

// String is 2026-12-24.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day) }

// Weekday is the day's.
func (d Date) Weekday() time.Weekday { return d.utc().Weekday() }

// Add is the day n days later; n may be negative.
func (d Date) Add(n int) Date { return dateOf(d.utc().AddDate(0, 0, n)) }

// utc is the day as an instant to reckon with.
func (d Date) utc() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

// At is the first instant at which a clock in loc has come to hour:minute of d. A time that the clock jumps over, when it is set
// forward, is come to at the jump; one that it shows twice, when it is set back, is come to the first time.
func (d Date) At(hour, minute int, loc *time.Location) time.Time {
	want := time.Date(d.Year, d.Month, d.Day, hour, minute, 0, 0, time.UTC).Unix() // what the clock shows, as if it were UTC
	// No clock is a day and a half off. From there on, go from one change of the clock to the next: between two, it runs evenly.
	from := time.Unix(want, 0).Add(-36 * time.Hour).In(loc)
	for {
		_, offset := from.Zone()
		_, end := from.ZoneBounds()
		shown := time.Unix(want-int64(offset), 0).In(loc)
		switch {
		case shown.Before(from): // jumped over by the change that from is
			return from
		case end.IsZero() || shown.Before(end):
			return shown
		}
		from = end
	}
}
