package schedule_test

import (
	"fmt"
	"strings"
	"time"
)

// The oracle knows when a report is due without any of the code that it judges: it goes through a month day by day and through a
// day minute by minute, and has its own holidays, written down from the laws.

// oracle is one schedule, in words.
type oracle struct {
	on, at  string
	zone    *time.Location
	ends    *time.Location // where months end
	holiday func(day) bool
}

// day is a day as midnight UTC.
type day = time.Time

func dayOf(year int, month time.Month, d int) day {
	return time.Date(year, month, d, 0, 0, 0, 0, time.UTC)
}

// due is when the report of a month is due: what the rule and the clock say, or the end of the month where that is later.
func (o oracle) due(year int, month time.Month) time.Time {
	at := firstShown(o.find(year, month+1), o.at, o.zone)
	if end := firstShown(dayOf(year, month+1, 1), "00:00", o.ends); at.Before(end) {
		return end
	}
	return at
}

// find walks the days of a month.
func (o oracle) find(year int, month time.Month) day {
	var all, wanted []day
	rule, orNext := strings.CutSuffix(o.on, " or next business day")
	for d := dayOf(year, month, 1); d.Month() == dayOf(year, month, 1).Month(); d = d.AddDate(0, 0, 1) {
		all = append(all, d)
		switch {
		case strings.HasSuffix(rule, "business day"):
			if o.works(d) {
				wanted = append(wanted, d)
			}
		case strings.Contains(rule, "monday"), strings.Contains(rule, "friday"), strings.Contains(rule, "sunday"):
			if strings.HasSuffix(rule, strings.ToLower(d.Weekday().String())) {
				wanted = append(wanted, d)
			}
		default:
			wanted = append(wanted, d)
		}
	}
	var found day
	var n int
	switch words := strings.Fields(rule); {
	case words[0] == "last":
		found = wanted[len(wanted)-1]
	case words[0] == "day":
		fmt.Sscanf(words[1], "%d", &n)
		if found = all[len(all)-1]; n <= len(all) {
			found = all[n-1]
		}
	default:
		fmt.Sscanf(words[0], "%d", &n)
		if words[1] == "last" {
			found = wanted[len(wanted)-n]
		} else {
			found = wanted[n-1]
		}
	}
	for orNext && !o.works(found) {
		found = found.AddDate(0, 0, 1)
	}
	return found
}

func (o oracle) works(d day) bool {
	return d.Weekday() != time.Saturday && d.Weekday() != time.Sunday && !o.holiday(d)
}

// firstShown watches a clock from a day and a half before until it shows that minute of that day, or a later one.
func firstShown(d day, at string, zone *time.Location) time.Time {
	var hour, minute int
	fmt.Sscanf(at, "%d:%d", &hour, &minute)
	want := digits(d.Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute))
	for t, step := d.Add(-36*time.Hour), time.Hour; ; t = t.Add(step) {
		shown := digits(t.In(zone))
		switch {
		case step == time.Minute && shown >= want:
			return t
		case step == time.Hour && shown >= want/100*100:
			// The hour is near, or was jumped to: go back two of them and look more closely.
			t, step = t.Add(-2*time.Hour-time.Minute), time.Minute
		}
	}
}

// digits are what a clock shows as one number: 202603290230.
func digits(t time.Time) int {
	year, month, date := t.Date()
	hour, minute, _ := t.Clock()
	return (((year*100+int(month))*100+date)*100+hour)*100 + minute
}

// easter is Easter Sunday of a year between 1900 and 2099, after Gauss.
func easter(year int) day {
	a, b, c := year%19, year%4, year%7
	d := (19*a + 24) % 30
	e := (2*b + 4*c + 6*d + 5) % 7
	if d == 29 && e == 6 || d == 28 && e == 6 && a > 10 {
		e -= 7
	}
	return dayOf(year, time.March, 22+d+e)
}

// fixed are the days of a year with these dates, "01-01 12-25".
func fixed(d day, dates string) bool { return strings.Contains(dates, d.Format("01-02")) }

// fromEaster reports whether d is one of so many days after Easter Sunday.
func fromEaster(d day, days ...int) bool {
	for _, n := range days {
		if easter(d.Year()).AddDate(0, 0, n).Equal(d) {
			return true
		}
	}
	return false
}

// nth reports whether d is the nth such weekday of its month, from the end where n is below 0.
func nth(d day, month time.Month, weekday time.Weekday, n int) bool {
	fits := d.Day() > 7*(n-1) && d.Day() <= 7*n
	if n < 0 {
		fits = d.AddDate(0, 0, 7).Month() != month
	}
	return d.Month() == month && d.Weekday() == weekday && fits
}

// laws are the holidays of five calendars.
var laws = map[string]func(day) bool{
	"cz": func(d day) bool {
		return fixed(d, "01-01 05-01 05-08 07-05 07-06 09-28 10-28 11-17 12-24 12-25 12-26") ||
			fromEaster(d, -2, 1)
	},
	"de": func(d day) bool {
		return fixed(d, "01-01 05-01 10-03 12-25 12-26") || fromEaster(d, -2, 1, 39, 50)
	},
	"ecb": func(d day) bool { return fixed(d, "01-01 05-01 12-25 12-26") || fromEaster(d, -2, 1) },
	"us": func(d day) bool {
		kept := func(date string, since int) bool { // on the Friday before or the Monday after a weekend
			on := func(d day) bool { return d.Year() >= since && d.Format("01-02") == date }
			return on(d) || d.Weekday() == time.Friday && on(d.AddDate(0, 0, 1)) || d.Weekday() == time.Monday && on(d.AddDate(0, 0, -1))
		}
		return kept("01-01", 0) || kept("06-19", 2021) || kept("07-04", 0) || kept("11-11", 0) || kept("12-25", 0) ||
			nth(d, time.January, time.Monday, 3) || nth(d, time.February, time.Monday, 3) || nth(d, time.May, time.Monday, -1) ||
			nth(d, time.September, time.Monday, 1) || nth(d, time.October, time.Monday, 2) || nth(d, time.November, time.Thursday, 4)
	},
	"gb": func(d day) bool {
		next := func(d day) bool { // 25 and 26 December and 1 January, or the days after them that are no weekend
			christmas, newYear := dayOf(d.Year(), time.December, 25), dayOf(d.Year(), time.January, 1)
			kept := func(first day, days int) bool {
				for on := first; days > 0; on = on.AddDate(0, 0, 1) {
					if on.Weekday() == time.Saturday || on.Weekday() == time.Sunday {
						continue
					}
					if days--; on.Equal(d) {
						return true
					}
				}
				return false
			}
			return kept(christmas, 2) || kept(newYear, 1)
		}
		switch d.Format("2006-01-02") {
		case "2020-05-08", "2022-06-02", "2022-06-03", "2022-09-19", "2023-05-08":
			return true // an armistice, a jubilee, a funeral, a coronation
		case "2020-05-04", "2022-05-30":
			return false // moved by those
		}
		return next(d) || fromEaster(d, -2, 1) || nth(d, time.May, time.Monday, 1) || nth(d, time.May, time.Monday, -1) || nth(d, time.August, time.Monday, -1)
	},
}
