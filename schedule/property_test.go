package schedule_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/report/calendar"
)

var (
	// Ahead of UTC and behind it, by half hours and quarters, set forward at midnight (Cairo, Santiago, São Paulo until 2018), by
	// half an hour (Lord Howe), and one whose summer is the rule (Casablanca).
	zones = []string{
		"UTC", "Europe/Prague", "America/New_York", "America/Sao_Paulo", "America/Santiago", "Africa/Cairo", "Africa/Casablanca",
		"Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Kiritimati",
	}
	countries = []string{"cz", "de", "ecb", "gb", "us"}
	rules     = []string{
		"3rd business day", "day 31", "last business day", "day 30", "last sunday", "1st business day", "2nd last business day", "day 1",
		"2nd monday", "last day", "day 15 or next business day", "4th sunday", "12th business day", "day 29", "last friday", "1st sunday",
	}
	clocks = []string{"02:30", "00:00", "06:00", "00:01", "23:59", "01:45", "03:00"}
)

const (
	firstYear = 2018 // of older years the library knows the laws of today
	lastYear  = 2037
)

// TestTwentyYears walks a clock through twenty years, in steps of minutes to weeks as a scheduler that is stopped and started
// would see it. Each period fires once, and at the instant that the oracle says.
func TestTwentyYears(t *testing.T) {
	fired := 0
	for z, zone := range zones {
		for c, country := range countries {
			n := z*len(countries) + c
			on, at := rules[n%len(rules)], clocks[n%len(clocks)]
			ends := zones[(z+n)%len(zones)] // the month of the report may end elsewhere
			t.Run(strings.Join([]string{zone, country, on, at, ends}, " "), func(t *testing.T) {
				s, o := scheduleOf(t, on, at, zone, country, ends)
				fired += walk(t, s, o, rand.New(rand.NewPCG(1, uint64(n))))
			})
		}
	}
	if want := 50 * (lastYear - firstYear + 1) * 12; fired < want {
		t.Errorf("%d firings, want %d", fired, want)
	}
}

// scheduleOf is one schedule as the product and as the oracle know it.
func scheduleOf(t *testing.T, on, at, zone, country, ends string) (report.Schedule, oracle) {
	t.Helper()
	day, err := calendar.ParseDay(on)
	if err != nil {
		t.Fatal(err)
	}
	days, err := calendar.New(calendar.Config{Holidays: country})
	if err != nil {
		t.Fatal(err)
	}
	clock, err := time.Parse("15:04", at)
	if err != nil {
		t.Fatal(err)
	}
	s := report.Schedule{
		Every: report.EveryMonth, YearStarts: time.January, On: day, Hour: clock.Hour(), Minute: clock.Minute(), Calendar: days,
		Location: location(t, zone), PeriodEnds: location(t, ends),
	}
	return s, oracle{on: on, at: at, zone: s.Location, ends: s.PeriodEnds, holiday: laws[country]}
}

func location(t *testing.T, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// walk goes from the first to the last year and answers how often the schedule fired.
func walk(t *testing.T, s report.Schedule, o oracle, random *rand.Rand) (fired int) {
	t.Helper()
	since := time.Date(firstYear-1, time.December, 10, 0, 0, 0, 0, time.UTC)
	until := time.Date(lastYear+1, time.December, 31, 23, 0, 0, 0, time.UTC)
	recorded := map[report.Period]bool{}
	next := since
	for now := since; now.Before(until); now = now.Add(time.Duration(random.Int64N(int64(21 * 24 * time.Hour)))) {
		if now.Before(next) {
			if random.IntN(3) > 0 { // most schedulers run all the time: they look at that very instant
				now = next
			} else {
				continue
			}
		}
		for _, f := range s.Between(since, now, recorded) {
			if recorded[f.Period] {
				t.Fatalf("%s fires twice", f.Period)
			}
			recorded[f.Period] = true
			fired++
			if want := o.due(f.Period.Year, f.Period.Month); !f.At.Equal(want) {
				t.Errorf("%s fires on %s, want %s", f.Period, f.At.Format(time.RFC1123Z), want.In(o.zone).Format(time.RFC1123Z))
			}
			if f.At.After(now) {
				t.Errorf("%s fires at %s, before it is due", f.Period, now)
			}
		}
		next = s.Next(now).At
	}
	for p := (report.Period{Year: firstYear, Month: time.January}); p.Year <= lastYear; p = p.Add(1) {
		if !recorded[p] {
			t.Errorf("%s never fires", p)
		}
	}
	return fired
}

// TestFiscalYears: quarters and years of a fiscal year that begins in any month are named by their last month.
func TestFiscalYears(t *testing.T) {
	for starts := time.January; starts <= time.December; starts++ {
		for every, length := range map[report.Every]int{report.EveryQuarter: 3, report.EveryYear: 12} {
			s, o := scheduleOf(t, "3rd business day", "06:00", "Europe/Prague", "cz", "Europe/Prague")
			s.Every, s.YearStarts = every, starts
			// The oracle counts months from the first one of a fiscal year.
			var want, got []string
			count := 0
			for m := time.Date(2019, starts, 1, 0, 0, 0, 0, time.UTC); m.Year() < 2026; m = m.AddDate(0, 1, 0) {
				if count++; count%length == 0 && m.Year() >= 2020 {
					want = append(want, fmt.Sprintf("%s on %s", m.Format("2006-01"), o.due(m.Year(), m.Month()).Format(time.DateTime)))
				}
			}
			for after := time.Date(2020, 2, 1, 0, 0, 0, 0, s.Location); ; {
				f := s.Next(after)
				if f.Period.Year > 2025 {
					break
				}
				got, after = append(got, fmt.Sprintf("%s on %s", f.Period, f.At.UTC().Format(time.DateTime))), f.At
			}
			if strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("every %s from %s: got\n%s\nwant\n%s", every, starts, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		}
	}
}
