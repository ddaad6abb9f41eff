package engine_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/pipeline/engine"
	"github.com/monthend/monthend/report"
)

// at reads a time in Prague.
func at(t testing.TB, text string) time.Time {
	t.Helper()
	prague, err := time.LoadLocation("Europe/Prague")
	if err != nil {
		t.Fatal(err)
	}
	v, err := time.ParseInLocation("2006-01-02 15:04:05", text, prague)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestFreshness(t *testing.T) {
	march := report.Period{Year: 2026, Month: time.March} // its last Sunday has 23 hours
	day := func(s string) time.Time {
		return at(t, s+" 00:00:00").Add(12 * time.Hour).UTC().Truncate(24 * time.Hour)
	}
	// A wall clock is stored as if it were UTC.
	wall := func(s string) time.Time {
		v, _ := time.Parse("2006-01-02 15:04:05", s)
		return v
	}
	for _, c := range []struct {
		name   string
		column string // its type
		values []any
		limit  report.Freshness
		broken int64
		want   [2]string // expected, actual
	}{
		{"last day counts", "timestamptz", []any{at(t, "2026-03-01 10:00:00"), at(t, "2026-03-31 00:00:00"), nil}, report.Freshness{Days: 1}, 0,
			[2]string{"2026-03-31 or later", "2026-03-31T00:00:00+02:00"}},
		{"a second before it", "timestamptz", []any{at(t, "2026-03-30 23:59:59")}, report.Freshness{Days: 1}, 1,
			[2]string{"2026-03-31 or later", "2026-03-30T23:59:59+02:00"}},
		{"the day is the report's", "timestamptz", []any{at(t, "2026-03-31 00:30:00")}, report.Freshness{Days: 1}, 0,
			[2]string{"2026-03-31 or later", "2026-03-31T00:30:00+02:00"}}, // the 30th in UTC
		{"days over the change of the clock", "timestamptz", []any{at(t, "2026-03-29 00:00:00")}, report.Freshness{Days: 3}, 0,
			[2]string{"2026-03-29 or later", "2026-03-29T00:00:00+01:00"}},
		{"hours are elapsed ones", "timestamptz", []any{at(t, "2026-03-28 23:00:00")}, report.Freshness{Hours: 72}, 0,
			[2]string{"2026-03-28T23:00:00+01:00 or later", "2026-03-28T23:00:00+01:00"}},
		{"a second too old", "timestamptz", []any{at(t, "2026-03-28 22:59:59")}, report.Freshness{Hours: 72}, 1,
			[2]string{"2026-03-28T23:00:00+01:00 or later", "2026-03-28T22:59:59+01:00"}},
		{"date", "date", []any{day("2026-03-30"), day("2026-03-02")}, report.Freshness{Days: 2}, 0, [2]string{"2026-03-30 or later", "2026-03-30"}},
		{"old date", "date", []any{day("2026-03-29")}, report.Freshness{Days: 2}, 1, [2]string{"2026-03-30 or later", "2026-03-29"}},
		{"date against hours is its first instant", "date", []any{day("2026-03-31")}, report.Freshness{Hours: 23}, 1,
			[2]string{"2026-03-31T01:00:00+02:00 or later", "2026-03-31"}},
		{"date within hours", "date", []any{day("2026-03-31")}, report.Freshness{Hours: 24}, 0, [2]string{"2026-03-31T00:00:00+02:00 or later", "2026-03-31"}},
		{"wall clock", "timestamp", []any{wall("2026-03-31 00:00:00")}, report.Freshness{Days: 1}, 0, [2]string{"2026-03-31 or later", "2026-03-31T00:00:00+02:00"}},
		{"later than the month", "timestamptz", []any{at(t, "2026-04-02 00:00:00")}, report.Freshness{Days: 1}, 0,
			[2]string{"2026-03-31 or later", "2026-04-02T00:00:00+02:00"}},
		{"no rows", "timestamptz", nil, report.Freshness{Days: 1}, 0, [2]string{"2026-03-31 or later", "no rows"}},
		{"no value", "timestamptz", []any{nil, nil}, report.Freshness{Days: 1}, 1, [2]string{"2026-03-31 or later", "NULL"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := open(t, engine.Config{TimeZone: "Europe/Prague"})
			var rows [][]any
			for _, v := range c.values {
				rows = append(rows, []any{v})
			}
			load(t, w, "t", "booked_at "+c.column, rows...)
			w.SetMonth(engine.Month{Period: march})
			c.limit.Column = "booked_at"
			got, err := w.Validate(context.Background(), report.Definition{
				Extract: []report.Extract{{Name: "t", Key: []string{"booked_at"}}},
				Rules:   []report.Rule{{Name: "fresh", On: "t", Severity: report.Fail, Freshness: &c.limit}},
			})
			if err != nil {
				t.Fatal(err)
			}
			want := report.RuleResult{Rule: "fresh", On: "t", Severity: report.Fail, Broken: c.broken, Expected: c.want[0], Actual: c.want[1]}
			if diff := cmp.Diff(want, got.Rules[0]); diff != "" || got.Failed != (c.broken > 0) {
				t.Errorf("failed %v, %s", got.Failed, diff)
			}
		})
	}
}

func TestRowCount(t *testing.T) {
	most := func(n int64) *int64 { return &n }
	for _, c := range []struct {
		name     string
		limit    report.RowCount
		rows     int
		previous int64
		broken   int64
		expected string
	}{
		{"at min", report.RowCount{Min: 3}, 3, 0, 0, "at least 3"},
		{"below min", report.RowCount{Min: 4}, 3, 0, 1, "at least 4"},
		{"empty", report.RowCount{Min: 1}, 0, 0, 1, "at least 1"},
		{"at max", report.RowCount{Max: most(3)}, 3, 0, 0, "at most 3"},
		{"above max", report.RowCount{Max: most(2)}, 3, 0, 1, "at most 2"},
		{"none allowed", report.RowCount{Max: most(0)}, 1, 0, 1, "at most 0"},
		{"any", report.RowCount{}, 0, 0, 0, "at least 0"},
		{"exactly so much more", report.RowCount{Previous: "0.2"}, 12, 10, 0, "10 ± 20%"},
		{"more", report.RowCount{Previous: "0.2"}, 13, 10, 1, "10 ± 20%"},
		{"exactly so much less", report.RowCount{Previous: "0.2"}, 8, 10, 0, "10 ± 20%"},
		{"less", report.RowCount{Previous: "0.2"}, 7, 10, 1, "10 ± 20%"},
		{"a share that no float is", report.RowCount{Previous: "0.1"}, 11, 10, 0, "10 ± 10%"},
		{"a hair below it", report.RowCount{Previous: "0.099999"}, 11, 10, 1, "10 ± 9.9999%"},
		{"a third", report.RowCount{Previous: "0.333333"}, 4, 3, 1, "3 ± 33.3333%"},
		{"no tolerance, equal", report.RowCount{Previous: "0"}, 5, 5, 0, "5 ± 0%"},
		{"no tolerance", report.RowCount{Previous: "0"}, 6, 5, 1, "5 ± 0%"},
		{"everything gone", report.RowCount{Previous: "1"}, 0, 5, 0, "5 ± 100%"},
		{"after a month of none", report.RowCount{Previous: "0.2"}, 20, 0, 0, "any number after a month of 0"},
		{"none after none", report.RowCount{Previous: "0.2"}, 0, 0, 0, "any number after a month of 0"},
		{"min holds after a month of none", report.RowCount{Min: 21, Previous: "0.2"}, 20, 0, 1, "at least 21, any number after a month of 0"},
		{"all three", report.RowCount{Min: 1, Max: most(20), Previous: "0.2"}, 20, 18, 0, "at least 1, at most 20, 18 ± 20%"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := open(t, engine.Config{})
			rows := make([][]any, c.rows)
			for i := range rows {
				rows[i] = []any{i}
			}
			load(t, w, "t", "id int64", rows...)
			w.SetMonth(engine.Month{Previous: map[string]int64{"t": c.previous}})
			got, err := w.Validate(context.Background(), report.Definition{
				Extract: []report.Extract{{Name: "t", Key: []string{"id"}}},
				Rules: []report.Rule{
					// Rows that are rejected have arrived all the same.
					{Name: "reject", On: "t", Severity: report.Reject, Check: "FALSE"},
					{Name: "volume", On: "t", Severity: report.Warn, RowCount: &c.limit},
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			result := got.Rules[1]
			if result.Broken != c.broken || result.Expected != c.expected || got.Failed {
				t.Errorf("got %+v, failed %v; want %d broken of %q", result, got.Failed, c.broken, c.expected)
			}
		})
	}
}

func TestExtentErrors(t *testing.T) {
	for _, c := range []struct {
		rule  report.Rule
		month engine.Month
		want  string
	}{
		{report.Rule{On: "t", Freshness: &report.Freshness{Column: "day", Days: 1}}, engine.Month{}, `rule "r": the month is not known`},
		{report.Rule{On: "t", Freshness: &report.Freshness{Column: "nothing", Days: 1}}, engine.Month{Period: report.Period{Year: 2026, Month: 3}}, `extract "t" has no column "nothing"`},
		{report.Rule{On: "t", Freshness: &report.Freshness{Column: "id", Days: 1}}, engine.Month{Period: report.Period{Year: 2026, Month: 3}}, `column "id" is BIGINT, not a date or timestamp`},
		{report.Rule{On: "t", RowCount: &report.RowCount{Previous: "0.2"}}, engine.Month{}, `the previous month's rows of "t" are not known`},
		{report.Rule{On: "no", RowCount: &report.RowCount{Min: 1}}, engine.Month{}, `there is no extract "no"`},
	} {
		w := open(t, engine.Config{})
		load(t, w, "t", "id int64, day date")
		w.SetMonth(c.month)
		c.rule.Name, c.rule.Severity = "r", report.Warn
		_, err := w.Validate(context.Background(), report.Definition{Extract: []report.Extract{{Name: "t", Key: []string{"id"}}}, Rules: []report.Rule{c.rule}})
		if err == nil || !strings.Contains(err.Error(), c.want) || !engine.IsPermanent(err) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
}

func TestShow(t *testing.T) {
	w := open(t, engine.Config{TimeZone: "Europe/Prague"})
	def := month(t, w)
	def.Gate = report.Gate{}
	def.Document = []report.BlockSpec{
		{Text: "first"},
		{Quality: true, Show: []string{"note", "AMOUNT"}, ShowAt: []report.Place{{Line: 7, Col: 9}, {Line: 7, Col: 15}}},
		{Quality: true, Show: []string{"note"}, ShowAt: []report.Place{{Line: 8, Col: 9}}},
	}
	got, err := w.Validate(context.Background(), def)
	if err != nil {
		t.Fatal(err)
	}
	unique := got.Rules[2]
	want := report.RuleResult{Rule: "unique-id", On: "transactions", Severity: report.Reject, Broken: 4,
		Keys: []string{"5/5", "5/6", "NULL/7", "NULL/8"}, Columns: []string{"note", "AMOUNT"},
		Shown: [][]string{{"twice", "1.00"}, {"twice", "2.00"}, {"no number", "3.00"}, {"no number", "4.00"}}}
	if diff := cmp.Diff(want, unique); diff != "" {
		t.Error(diff)
	}
	if missing := got.Rules[0].Shown; len(missing) != 2 || missing[0][1] != "NULL" {
		t.Errorf("got %q, want a missing amount shown as NULL", missing)
	}
	if kept := got.Rules[4]; kept.Columns != nil || kept.Shown != nil {
		t.Errorf("got %+v, want nothing shown of a rule that is kept", kept)
	}
}

// Rows that have one key look the same in every run, whatever their order was.
func TestShowIsOrdered(t *testing.T) {
	var want [][]string
	for run := range 8 {
		w := open(t, engine.Config{Threads: 1 + run%3})
		var rows [][]any
		for i := range 5000 {
			rows = append(rows, []any{i % 7, i})
		}
		rand.New(rand.NewPCG(uint64(run), 1)).Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		load(t, w, "t", "id int64, v int64", rows...)
		got, err := w.Validate(context.Background(), report.Definition{
			Extract:  []report.Extract{{Name: "t", Key: []string{"id"}}},
			Rules:    []report.Rule{{Name: "none", On: "t", Severity: report.Reject, Check: "v < 0"}},
			Document: []report.BlockSpec{{Quality: true, Show: []string{"v"}, ShowAt: []report.Place{{}}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		shown := got.Rules[0].Shown
		if run == 0 {
			want = shown
		}
		if len(shown) != 10 || !cmp.Equal(shown, want) {
			t.Errorf("run %d shows %q", run, shown)
		}
	}
}

func TestShowOfNoExtract(t *testing.T) {
	w := open(t, engine.Config{})
	def := month(t, w)
	def.Document = []report.BlockSpec{{Quality: true, Show: []string{"note", "salary"}, ShowAt: []report.Place{{Line: 31, Col: 22}, {Line: 31, Col: 28}}}}
	_, err := w.Validate(context.Background(), def)
	if want := `report.yaml:31:28: quality: no extract has a column "salary"`; err == nil || !strings.Contains(err.Error(), want) || !engine.IsPermanent(err) {
		t.Errorf("got %v, want %q", err, want)
	}
}
