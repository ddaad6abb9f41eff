package engine_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/pipeline/engine"
	"github.com/monthend/monthend/report"
)

// instants are rows enough for days to be found quickly: at random in the ten years around the month, and close to where the zone's
// offset changes, and to midnight.
func instants(month report.Period, zone *time.Location) [][]any {
	chance := rand.New(rand.NewPCG(uint64(month.Year), 1))
	first := month.First()
	var near []time.Time
	for at := first.AddDate(-5, 0, 0); at.Before(first.AddDate(5, 0, 0)); {
		_, end := at.In(zone).ZoneBounds()
		if end.IsZero() {
			break
		}
		near, at = append(near, end), end
	}
	rows := [][]any{{0, nil}, {1, math.MaxInt64}, {2, -math.MaxInt64}}
	for len(rows) < engine.ManyRows {
		at := first.AddDate(-5, 0, 0).Add(time.Duration(chance.Int64N(int64(10 * 365 * 24 * time.Hour))))
		switch n := len(rows) % 4; {
		case n == 0 && len(near) > 0:
			at = near[chance.IntN(len(near))].Add(time.Duration(chance.Int64N(int64(4*time.Hour))) - 2*time.Hour)
		case n == 1:
			day := at.In(zone)
			at = time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, zone).Add(time.Duration(chance.IntN(3)-1) * time.Microsecond)
		}
		rows = append(rows, []any{len(rows), int(at.UnixMicro())})
	}
	return rows
}

// A day that is found quickly is that of the engine's own calendar, which TRY_CAST still asks, whatever the zone does at night.
func TestQuickDaysAreTheCalendars(t *testing.T) {
	march := report.Period{Year: 2026, Month: 3}
	for _, c := range []struct {
		zone  string
		month report.Period
	}{
		{"Europe/Prague", march}, {"UTC", march}, {"America/Havana", march}, {"Australia/Lord_Howe", march},
		{"Africa/Casablanca", march}, {"America/St_Johns", march}, {"Pacific/Apia", report.Period{Year: 2011, Month: 12}}, {"America/Sao_Paulo", report.Period{Year: 2018, Month: 11}},
		{"Africa/Monrovia", report.Period{Year: 1972, Month: 1}},
	} {
		t.Run(strings.ReplaceAll(c.zone, "/", "-"), func(t *testing.T) {
			zone, err := time.LoadLocation(c.zone)
			if err != nil {
				t.Fatal(err)
			}
			w := open(t, engine.Config{TimeZone: c.zone, MemoryLimit: 1 << 30})
			load(t, w, "t", "id int64, booked timestamptz", instants(c.month, zone)...)
			validated(t, w, c.month)
			q := report.DatasetQuery{Name: "wrong", SQL: `SELECT count(*) AS n, count(*) FILTER (WHERE CAST(t.booked AS DATE) IS DISTINCT FROM TRY_CAST(t.booked AS DATE)) AS wrong FROM t ORDER BY n`}
			got, err := w.Dataset(context.Background(), q)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([][]any{{int64(engine.ManyRows), int64(0)}}, got.Rows); diff != "" {
				t.Errorf("rows, and those whose day is another (-want +got):\n%s", diff)
			}
			plan, err := w.ExplainDataset(context.Background(), q)
			if err != nil {
				t.Fatal(err)
			}
			// In Liberia the clock once moved by 44 minutes and a half: that year is left to the calendar.
			if quick := strings.Contains(plan.SQL, "make_timestamp("); quick != (c.zone != "Africa/Monrovia") {
				t.Errorf("quick: %v, in %s", quick, plan.SQL)
			}
		})
	}
}

// So is a time that is written quickly: of two CSV files one is written by a workspace that knows no month, and asks the calendar.
func TestQuickTimesAreTheCalendars(t *testing.T) {
	for _, c := range []struct {
		zone  string
		month report.Period
	}{
		{"Europe/Prague", report.Period{Year: 2026, Month: 3}}, {"UTC", report.Period{Year: 2026, Month: 3}},
		{"America/St_Johns", report.Period{Year: 2026, Month: 3}}, {"Pacific/Apia", report.Period{Year: 2011, Month: 12}},
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		rows := instants(c.month, zone)
		var files []string
		for _, month := range []report.Period{c.month, {}} {
			dir := t.TempDir()
			w := open(t, engine.Config{TimeZone: c.zone, MemoryLimit: 1 << 30, Spool: dir})
			load(t, w, "t", "id int64, booked timestamptz", rows...)
			validated(t, w, month)
			if _, err := w.Dataset(context.Background(), report.DatasetQuery{Name: "d", SQL: "SELECT id, booked FROM t WHERE isinf(booked) IS NOT TRUE ORDER BY id"}); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(dir, "d.csv")
			if _, err := w.Export(context.Background(), "d", engine.CSV, file); err != nil {
				t.Fatal(err)
			}
			files = append(files, sum(t, file))
		}
		if files[0] != files[1] {
			t.Errorf("%s: the file is another one when it is written quickly", c.zone)
		}
	}
}

