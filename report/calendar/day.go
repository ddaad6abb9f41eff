package calendar

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Day says which day of a month is meant, such as the 3rd business day. The zero Day is none.
type Day struct {
	unit    unit
	weekday time.Weekday // with weekdays
	nth     int          // from 1, counted from the end where last is set
	last    bool
	orNext  bool // where it is not worked, the next day that is
}

// unit is what is counted.
type unit int

const (
	days unit = iota + 1
	businessDays
	weekdays
)

// most is how many of a unit every month has: a rule that some months cannot keep is refused. Of business days fewer are
// counted than there ever are, so that holidays leave enough.
var most = map[unit]int{days: 31, businessDays: 15, weekdays: 4}

// Forms says which rules there are, for messages.
const Forms = "day 5, last day, 3rd business day, last business day, 2nd monday or last friday"

// NextBusinessDay may follow a rule that can mean a day that is not worked.
const NextBusinessDay = " or next business day"

var (
	dayPattern = regexp.MustCompile(`^day ([1-9][0-9]?)$`)
	nthPattern = regexp.MustCompile(`^(?:([1-9][0-9]?)(st|nd|rd|th) )?(?:(last) )?(day|business day|[a-z]+)$`)
)

// ParseDay reads a rule:
//
//	day N | [Nth] last day | Nth business day | [Nth] last business day | Nth WEEKDAY | [Nth] last WEEKDAY
//
// each but those of business days with "or next business day" behind it, if that is meant. The error does not repeat s.
func ParseDay(s string) (Day, error) {
	rule, orNext := strings.CutSuffix(s, NextBusinessDay)
	d, err := parseRule(rule)
	if err != nil {
		return Day{}, err
	}
	if orNext && d.unit == businessDays {
		return Day{}, fmt.Errorf("a business day is worked; want %s alone", rule)
	}
	d.orNext = orNext
	return d, nil
}

// ErrRule is that of a text that is no rule at all; the errors of one that cannot be kept say why.
var ErrRule = errors.New("want a day such as " + Forms)

func parseRule(s string) (Day, error) {
	if m := dayPattern.FindStringSubmatch(s); m != nil {
		n, _ := strconv.Atoi(m[1])
		if n > most[days] {
			return Day{}, fmt.Errorf("no month has %d days", n)
		}
		return Day{unit: days, nth: n}, nil
	}
	m := nthPattern.FindStringSubmatch(s)
	if m == nil || m[1] == "" && m[3] == "" {
		return Day{}, ErrRule
	}
	d := Day{nth: 1, last: m[3] != ""}
	switch weekday, ok := ParseWeekday(m[4]); {
	case m[4] == "day" && d.last:
		d.unit = days
	case m[4] == "day":
		return Day{}, fmt.Errorf("want day %s", m[1])
	case m[4] == "business day":
		d.unit = businessDays
	case ok:
		d.unit, d.weekday = weekdays, weekday
	default:
		return Day{}, ErrRule
	}
	if m[1] == "" {
		return d, nil
	}
	d.nth, _ = strconv.Atoi(m[1])
	limit := most[d.unit]
	if d.unit == days {
		limit = 28 // from the end: what February has
	}
	switch {
	case m[2] != suffix(d.nth):
		return Day{}, fmt.Errorf("want %d%s", d.nth, suffix(d.nth))
	case d.last && d.nth == 1:
		return Day{}, fmt.Errorf("want last %s", m[4])
	case d.nth > limit && d.unit == businessDays:
		return Day{}, fmt.Errorf("not every month has so many; want at most the %d%s %s, or count from the end: 2nd last business day", limit, suffix(limit), m[4])
	case d.nth > limit:
		return Day{}, fmt.Errorf("not every month has one; want at most the %d%s %s, or the last", limit, suffix(limit), m[4])
	}
	return d, nil
}

// suffix is what follows the digits of an ordinal.
func suffix(n int) string {
	if n%100 >= 11 && n%100 <= 13 {
		return "th"
	}
	switch n % 10 {
	case 1:
		return "st"
	case 2:
		return "nd"
	case 3:
		return "rd"
	}
	return "th"
}

// ParseWeekday reads monday to sunday.
func ParseWeekday(s string) (time.Weekday, bool) {
	for day := time.Sunday; day <= time.Saturday; day++ {
		if s == strings.ToLower(day.String()) {
			return day, true
		}
	}
	return 0, false
}

// String is the rule as ParseDay reads it.
func (d Day) String() string {
	what := map[unit]string{days: "day", businessDays: "business day", weekdays: strings.ToLower(d.weekday.String())}[d.unit]
	switch {
	case d.unit == 0:
		return ""
	case d.last && d.nth == 1:
		what = "last " + what
	case d.last:
		what = fmt.Sprintf("%d%s last %s", d.nth, suffix(d.nth), what)
	case d.unit == days:
		what = fmt.Sprintf("day %d", d.nth)
	default:
		what = fmt.Sprintf("%d%s %s", d.nth, suffix(d.nth), what)
	}
	if d.orNext {
		what += NextBusinessDay
	}
	return what
}

// Rules are all rules there are, without "or next business day": what a mistyped one may have meant.
func Rules() []string {
	var out []string
	add := func(d Day) { out = append(out, d.String()) }
	for n := 1; n <= most[days]; n++ {
		add(Day{unit: days, nth: n})
	}
	for n := 1; n <= most[businessDays]; n++ {
		add(Day{unit: businessDays, nth: n})
		add(Day{unit: businessDays, nth: n, last: true})
		add(Day{unit: days, nth: n, last: true})
	}
	for n := 1; n <= most[weekdays]; n++ {
		for day := time.Sunday; day <= time.Saturday; day++ {
			add(Day{unit: weekdays, weekday: day, nth: n})
			add(Day{unit: weekdays, weekday: day, nth: n, last: true})
		}
	}
	return slices.Clip(out)
}
