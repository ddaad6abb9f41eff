package engine_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/pipeline/engine"
	"github.com/monthend/monthend/report"
)

var computed int

// dataset computes a query under a fresh name.
func dataset(t testing.TB, w *engine.Workspace, sql string) report.Dataset {
	t.Helper()
	computed++
	d, err := w.Dataset(context.Background(), report.DatasetQuery{Name: fmt.Sprint("d", computed), SQL: sql, Path: "sql/d.sql"})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDatasetKeepsItsOrder(t *testing.T) {
	w := open(t, engine.Config{})
	load(t, w, "t", "id int64, g text", []any{1, "b"}, []any{2, "a"}, []any{3, "b"}, []any{4, "a"}, []any{5, nil})
	for sql, want := range map[string][][]any{
		"SELECT id, g FROM t_extracted ORDER BY g DESC NULLS LAST, id DESC; -- done": {{int64(3), "b"}, {int64(1), "b"}, {int64(4), "a"}, {int64(2), "a"}, {int64(5), nil}},
		"SELECT g, id FROM t_extracted ORDER BY g LIMIT 3":                           {{"a", int64(2)}, {"a", int64(4)}, {"b", int64(1)}},
		"SELECT id, g FROM t_extracted ORDER BY ALL LIMIT 1":                         {{int64(1), "b"}},
		"SELECT 1 AS n UNION ALL SELECT 2 ORDER BY n DESC":                           {{int64(2)}, {int64(1)}},
		"WITH s AS (SELECT g, count(*) AS n FROM t_extracted GROUP BY g) SELECT g, n FROM s WHERE g IS NOT NULL ORDER BY n": {
			{"a", int64(2)}, {"b", int64(2)}},
		"SELECT DISTINCT ON (g) g, id FROM t_extracted WHERE g = 'a' ORDER BY g": {{"a", int64(2)}},
	} {
		if diff := cmp.Diff(want, dataset(t, w, sql).Rows); diff != "" {
			t.Errorf("%s: %s", sql, diff)
		}
	}
}

func TestLargeDatasetKeepsItsOrder(t *testing.T) {
	w := open(t, engine.Config{Threads: 4})
	d := dataset(t, w, "SELECT (range * 7919) % 99991 AS n FROM range(99000) ORDER BY n DESC")
	for i := 1; i < len(d.Rows); i++ {
		if d.Rows[i-1][0].(int64) < d.Rows[i][0].(int64) {
			t.Fatalf("row %d is out of order", i)
		}
	}
}

// A query is written out again from its tree before it runs. Nothing may be lost on that way.
func TestTheTextSurvivesItsTree(t *testing.T) {
	w := open(t, engine.Config{TimeZone: "Europe/Prague"})
	for _, test := range [][2]string{
		{"12345678901234567890.123456789", "12345678901234567890.123456789"},
		{"-0.01", "-0.01"},
		{"0.10", "0.10"},
		{"99999999999999999999999999999999999999::DECIMAL(38,0)", "99999999999999999999999999999999999999"},
		{`'it''s; "quoted" -- no comment'`, `it's; "quoted" -- no comment`},
		{`E'a\tb'`, "a\tb"},
		{"$$日本$$", "日本"},
		{"DATE '2026-03-29' + INTERVAL 1 DAY", "2026-03-30 00:00:00"},
		{"TIMESTAMPTZ '2026-03-29 03:00:00 Europe/Prague'", "2026-03-29 03:00:00+02"},
		{"1e2::DECIMAL(5,1)", "100.0"},
		{"CASE WHEN 1 < 2 AND NOT (3 BETWEEN 4 AND 5) THEN 'y' END", "y"},
		{"list_sum(list_transform([1, 2], lambda x: x * 2))", "6"},
		{"sum(1.10) OVER (ORDER BY 1 ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)", "1.10"},
		{"(SELECT count(*) FILTER (WHERE x > 1) FROM (VALUES (1), (2)) AS v(x))", "1"},
		{"{'a': 1.5}.a", "1.5"},
		{"'AbC' ILIKE 'abc%'", "true"},
		{"5 // 2", "2"},
		{"round(2.345, 2)", "2.35"},
		{"string_agg(z, '+' ORDER BY z) OVER ()", "z"},
		{"z LIKE '%\\%' ESCAPE '\\'", "false"},
		{"extract(year FROM DATE '2026-01-01')", "2026"},
		{"TRY_CAST(z AS INTEGER) IS NULL", "true"},
	} {
		d := dataset(t, w, "SELECT CAST(("+test[0]+") AS VARCHAR) AS v /* a comment */ FROM (VALUES ('z')) AS t(z) ORDER BY 1")
		if got := d.Rows[0][0]; got != test[1] {
			t.Errorf("%s: got %v, want %v", test[0], got, test[1])
		}
	}
}

func TestDatasetErrors(t *testing.T) {
	w := open(t, engine.Config{})
	load(t, w, "t", "id int64, amount money, f float64, s text", []any{1, dec("1.00"), 0.5, "Müller"})
	for _, test := range []struct{ sql, want string }{
		{"SELECT id FROM t_extracted", "sql/x.sql: the query has no ORDER BY"},
		{"SELECT id FROM (SELECT id FROM t_extracted ORDER BY id)", "no ORDER BY"},
		{"SELECT avg(amount) AS a FROM t_extracted ORDER BY 1", `column "a" is DOUBLE, which is not exact; cast it, as in CAST("a" AS DECIMAL(38,2))`},
		{"SELECT f::FLOAT AS f FROM t_extracted ORDER BY 1", `column "f" is FLOAT`},
		{"SELECT [f] AS l FROM t_extracted ORDER BY 1", `column "l" is DOUBLE[], which is not exact; cast it, as in CAST("l" AS DECIMAL(38,2)[])`},
		{"SELECT {'a': id} AS l FROM t_extracted ORDER BY 1", `column "l" is STRUCT(a BIGINT), which cannot be drawn`},
		{"SELECT ['x'::BLOB] AS l FROM t_extracted ORDER BY 1", `column "l" is BLOB[], which cannot be drawn; cast it, as in CAST("l" AS VARCHAR)`},
		{"SELECT id, id FROM t_extracted ORDER BY 1", `column "id" occurs twice`},
		{"SELECT nothing FROM t_extracted ORDER BY 1", `sql/x.sql: Binder Error: Referenced column "nothing" not found`},
		{"SELECT id FROM missing ORDER BY 1", "Table with name missing does not exist"},
		{"SELECT id\nFROM t_extracted\nWHERE )\nORDER BY 1", "sql/x.sql:3:7: syntax error"},
		{"SELECT CAST(s AS INTEGER) AS n FROM t_extracted ORDER BY 1", "conversion error (its words are withheld"},
		{"SELECT sum(170141183460469231731687303715884105::HUGEINT) AS n FROM t_extracted ORDER BY 1", `cast it to DECIMAL(38,0)`},
		{"SELECT range AS n FROM range(100001) ORDER BY 1", "100001 rows are more than the 100000"},
		{"", "there is no statement"},
	} {
		_, err := w.Dataset(context.Background(), report.DatasetQuery{Name: "x", SQL: test.sql, Path: "sql/x.sql"})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.sql, err, test.want)
		}
		if err != nil && !engine.IsPermanent(err) {
			t.Errorf("%s: not permanent: %v", test.sql, err)
		}
		if err != nil && strings.Contains(err.Error(), "Müller") {
			t.Errorf("%s: the error quotes a row: %v", test.sql, err)
		}
	}
}
