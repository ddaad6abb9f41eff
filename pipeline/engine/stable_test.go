package engine_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/pipeline/engine"
	"github.com/monthend/monthend/report"
)

// Queries whose ORDER BY leaves ties, wherever an order counts.
var tied = []string{
	"SELECT g, v FROM t ORDER BY g LIMIT 20",
	"SELECT g, row_number() OVER (ORDER BY g) AS n, id FROM t ORDER BY n LIMIT 30",
	"SELECT x.g, lag(x.v) OVER (PARTITION BY x.g ORDER BY x.w) AS before, x.id FROM t AS x ORDER BY g, before LIMIT 50",
	"SELECT g, first_value(id) OVER w AS f, last_value(v) OVER w AS l FROM t WINDOW w AS (PARTITION BY g ORDER BY w) ORDER BY g LIMIT 40",
	"SELECT id, sum(v) OVER (ORDER BY g ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS s FROM t ORDER BY id LIMIT 100",
	"SELECT g, id FROM t QUALIFY row_number() OVER (PARTITION BY g ORDER BY w DESC) = 1 ORDER BY g",
	"SELECT g, id FROM (SELECT g, id, ntile(4) OVER (ORDER BY w) AS q FROM t) WHERE q = 1 ORDER BY id LIMIT 50",
	"SELECT count(*) AS n, sum(id) AS ids FROM (SELECT * FROM t ORDER BY g LIMIT 100) ORDER BY n",
	"SELECT sum(id) AS ids FROM (SELECT id, g FROM t ORDER BY g LIMIT 100 OFFSET 7) ORDER BY ids",
	"SELECT sum(id) AS ids FROM (SELECT DISTINCT ON (g) g, id FROM t ORDER BY g) ORDER BY ids",
	"SELECT sum(d.id) AS ids FROM (SELECT DISTINCT ON (g) * FROM t ORDER BY g) AS d ORDER BY ids",
	"WITH top AS (SELECT g, w, count(*) AS n FROM t GROUP BY g, w ORDER BY g LIMIT 9) SELECT sum(w) AS w, count(*) AS n FROM top ORDER BY n",
	"SELECT g, first(id ORDER BY w) AS f, string_agg(CAST(v AS VARCHAR), ',' ORDER BY w) AS all FROM t WHERE id < 300 GROUP BY g ORDER BY g",
	"SELECT g, arg_max(id, w ORDER BY w) AS best, max_by(v, w ORDER BY w DESC) AS v FROM t GROUP BY g ORDER BY g",
	"SELECT g, count(*) AS n, row_number() OVER (ORDER BY count(*)) AS place FROM t GROUP BY g ORDER BY place",
	"SELECT w % 3 AS k, g, row_number() OVER (ORDER BY w % 3) AS place FROM t GROUP BY 1, g ORDER BY place",
	"SELECT a.id, b.id AS other, row_number() OVER (ORDER BY a.g) AS n FROM t AS a JOIN t AS b USING (v) WHERE a.id < 40 AND b.id < 400 ORDER BY n LIMIT 50",
	"SELECT r, row_number() OVER (ORDER BY r % 3) AS n FROM range(50) AS s(r) ORDER BY n",
	"SELECT c, row_number() OVER (ORDER BY 1) AS n FROM (VALUES (3), (1), (2)) AS v(c) ORDER BY n",
	"SELECT stddev(CAST(v AS DOUBLE) ORDER BY v)::DECIMAL(38, 12) AS s FROM t ORDER BY s",
	"SELECT g, (SELECT t2.id FROM t AS t2 WHERE t2.g = o.g ORDER BY t2.w LIMIT 1) AS some FROM (SELECT DISTINCT g FROM t) AS o ORDER BY g",
}

