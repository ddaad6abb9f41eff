// Package calendar knows which days offices and banks work, which day of a month a rule such as "3rd business day" means, and at
// which instant a clock on a wall somewhere shows a time. It stands on the ground floor below report, whose definitions say when
// a report is due. It has no clock, asks for nothing and knows no report.
package calendar

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/rickar/cal/v2"
)

// Config says which days are worked. The zero Config is Monday to Friday.
type Config struct {
	Holidays string         // of Names; "" has none
	Weekend  []time.Weekday // nil is Saturday and Sunday; empty is none
	Closed   []Date         // not worked, whatever else is said
	Open     []Date         // worked, though a holiday or in a weekend
}

// Calendar says which days are worked. The zero Calendar is Monday to Friday. It is safe for concurrent use.
type Calendar struct {
	name     string
	holidays []*cal.Holiday
	weekend  map[time.Weekday]bool
	days     map[Date]bool // true is worked
}

// UnknownError is a name of holidays that is not among Names.
type UnknownError struct{ Name string }

func (e *UnknownError) Error() string { return fmt.Sprintf("calendar %q is not known", e.Name) }

// ofDates has the library reckon with dates as dates: it would make them midnights of the machine's zone, and a zone that sets
// its clock forward at midnight has days without one.
var ofDates = sync.OnceFunc(func() { cal.DefaultLoc = time.UTC })

// New checks cfg. The error is an *UnknownError, or says what is contradictory.
func New(cfg Config) (Calendar, error) {
	ofDates()
	c := Calendar{name: cfg.Holidays, days: map[Date]bool{}}
	if cfg.Holidays != "" {
		var ok bool
		if c.holidays, ok = holidays[cfg.Holidays]; !ok {
			return Calendar{}, &UnknownError{Name: cfg.Holidays}
		}
	}
	if cfg.Weekend != nil {
		c.weekend = map[time.Weekday]bool{}
		for _, day := range cfg.Weekend {
			c.weekend[day] = true
		}
		if len(c.weekend) == 7 {
			return Calendar{}, fmt.Errorf("a weekend of seven days leaves none to work")
		}
	}
	for _, d := range cfg.Closed {
		c.days[d] = false
	}
	for _, d := range cfg.Open {
		if _, closed := c.days[d]; closed && !c.days[d] {
			return Calendar{}, fmt.Errorf("%s is both open and closed", d)
		}
		c.days[d] = true
	}
	return c, nil
}

// Names are the holidays that are known, in order.
func Names() []string { return slices.Sorted(maps.Keys(holidays)) }

// Name is Config.Holidays.
func (c Calendar) Name() string { return c.name }

// Works reports whether d is a business day.
func (c Calendar) Works(d Date) bool {
	if works, told := c.days[d]; told {
		return works
	}
	return !c.isWeekend(d.Weekday()) && !c.isHoliday(d)
}

func (c Calendar) isWeekend(day time.Weekday) bool {
	if c.weekend == nil {
		return day == time.Saturday || day == time.Sunday
	}
	return c.weekend[day]
}

// isHoliday looks at the year beside d's too where it is near: a New Year's Day on a Saturday may be kept on 31 December.
func (c Calendar) isHoliday(d Date) bool {
	years := []int{d.Year}
	switch d.Month {
	case time.January:
		years = append(years, d.Year-1)
	case time.December:
		years = append(years, d.Year+1)
	}
	for _, holiday := range c.holidays {
		for _, year := range years {
			// The day itself and, where it falls on a weekend, the day on which it is kept instead.
			day, kept := holiday.Calc(year)
			if !day.IsZero() && (dateOf(day) == d || dateOf(kept) == d) {
				return true
			}
		}
	}
	return false
}