func validated(t *testing.T, w *engine.Workspace, month report.Period) {
	t.Helper()
	w.SetMonth(engine.Month{Period: month})
	if _, err := w.Validate(context.Background(), report.Definition{Extract: []report.Extract{{Name: "t", Key: []string{"id"}}}}); err != nil {
		t.Fatal(err)
	}
}

// What is no day of an instant, and what is named after how it is written, stays as it is, and all of it says what it said before.
func TestQuickDaysOfOtherColumns(t *testing.T) {
	var rows [][]any
	start := time.Date(2026, 3, 1, 22, 30, 0, 0, time.UTC)
	for i := range engine.ManyRows {
		at := start.Add(time.Duration(i%30) * 24 * time.Hour)
		rows = append(rows, []any{i % 3, at, at.Format("2006-01-02")})
	}
	w := open(t, engine.Config{TimeZone: "Europe/Prague", MemoryLimit: 1 << 30})
	load(t, w, "t", "id int64, booked timestamptz, said text", rows...)
	validated(t, w, report.Period{Year: 2026, Month: 3})
	for i, c := range []struct {
		sql   string
		quick bool
	}{
		{"SELECT booked::DATE AS day, count(*) AS n FROM t GROUP BY booked::DATE ORDER BY booked::DATE", true},
		{"SELECT booked::DATE AS day, count(*) AS n FROM t GROUP BY ALL ORDER BY day", true},
		{"WITH d AS (SELECT DISTINCT booked::DATE AS day, id FROM t) SELECT day, count(*) AS n FROM d GROUP BY day ORDER BY day LIMIT 9", true},
		{"SELECT max(said::DATE) AS last, min(x.booked::DATE) AS first FROM t AS x WHERE said::DATE > DATE '2026-03-05' ORDER BY last", true},
		{"SELECT booked::DATE, count(*) AS n FROM t GROUP BY ALL ORDER BY n, 1", false},
		{"SELECT count(*) AS n FROM (SELECT booked::DATE FROM t) AS s WHERE \"CAST(booked AS \"\"DATE\"\")\" = DATE '2026-03-30' ORDER BY n", false},
		{"SELECT count(*) AS n FROM t WHERE said = '2026-03-05' ORDER BY n", false},
		{"SELECT id, row_number() OVER (PARTITION BY booked::DATE ORDER BY id) AS place FROM t QUALIFY place = 1 ORDER BY id, place LIMIT 5", true},
	} {
		q := report.DatasetQuery{Name: fmt.Sprint("d", i), SQL: c.sql}
		got, err := w.Dataset(context.Background(), q)
		if err != nil {
			t.Errorf("%s: %v", c.sql, err)
			continue
		}
		q.Name, q.SQL = q.Name+"_slow", strings.NewReplacer("booked::DATE", "TRY_CAST(booked AS DATE)", `"CAST(`, `"TRY_CAST(`).Replace(c.sql)
		q.SQL = strings.ReplaceAll(q.SQL, "x.TRY_CAST(booked", "TRY_CAST(x.booked")
		want, err := w.Dataset(context.Background(), q)
		if err != nil {
			t.Fatalf("%s: %v", q.SQL, err)
		}
		if diff := cmp.Diff(want.Rows, got.Rows); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", c.sql, diff)
		}
		if c.sql == "SELECT booked::DATE, count(*) AS n FROM t GROUP BY ALL ORDER BY n, 1" && got.Columns[0].Name != `CAST(booked AS "DATE")` {
			t.Errorf("the column is named %q", got.Columns[0].Name)
		}
		plan, err := w.ExplainDataset(context.Background(), report.DatasetQuery{Name: "x", SQL: c.sql})
		if err != nil {
			t.Fatal(err)
		}
		if quick := strings.Contains(plan.SQL, "make_timestamp("); quick != c.quick {
			t.Errorf("quick: %v, in %s", quick, plan.SQL)
		}
	}
}
