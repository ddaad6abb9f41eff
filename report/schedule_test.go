package report_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/report"
)

// whenAsked is the definition with when it is asked for.
func whenAsked(t *testing.T, yaml string) report.Definition {
	t.Helper()
	files := wholeFolder()
	files["sales/report.yaml"] = &fstest.MapFile{Data: []byte(strings.Replace(wholeDefinition, "currency: CZK\n", "currency: CZK\n"+yaml+"\n", 1))}
	def, err := report.Load(files, "sales")
	if err != nil {
		t.Fatal(err)
	}
	return def
}

// local writes an instant as a clock there shows it.
const local = "Mon 2006-01-02 15:04 MST"

func TestScheduleAt(t *testing.T) {
	for _, c := range []struct{ yaml, period, want string }{
		{`{on: 3rd business day, at: "06:00", calendar: cz}`, "2026-03", "Tue 2026-04-07 06:00 CEST"}, // 3 April is Good Friday, 6 April Easter Monday
		{`{on: 3rd business day, at: "06:00"}`, "2026-03", "Fri 2026-04-03 06:00 CEST"},
		{`{on: last business day, at: "06:00", calendar: {holidays: cz, closed: [2026-12-31]}}`, "2026-11", "Wed 2026-12-30 06:00 CET"},
		{`{on: 1st business day, at: "06:00", calendar: {holidays: cz, open: [2026-05-01]}}`, "2026-04", "Fri 2026-05-01 06:00 CEST"},
		{`{on: 1st business day, at: "06:00", calendar: {weekend: [friday, saturday]}}`, "2026-04", "Sun 2026-05-03 06:00 CEST"},
		{`{on: day 31, at: "06:00"}`, "2027-01", "Sun 2027-02-28 06:00 CET"},
		{`{on: day 31, at: "06:00"}`, "2028-01", "Tue 2028-02-29 06:00 CET"},
		{`{on: last day, at: "23:59"}`, "2028-01", "Tue 2028-02-29 23:59 CET"},
		{`{on: day 15 or next business day, at: "06:00"}`, "2026-01", "Mon 2026-02-16 06:00 CET"},
		{`{on: 2nd monday, at: "06:00"}`, "2026-05", "Mon 2026-06-08 06:00 CEST"},
		{`{on: last friday, at: "06:00"}`, "2026-06", "Fri 2026-07-31 06:00 CEST"},
		{`{on: 2nd last friday, at: "06:00"}`, "2026-06", "Fri 2026-07-24 06:00 CEST"},
		// 02:30 is jumped over on 29 March 2026 and comes twice on 25 October.
		{`{on: last sunday, at: "02:30"}`, "2026-02", "Sun 2026-03-29 03:00 CEST"},
		{`{on: last sunday, at: "02:30"}`, "2026-09", "Sun 2026-10-25 02:30 CEST"},
		// April begins in Tokyo seven hours before March ends in Prague.
		{`{on: day 1, at: "00:00", timezone: Asia/Tokyo}`, "2026-03", "Wed 2026-04-01 07:00 JST"},
		{`{on: day 1, at: "00:00", timezone: America/New_York}`, "2026-03", "Wed 2026-04-01 00:00 EDT"},
		{`{every: quarter, on: day 5, at: "06:00", year_starts: february}`, "2026-04", "Tue 2026-05-05 06:00 CEST"},
	} {
		def := whenAsked(t, "schedule: "+c.yaml)
		p, err := report.ParsePeriod(c.period)
		if err != nil {
			t.Fatal(err)
		}
		s := def.Schedules[0]
		if got := s.At(p).Format(local); got != c.want {
			t.Errorf("%s: %s is due on %s, want %s", c.yaml, p, got, c.want)
		}
		if !s.Has(p) {
			t.Errorf("%s: has no %s", c.yaml, p)
		}
	}
}

