package engine_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/pipeline/engine"
	"github.com/monthend/monthend/report"
)

// kept writes a dataset as an earlier month kept it, into the spool of w.
func kept(t testing.TB, spool, sql string) string {
	t.Helper()
	w := open(t, engine.Config{Spool: spool, TimeZone: "Europe/Prague"})
	if _, err := w.Dataset(context.Background(), report.DatasetQuery{Name: "kept", SQL: sql}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(spool, "datasets", "kept.parquet")
	if _, err := w.Export(context.Background(), "kept", engine.Parquet, path); err != nil {
		t.Fatal(err)
	}
	return path
}

const keptSQL = `SELECT * FROM (VALUES
	('b', 2::BIGINT, 10.50::DECIMAL(18,2), DATE '2026-02-01', TIMESTAMPTZ '2026-02-01 10:00:00 Europe/Prague', TRUE),
	('a', NULL, -0.01, NULL, NULL, FALSE), (NULL, 1, 99999999999999.99, DATE '2026-02-28', TIMESTAMPTZ '2026-02-28 10:00:00 Europe/Prague', NULL)
) AS t(g, n, net, day, seen, yes) ORDER BY g DESC`

func TestComparative(t *testing.T) {
	spool := t.TempDir()
	path := kept(t, spool, keptSQL)
	w := open(t, engine.Config{Spool: spool, TimeZone: "Europe/Prague"})
	got, err := w.LoadComparative(context.Background(), report.Previous, "2026-02, version 3", "by_g", path)
	if err != nil {
		t.Fatal(err)
	}
	first, last := at(t, "2026-02-01 10:00:00"), at(t, "2026-02-28 10:00:00")
	want := report.Dataset{
		Name: "by_g",
		Columns: []report.Column{{Name: "g", Kind: report.Text}, {Name: "n", Kind: report.Integer}, {Name: "net", Kind: report.Decimal, Scale: 2},
			{Name: "day", Kind: report.Date}, {Name: "seen", Kind: report.Timestamp}, {Name: "yes", Kind: report.Boolean}},
		Rows: [][]any{
			{"b", int64(2), dec("10.50"), time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC), first, true},
			{"a", nil, dec("-0.01"), nil, nil, false},
			{nil, int64(1), dec("99999999999999.99"), time.Date(2026, 2, 28, 0, 0, 0, 0, time.UTC), last, nil},
		},
	}
	if diff := cmp.Diff(want, got, equalDecimals); diff != "" {
		t.Error(diff)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("got %v, want the file taken away", err)
	}
	by := func(name, sql string) (report.Dataset, error) {
		return w.Dataset(context.Background(), report.DatasetQuery{Name: name, SQL: sql, Path: "sql/" + name + ".sql"})
	}
	if _, err := by("by_g", "SELECT 'a' AS g, 3 AS n, 1.00 AS net, DATE '2026-03-01' AS day ORDER BY g"); err != nil {
		t.Fatal(err)
	}
	growth, err := by("growth", `SELECT b.g, b.net - p.net AS more FROM by_g2 AS b JOIN PREVIOUS.by_g AS p USING (g) ORDER BY g`)
	if err == nil || !strings.Contains(err.Error(), "by_g2") {
		t.Errorf("got %v, %v; want this month's datasets out of reach", growth, err)
	}
	growth, err = by("growth", `SELECT p.g, 1.00 - p.net AS more FROM previous."by_g" AS p WHERE p.n IS NULL ORDER BY g`)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]any{{"a", dec("1.01")}}, growth.Rows, equalDecimals); diff != "" {
		t.Error(diff)
	}
}

