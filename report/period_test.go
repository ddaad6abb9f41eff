package report_test

import (
	"testing"
	"time"

	"github.com/monthend/monthend/report"
)

func TestParsePeriod(t *testing.T) {
	for _, s := range []string{"", "2026", "2026-3", "2026-00", "2026-13", "1899-12", "26-03-01", "2026/03", " 2026-03", "２026-03", "2026-+3"} {
		if got, err := report.ParsePeriod(s); err == nil {
			t.Errorf("%q: got %v, want an error", s, got)
		}
	}
	got, err := report.ParsePeriod("2026-03")
	if want := (report.Period{Year: 2026, Month: time.March}); err != nil || got != want {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

func TestPeriodAdd(t *testing.T) {
	march := report.Period{Year: 2026, Month: time.March}
	for n, want := range map[int]string{0: "2026-03", 1: "2026-04", 10: "2027-01", -2: "2026-01", -3: "2025-12", -27: "2023-12"} {
		if got := march.Add(n).String(); got != want {
			t.Errorf("%d: got %s, want %s", n, got, want)
		}
	}
}

func TestPeriodBounds(t *testing.T) {
	tests := []struct{ zone, period, start, end string }{
		{"UTC", "2026-02", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"},
		{"Europe/Prague", "2026-03", "2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z"}, // summer time begins within
		{"Asia/Kathmandu", "2026-03", "2026-02-28T18:15:00Z", "2026-03-31T18:15:00Z"},
		{"America/Asuncion", "2017-10", "2017-10-01T04:00:00Z", "2017-11-01T03:00:00Z"}, // no midnight on the first: it begins at one
		{"Atlantic/Azores", "1992-09", "1992-09-01T00:00:00Z", "1992-10-01T01:00:00Z"},
		{"America/Havana", "2015-11", "2015-11-01T04:00:00Z", "2015-12-01T05:00:00Z"}, // midnight twice: the first one counts
	}
	for _, test := range tests {
		t.Run(test.zone, func(t *testing.T) {
			loc, err := time.LoadLocation(test.zone)
			if err != nil {
				t.Fatal(err)
			}
			p, err := report.ParsePeriod(test.period)
			if err != nil {
				t.Fatal(err)
			}
			start, end := p.Bounds(loc)
			if got := start.UTC().Format(time.RFC3339); got != test.start {
				t.Errorf("start: got %s, want %s", got, test.start)
			}
			if got := end.UTC().Format(time.RFC3339); got != test.end {
				t.Errorf("end: got %s, want %s", got, test.end)
			}
		})
	}
}

func FuzzParsePeriod(f *testing.F) {
	f.Add("2026-03")
	f.Add("0000-00")
	f.Add("9999-12")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := report.ParsePeriod(s)
		if err == nil && p.String() != s {
			t.Fatalf("%q became %q", s, p)
		}
	})
}