func TestScheduleRhythm(t *testing.T) {
	def := whenAsked(t, `schedule:
  - {name: monthly, on: day 1, at: "06:00"}
  - {name: quarters, every: quarter, on: day 1, at: "06:00"}
  - {name: years, every: year, year_starts: april, on: day 1, at: "06:00", timezone: UTC, calendar: ecb}
due_by: {on: day 9, at: "12:00", every: year}`)
	var got []string
	for _, s := range append(def.Schedules, *def.DueBy) {
		got = append(got, strings.Join([]string{report.ScheduleID(def.Name, s), s.Rhythm(), s.Location.String(), s.Calendar.Name()}, ", "))
	}
	want := []string{
		"sales/monthly, month, Europe/Prague, ",
		"sales/quarters, quarter from january, Europe/Prague, ",
		"sales/years, year from april, UTC, ecb",
		"sales, year from january, Europe/Prague, ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("schedules (-want +got):\n%s", diff)
	}
	for i, want := range [][]int{nil, {3, 6, 9, 12}, {3}} {
		if got := def.Schedules[i].Months(); want != nil && !slices.Equal(got, want) {
			t.Errorf("schedule %d: got months %v, want %v", i, got, want)
		}
	}
	due := whenAsked(t, `schedule: {every: quarter, year_starts: march, on: day 1, at: "06:00", timezone: UTC, calendar: ecb}
due_by: {on: day 9, at: "12:00"}`).DueBy
	if due.Rhythm() != "quarter from march" || due.Location != time.UTC || due.Calendar.Name() != "ecb" || due.Hour != 12 {
		t.Errorf("got due by %+v, want the first schedule's rhythm, zone and calendar", due)
	}
}

func TestScheduleBetween(t *testing.T) {
	s := whenAsked(t, `schedule: {on: day 5, at: "06:00"}`).Schedules[0]
	at := func(text string) time.Time {
		t.Helper()
		instant, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return instant
	}
	for _, c := range []struct {
		after, until string
		want         []string
	}{
		{"2026-01-05T05:00:00Z", "2026-03-05T05:00:00Z", []string{"2026-01", "2026-02"}}, // the first bound is outside, the last inside
		{"2026-01-05T04:59:59Z", "2026-03-05T04:59:59Z", []string{"2025-12", "2026-01"}},
		{"2026-03-05T05:00:00Z", "2026-04-05T03:59:59Z", nil},
		{"2026-04-05T04:00:00Z", "2026-01-01T00:00:00Z", nil},
	} {
		var got []string
		for _, f := range s.Between(at(c.after), at(c.until), nil) {
			got = append(got, f.Period.String())
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("between %s and %s: got %v, want %v", c.after, c.until, got, c.want)
		}
	}
	known := map[report.Period]bool{{Year: 2026, Month: time.January}: true}
	if got := s.Between(at("2026-01-05T05:00:00Z"), at("2026-03-05T05:00:00Z"), known); len(got) != 1 || got[0].Period.Month != time.February {
		t.Errorf("got %v where January is known, want February", got)
	}
	if next := s.Next(at("2026-01-05T05:00:00Z")); next.Period.String() != "2026-01" || !next.At.Equal(at("2026-02-05T05:00:00Z")) {
		t.Errorf("got %v, want January's", next)
	}
}

// A calendar on which hardly any day is worked makes a report late, not lost.
func TestScheduleFewBusinessDays(t *testing.T) {
	s := whenAsked(t, `schedule: {on: 15th business day, at: "06:00", calendar: {weekend: [monday, tuesday, wednesday, thursday, friday, saturday]}}`).Schedules[0]
	after := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	seen := map[report.Period]bool{}
	for range 36 {
		next := s.Next(after)
		if seen[next.Period] || !next.At.After(after) {
			t.Fatalf("after %s comes %s of %s", after, next.At, next.Period)
		}
		seen[next.Period], after = true, next.At
	}
	if len(seen) != 36 {
		t.Errorf("got %d periods in 36 firings", len(seen))
	}
}
