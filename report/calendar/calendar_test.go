package calendar_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/monthend/monthend/report/calendar"
)

func date(t testing.TB, text string) calendar.Date {
	t.Helper()
	d, err := calendar.ParseDate(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func dates(t testing.TB, texts ...string) (out []calendar.Date) {
	t.Helper()
	for _, text := range texts {
		out = append(out, date(t, text))
	}
	return out
}

func TestWorks(t *testing.T) {
	for _, c := range []struct {
		cfg            calendar.Config
		worked, closed string
	}{
		{calendar.Config{}, "2026-12-25 2026-12-28", "2026-12-26 2026-12-27"},
		{calendar.Config{Holidays: "cz"}, "2026-12-23 2026-09-29", "2026-12-24 2026-09-28 2026-04-03 2026-04-06 2026-10-28"},
		{calendar.Config{Holidays: "de-by"}, "2026-06-05", "2026-06-04 2026-01-06"},
		{calendar.Config{Holidays: "de"}, "2026-06-04 2026-01-06", "2026-10-03"},
		// New Year's Day of 2022 is a Saturday and kept on the Friday before; so is Independence Day of 2026.
		{calendar.Config{Holidays: "us"}, "2022-01-03", "2021-12-31 2026-07-03 2026-06-19"},
		{calendar.Config{Holidays: "gb"}, "2022-12-28", "2022-12-26 2022-12-27 2022-06-02 2022-06-03"},
		{calendar.Config{Holidays: "jp"}, "2026-05-07", "2026-05-04 2026-05-05 2026-05-06 2026-01-12"},
		{calendar.Config{Holidays: "ecb"}, "2026-12-24", "2026-12-25 2026-05-01"},
		{calendar.Config{Weekend: []time.Weekday{time.Friday, time.Saturday}}, "2026-04-05", "2026-04-03 2026-04-04"},
		{calendar.Config{Weekend: []time.Weekday{}}, "2026-04-04 2026-04-05", ""},
		{calendar.Config{Holidays: "cz", Closed: dates(t, "2026-12-31"), Open: dates(t, "2026-12-24", "2026-12-26")}, "2026-12-24 2026-12-26", "2026-12-31"},
	} {
		days, err := calendar.New(c.cfg)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range strings.Fields(c.worked) {
			if !days.Works(date(t, text)) {
				t.Errorf("%+v: %s is closed", c.cfg, text)
			}
		}
		for _, text := range strings.Fields(c.closed) {
			if days.Works(date(t, text)) {
				t.Errorf("%+v: %s is worked", c.cfg, text)
			}
		}
	}
}

func TestNewRefuses(t *testing.T) {
	var unknown *calendar.UnknownError
	if _, err := calendar.New(calendar.Config{Holidays: "CZ"}); !errors.As(err, &unknown) || unknown.Name != "CZ" {
		t.Errorf("got %v, want CZ unknown", err)
	}
	both := dates(t, "2026-12-24")
	if _, err := calendar.New(calendar.Config{Closed: both, Open: both}); err == nil {
		t.Error("a day is both open and closed")
	}
	var week []time.Weekday
	for day := time.Sunday; day <= time.Saturday; day++ {
		week = append(week, day)
	}
	if _, err := calendar.New(calendar.Config{Weekend: week}); err == nil {
		t.Error("a weekend of seven days is taken")
	}
}

// Every calendar that is named leaves every month of any year more business days than any rule counts.
func TestEveryCalendar(t *testing.T) {
	names := calendar.Names()
	if len(names) < 60 {
		t.Fatalf("got %d calendars", len(names))
	}
	for _, name := range names {
		days, err := calendar.New(calendar.Config{Holidays: name})
		if err != nil {
			t.Fatal(err)
		}
		for _, year := range []int{1900, 2019, 2026, 2028, 2100} {
			for month := time.January; month <= time.December; month++ {
				worked := 0
				for d := (calendar.Date{Year: year, Month: month, Day: 1}); d.Month == month; d = d.Add(1) {
					if days.Works(d) {
						worked++
					}
				}
				if worked < 15 || worked > 23 {
					t.Errorf("%s: %04d-%02d has %d business days", name, year, int(month), worked)
				}
			}
		}
	}
}

func TestAt(t *testing.T) {
	for _, c := range []struct{ zone, date, clock, want string }{
		{"Europe/Prague", "2026-03-29", "02:30", "2026-03-29T01:00:00Z"},       // set forward from 02:00 to 03:00
		{"Europe/Prague", "2026-03-29", "02:00", "2026-03-29T01:00:00Z"},       // the first minute that is missing
		{"Europe/Prague", "2026-03-29", "01:59", "2026-03-29T00:59:00Z"},       // the last one before it
		{"Europe/Prague", "2026-10-25", "02:30", "2026-10-25T00:30:00Z"},       // set back from 03:00 to 02:00: the first of two
		{"Europe/Prague", "2026-10-25", "03:00", "2026-10-25T02:00:00Z"},       // comes once
		{"America/Sao_Paulo", "2018-11-04", "00:00", "2018-11-04T03:00:00Z"},   // no midnight
		{"Australia/Lord_Howe", "2026-10-04", "02:15", "2026-10-03T15:30:00Z"}, // by half an hour
		{"Pacific/Apia", "2011-12-30", "12:00", "2011-12-30T10:00:00Z"},        // a day that was left out
		{"Pacific/Kiritimati", "2026-01-01", "00:00", "2025-12-31T10:00:00Z"},
		{"Asia/Kathmandu", "2026-01-01", "06:00", "2026-01-01T00:15:00Z"},
		{"UTC", "2026-02-28", "23:59", "2026-02-28T23:59:00Z"},
		{"Europe/Prague", "1900-01-01", "00:00", "1899-12-31T23:00:00Z"},
		{"Europe/Prague", "2300-07-01", "06:00", "2300-07-01T04:00:00Z"},
	} {
		loc, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		clock, err := time.Parse("15:04", c.clock)
		if err != nil {
			t.Fatal(err)
		}
		if got := date(t, c.date).At(clock.Hour(), clock.Minute(), loc).UTC().Format(time.RFC3339); got != c.want {
			t.Errorf("%s %s in %s: got %s, want %s", c.date, c.clock, c.zone, got, c.want)
		}
	}
}
