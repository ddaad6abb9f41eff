package calendar_test

import (
	"strings"
	"testing"
	"time"

	"github.com/monthend/monthend/report/calendar"
)

func TestParseDay(t *testing.T) {
	for text, want := range map[string]string{
		"day 5":                           "2026-04-05",
		"day 31":                          "2026-04-30",
		"last day":                        "2026-04-30",
		"2nd last day":                    "2026-04-29",
		"1st business day":                "2026-04-01",
		"3rd business day":                "2026-04-03",
		"12th business day":               "2026-04-16",
		"last business day":               "2026-04-30",
		"2nd last business day":           "2026-04-29",
		"1st wednesday":                   "2026-04-01",
		"2nd monday":                      "2026-04-13",
		"4th tuesday":                     "2026-04-28",
		"last friday":                     "2026-04-24",
		"last thursday":                   "2026-04-30",
		"2nd last thursday":               "2026-04-23",
		"day 5 or next business day":      "2026-04-06",
		"day 6 or next business day":      "2026-04-06",
		"last sunday":                     "2026-04-26",
		"1st sunday or next business day": "2026-04-06",
	} {
		day, err := calendar.ParseDay(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got := day.In(2026, time.April, calendar.Calendar{}).String(); got != want {
			t.Errorf("%q of April 2026: got %s, want %s", text, got, want)
		}
		if day.String() != text {
			t.Errorf("%q is written as %q", text, day)
		}
	}
	for text, want := range map[string]string{
		"":                                       "want a day such as",
		"day":                                    "want a day such as",
		"day 0":                                  "want a day such as",
		"day 05":                                 "want a day such as",
		"day 32":                                 "no month has 32 days",
		"Day 5":                                  "want a day such as",
		" day 5":                                 "want a day such as",
		"5th day":                                "want day 5",
		"1th business day":                       "want 1st",
		"11st business day":                      "want 11th",
		"2rd monday":                             "want 2nd",
		"16th business day":                      "not every month has so many",
		"16th last business day":                 "not every month has so many",
		"5th friday":                             "not every month has one",
		"29th last day":                          "not every month has one",
		"1st last friday":                        "want last friday",
		"business day":                           "want a day such as",
		"monday":                                 "want a day such as",
		"last someday":                           "want a day such as",
		"0 0 5 * *":                              "want a day such as",
		"last business day or next business day": "a business day is worked",
		"day 5 or next business day or next business day": "want a day such as",
	} {
		if day, err := calendar.ParseDay(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %q, %v, want %q", text, day, err, want)
		}
	}
}

func TestRules(t *testing.T) {
	for _, rule := range calendar.Rules() {
		if day, err := calendar.ParseDay(rule); err != nil || day.String() != rule {
			t.Errorf("%q: got %q, %v", rule, day, err)
		}
	}
}

// Whatever is read is written as it was read, and is a day of the month or of the days after it.
func FuzzParseDay(f *testing.F) {
	for _, seed := range append(calendar.Rules(), "", "day 5 or next business day", "5th monday", "3th day", "last last day", "day 99") {
		f.Add(seed, uint16(2026), uint8(2))
	}
	czech, err := calendar.New(calendar.Config{Holidays: "cz"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string, year uint16, month uint8) {
		day, err := calendar.ParseDay(text)
		if err != nil {
			if day != (calendar.Day{}) || err.Error() == "" || strings.Contains(err.Error(), "\n") {
				t.Errorf("%q: got %v with error %q", text, day, err)
			}
			return
		}
		if day.String() != text {
			t.Errorf("%q is written as %q", text, day)
		}
		y, m := 1900+int(year)%8000, time.Month(month%12+1)
		got := day.In(y, m, czech)
		on := time.Date(got.Year, got.Month, got.Day, 0, 0, 0, 0, time.UTC).Sub(time.Date(y, m, 1, 0, 0, 0, 0, time.UTC))
		if on < 0 || on > 45*24*time.Hour {
			t.Errorf("%q of %04d-%02d is %s", text, y, int(m), got)
		}
		if strings.Contains(text, "business day") && !czech.Works(got) {
			t.Errorf("%q of %04d-%02d is %s, which is not worked", text, y, int(m), got)
		}
	})
}