// However the rows lie and however many threads there are, a dataset is the same.
func TestEqualRowsEqualDatasets(t *testing.T) {
	want := map[string]report.Dataset{}
	for run := range 4 {
		w := open(t, engine.Config{Threads: 1 + run})
		var rows [][]any
		for i := range 6_000 {
			rows = append(rows, []any{i, string(rune('a' + i%5)), i % 11, dec(fmt.Sprint(i%97) + ".01")})
		}
		rand.New(rand.NewPCG(uint64(run), 7)).Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		load(t, w, "t", "id int64, g text, w int64, v money", rows...)
		if _, err := w.Validate(context.Background(), report.Definition{Extract: []report.Extract{{Name: "t", Key: []string{"id"}}}}); err != nil {
			t.Fatal(err)
		}
		for i, sql := range tied {
			got, err := w.Dataset(context.Background(), report.DatasetQuery{Name: fmt.Sprint("d", i), SQL: sql})
			if err != nil {
				t.Errorf("%s: %v", sql, err)
				continue
			}
			if run == 0 {
				want[sql] = got
			} else if diff := cmp.Diff(want[sql], got, equalDecimals); diff != "" {
				t.Errorf("run %d: %s: %.1000s", run, sql, diff)
			}
		}
	}
}

func TestUnstableIsRefused(t *testing.T) {
	w := open(t, engine.Config{})
	load(t, w, "t", "id int64, v money")
	for _, test := range []struct{ sql, want string }{
		{"SELECT any_value(id) AS x FROM t_extracted ORDER BY x", "any_value() without ORDER BY inside"},
		{"SELECT first(id) AS x FROM t_extracted ORDER BY x", "first() without ORDER BY inside"},
		{"SELECT list(id)::VARCHAR AS x FROM t_extracted ORDER BY x", "list() without ORDER BY inside"},
		{"SELECT arg_max(id, v) AS x FROM t_extracted ORDER BY x", "arg_max() without ORDER BY inside"},
		{"SELECT mode(id) AS x FROM t_extracted ORDER BY x", "mode() without ORDER BY inside"},
		{"SELECT stddev(v)::DECIMAL(18,2) AS x FROM t_extracted ORDER BY x", "stddev() without ORDER BY inside"},
		{"SELECT approx_quantile(v, 0.5) AS x FROM t_extracted ORDER BY x", "approx_quantile() gives another answer"},
		{"SELECT row_number() OVER () AS x FROM t_extracted ORDER BY x", "row_number() over a window without ORDER BY"},
		{"SELECT lag(id) OVER (PARTITION BY v) AS x FROM t_extracted ORDER BY x", "lag() over a window without ORDER BY"},
		{"SELECT string_agg('x', '') OVER () AS x FROM t_extracted ORDER BY x", "string_agg() over a window without ORDER BY"},
		{"SELECT sum(v) OVER (ROWS 1 PRECEDING) AS x FROM t_extracted ORDER BY x", "sum() over a window without ORDER BY"},
		{"SELECT id FROM (SELECT id\nFROM t_extracted\nLIMIT 3) ORDER BY id", "sql/x.sql:3:7: LIMIT and DISTINCT ON without ORDER BY"},
		{"SELECT id FROM (SELECT DISTINCT ON (v) id FROM t_extracted) ORDER BY id", "LIMIT and DISTINCT ON without ORDER BY"},
		{"SELECT id FROM t_extracted USING SAMPLE 10 ORDER BY id", "by chance"},
		{"SELECT id, now() AS x FROM t_extracted ORDER BY id", "now() gives another answer"},
	} {
		_, err := w.Dataset(context.Background(), report.DatasetQuery{Name: "x", SQL: test.sql, Path: "sql/x.sql"})
		if err == nil || !strings.Contains(err.Error(), test.want) || !engine.IsPermanent(err) {
			t.Errorf("%s: got %v, want %q", test.sql, err, test.want)
		}
	}
	for _, sql := range []string{
		"SELECT sum(v) OVER () AS a, rank() OVER (ORDER BY v) AS b, sum(v) OVER (PARTITION BY id ORDER BY v) AS c FROM t_extracted ORDER BY ALL",
		"SELECT DISTINCT id FROM t_extracted ORDER BY id",
		"SELECT median(v) AS m, quantile_disc(v, 0.9) AS q, max(id) AS x FROM t_extracted ORDER BY ALL",
	} {
		if _, err := w.Dataset(context.Background(), report.DatasetQuery{Name: sql, SQL: sql}); err != nil {
			t.Errorf("%s: %v", sql, err)
		}
	}
}