// The older version's dataset may lack a column, or have it of another kind: an error where a query uses it, none elsewhere.
func TestComparativeOfAnOlderShape(t *testing.T) {
	spool := t.TempDir()
	w := open(t, engine.Config{Spool: spool})
	ctx := context.Background()
	if _, err := w.LoadComparative(ctx, report.Previous, "2026-02, version 3", "d", kept(t, spool, "SELECT 1.5 AS net, 'x' AS n, 7 AS gone ORDER BY net")); err != nil {
		t.Fatal(err)
	}
	if _, err := w.LoadComparative(ctx, report.YearAgo, "2025-03, version 1", "d", kept(t, spool, "SELECT 7 AS gone ORDER BY gone")); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Dataset(ctx, report.DatasetQuery{Name: "d", SQL: "SELECT 2.25::DECIMAL(38,4) AS net, 1 AS n, 'y' AS more ORDER BY net"}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ sql, want string }{
		{"SELECT net FROM previous.d ORDER BY net", ""},
		{"SELECT * FROM previous.d ORDER BY ALL", ""},
		{"SELECT p.more FROM previous.d AS p ORDER BY 1", `previous.d is of 2026-02, version 3, which has no column "more"`},
		{"SELECT more FROM previous.d ORDER BY 1", `previous.d is of 2026-02, version 3, which has no column "more"`},
		{"SELECT net + n AS x FROM previous.d ORDER BY 1", `previous.d is of 2026-02, version 3, whose column "n" is VARCHAR and now INTEGER`},
		{"SELECT gone FROM previous.d ORDER BY 1", `sql/x.sql: Binder Error: Referenced column "gone" not found`},
		{"SELECT net FROM year_ago.d ORDER BY 1", `year_ago.d is of 2025-03, version 1 and has no column of the dataset of now`},
		{"SELECT n FROM d\nJOIN previous.e ON true ORDER BY 1", `sql/x.sql:2:6: previous.e is not there: no dataset is called "e"`},
		{"SELECT 1 AS n FROM next.d ORDER BY 1", "of another schema"},
		{"SELECT 1 AS n FROM comparative.\"previous.d\" ORDER BY 1", "of another schema"},
		{"SELECT 1 AS n FROM dataset.d ORDER BY 1", "of another schema"},
		{"SELECT 1 AS n FROM memory.previous.d ORDER BY 1", "of another schema"},
	} {
		_, err := w.Dataset(ctx, report.DatasetQuery{Name: "x" + t.Name() + c.sql, SQL: c.sql, Path: "sql/x.sql"})
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.sql, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !engine.IsPermanent(err)):
			t.Errorf("%s: got %v, want %q", c.sql, err, c.want)
		}
	}
}

// Rules judge the month by itself.
func TestRulesSeeNoOtherMonth(t *testing.T) {
	spool := t.TempDir()
	for _, r := range []report.Rule{
		{Name: "r", On: "transactions", Severity: report.Warn, Check: "id IN (SELECT n FROM previous.d)"},
		{Name: "r", Severity: report.Warn, Assert: "SELECT 1, (SELECT n FROM previous.d)"},
	} {
		w := open(t, engine.Config{Spool: spool})
		def := month(t, w)
		if _, err := w.LoadComparative(context.Background(), report.Previous, "", "d", kept(t, spool, "SELECT 1 AS n ORDER BY n")); err != nil {
			t.Fatal(err)
		}
		def.Rules = []report.Rule{r}
		if _, err := w.Validate(context.Background(), def); err == nil || !strings.Contains(err.Error(), "of another schema") {
			t.Errorf("got %v, want it refused", err)
		}
	}
}

func TestLoadComparativeErrors(t *testing.T) {
	spool := t.TempDir()
	ctx := context.Background()
	w := open(t, engine.Config{Spool: spool})
	garbage := filepath.Join(spool, "garbage.parquet")
	if err := os.WriteFile(garbage, []byte("PAR1 no"), 0o600); err != nil {
		t.Fatal(err)
	}
	outside := filepath.Join(t.TempDir(), "outside.parquet")
	for _, c := range []struct{ month, path, want string }{
		{report.Previous, garbage, "load previous.d"},
		{report.Previous, outside, "is not below the spool"},
		{report.Previous, filepath.Join(spool, "missing.parquet"), "no such file"},
	} {
		if _, err := w.LoadComparative(ctx, c.month, "", "d", c.path); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.path, err, c.want)
		}
	}
	if left, err := filepath.Glob(filepath.Join(spool, "*.part")); err != nil || len(left) > 0 {
		t.Errorf("got %v, %v; want nothing left", left, err)
	}
	if _, err := w.LoadComparative(ctx, "next", "", "d", kept(t, spool, "SELECT 1 AS n ORDER BY n")); err == nil {
		t.Error("a month that is not known was loaded")
	}
	for i, want := range []bool{true, false} {
		if _, err := w.LoadComparative(ctx, report.Previous, "", "d", kept(t, spool, "SELECT 1 AS n ORDER BY n")); (err == nil) != want {
			t.Errorf("load %d: got %v", i, err)
		}
	}
}
