package report

import (
	"strings"
	"time"

	"github.com/monthend/monthend/report/calendar"
)

// Every is how long the time is that one report of a schedule is about.
type Every string

// The lengths, each of whole months. A period is always named by its last month.
const (
	EveryMonth   Every = "month"
	EveryQuarter Every = "quarter"
	EveryYear    Every = "year"
)

// months are how many months there are in one.
func (e Every) months() int {
	switch e {
	case EveryQuarter:
		return 3
	case EveryYear:
		return 12
	}
	return 1
}

// Schedule says when the report of a period is asked for, or has to be there: on a day of the month that follows the period.
type Schedule struct {
	Name         string // among the schedules of a report that has several; "" for the only one
	Every        Every
	YearStarts   time.Month // of the fiscal year, by which quarters and years are counted
	On           calendar.Day
	Hour, Minute int            // as a clock in Location shows them
	Location     *time.Location // of the clock
	Calendar     calendar.Calendar
	PeriodEnds   *time.Location // the report's, where its months end
}

// Firing is one period of a schedule and the instant at which it is due.
type Firing struct {
	Period Period
	At     time.Time
}

// ScheduleID is what a schedule is called wherever it is remembered: the report's name and, where it has several, its own.
func ScheduleID(report string, s Schedule) string {
	if s.Name == "" {
		return report
	}
	return report + "/" + s.Name
}

// Rhythm says which periods the schedule has. Schedules of another rhythm ask for others, whatever they are called.
func (s Schedule) Rhythm() string {
	if s.Every.months() == 1 {
		return string(EveryMonth)
	}
	return string(s.Every) + " from " + strings.ToLower(s.YearStarts.String())
}

// Has reports whether p is one of the schedule's periods.
func (s Schedule) Has(p Period) bool {
	into := (int(p.Month) - int(s.YearStarts) + 12) % 12 // months of the fiscal year before p
	return (into+1)%s.Every.months() == 0
}

// Months are the months of a year that the schedule has, as numbers.
func (s Schedule) Months() []int {
	var out []int
	for month := time.January; month <= time.December; month++ {
		if s.Has(Period{Year: 2000, Month: month}) {
			out = append(out, int(month))
		}
	}
	return out
}

// At is when the report of p is due, in the schedule's zone. It is never before p has ended where the report's months end,
// wherever the schedule's clock hangs.
func (s Schedule) At(p Period) time.Time {
	next := p.Add(1)
	at := s.On.In(next.Year, next.Month, s.Calendar).At(s.Hour, s.Minute, s.Location)
	if _, end := p.Bounds(s.PeriodEnds); at.Before(end) {
		at = end
	}
	return at.In(s.Location)
}

// Between are the firings after one instant, up to and including another, in the order of their periods, but for those of the
// periods that are known already.
func (s Schedule) Between(after, until time.Time, known map[Period]bool) []Firing {
	var out []Firing
	last := PreviousMonth(until, s.PeriodEnds) // nothing is due before its period has ended
	for p := PreviousMonth(after, s.PeriodEnds).Add(-late); !last.Before(p); p = p.Add(1) {
		if !s.Has(p) || known[p] {
			continue
		}
		if at := s.At(p); at.After(after) && !at.After(until) {
			out = append(out, Firing{p, at})
		}
	}
	return out
}

// Next is the first firing after an instant: the one that is due the soonest.
func (s Schedule) Next(after time.Time) Firing {
	var next Firing
	found := 0
	for p := PreviousMonth(after, s.PeriodEnds).Add(-late); found <= late; p = p.Add(1) {
		if !s.Has(p) {
			continue
		}
		at := s.At(p)
		if !at.After(after) {
			continue
		}
		if found++; found == 1 || at.Before(next.At) {
			next = Firing{p, at}
		}
	}
	return next
}

// late is how many months after the month that follows its period a firing may be at the most: closed days may push a business
// day on, as far as calendar.Furthest.
const late = 5
