package engine_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/monthend/monthend/pipeline/engine"
	"github.com/monthend/monthend/report"
)

func read(t testing.TB, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// What SQL of a definition must never do, as a dataset, as a check and as an assert.
func TestSandbox(t *testing.T) {
	spool, outside := t.TempDir(), t.TempDir()
	secret := filepath.Join(outside, "secret.csv")
	inside := filepath.Join(spool, "inside.csv")
	for _, path := range []string{secret, inside} {
		if err := os.WriteFile(path, []byte("a\n1\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w := open(t, engine.Config{Spool: spool})
	load(t, w, "t", "id int64", []any{1})
	if _, err := w.Dataset(context.Background(), report.DatasetQuery{Name: "earlier", SQL: "SELECT id FROM t_extracted ORDER BY id"}); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		"SELECT * FROM read_csv('" + secret + "') ORDER BY 1",
		"SELECT * FROM read_csv('" + inside + "') ORDER BY 1",
		"SELECT * FROM '" + secret + "' ORDER BY 1",
		"SELECT * FROM '" + inside + "' ORDER BY 1",
		"SELECT * FROM read_text('/etc/passwd') ORDER BY 1",
		"SELECT * FROM glob('/etc/*') ORDER BY 1",
		"SELECT (SELECT content FROM read_blob('/etc/passwd')) AS c ORDER BY 1",
		"WITH c AS (SELECT * FROM parquet_scan('x.parquet')) SELECT * FROM c ORDER BY 1",
		"SELECT * FROM query('DROP TABLE t_extracted') ORDER BY 1",
		"SELECT * FROM monthend_scan_1() ORDER BY 1",
		"SELECT * FROM duckdb_settings() ORDER BY 1",
		"SELECT * FROM pragma_database_size() ORDER BY 1",
		"SELECT * FROM dataset.earlier ORDER BY 1",
		"SELECT * FROM rule.t ORDER BY 1",
		"SELECT * FROM information_schema.tables ORDER BY 1",
		"COPY t_extracted TO '" + filepath.Join(outside, "stolen.csv") + "'",
		"COPY t_extracted FROM '" + secret + "'",
		"ATTACH '" + filepath.Join(outside, "x.db") + "' AS x",
		"INSTALL httpfs", "LOAD httpfs", "SET memory_limit = '10GB'", "RESET memory_limit", "PRAGMA threads=8",
		"CREATE TABLE x AS SELECT 1", "DROP TABLE t_extracted", "DELETE FROM t_extracted", "INSERT INTO t_extracted VALUES (2)",
		"EXPORT DATABASE '" + outside + "'", "CALL pragma_version()", "DESCRIBE t_extracted", "SHOW TABLES", "EXPLAIN SELECT 1",
		"SELECT 1 ORDER BY 1; DROP TABLE t_extracted", "SELECT 1 ORDER BY 1; SELECT 2 ORDER BY 1",
		"SELECT now() AS a ORDER BY 1", "SELECT current_date AS a ORDER BY 1", "SELECT current_timestamp AS a ORDER BY 1",
		"SELECT random()::DECIMAL(3,2) AS a ORDER BY 1", "SELECT uuid() AS a ORDER BY 1", "SELECT getenv('HOME') AS a ORDER BY 1",
		"SELECT id FROM t_extracted USING SAMPLE 1 ORDER BY 1", "SELECT id FROM t_extracted TABLESAMPLE 10% ORDER BY 1",
		"SELECT first(id) AS a FROM t_extracted ORDER BY 1", "SELECT string_agg(id, ',') AS a FROM t_extracted ORDER BY 1",
		"SELECT $1 AS a ORDER BY 1",
	} {
		if d, err := w.Dataset(context.Background(), report.DatasetQuery{Name: "x", SQL: sql}); err == nil {
			t.Errorf("dataset %s: gives %v", sql, d.Rows)
		}
		if err := w.CheckSelect(context.Background(), "sql/x.sql", sql); err == nil {
			t.Errorf("select %s: passes", sql)
		}
	}
	for _, sql := range []string{
		"SELECT 1, (SELECT count(*) FROM '" + secret + "')",
		"SELECT count(*), 1 FROM read_csv('" + secret + "')",
		"SELECT 1, 1; COPY t_extracted TO '" + filepath.Join(outside, "stolen.csv") + "'",
		"ATTACH '" + filepath.Join(outside, "x.db") + "' AS x", "LOAD httpfs", "SET threads = 8", "SELECT 1, random()::DECIMAL(3,2)",
	} {
		def := report.Definition{
			Extract: []report.Extract{{Name: "t"}},
			Rules:   []report.Rule{{Name: "r", Severity: report.Fail, Assert: sql, AssertPath: "sql/r.sql"}},
		}
		fresh := open(t, engine.Config{})
		load(t, fresh, "t", "id int64", []any{1})
		if v, err := fresh.Validate(context.Background(), def); err == nil {
			t.Errorf("assert %s: gives %+v", sql, v)
		}
	}
	for _, check := range []string{
		"1=1); DROP TABLE t_extracted; --", "1=1) FROM t_extracted; DROP TABLE t_extracted; SELECT (1=1", "TRUE), (FALSE", "TRUE) FROM t_extracted WHERE (TRUE",
		"TRUE) AS a, (TRUE", "TRUE) FROM t_extracted UNION SELECT (TRUE", "TRUE) FROM t_extracted AS x ORDER BY (1",
		"EXISTS (SELECT * FROM read_csv('" + secret + "'))", "id = (SELECT count(*) FROM '" + secret + "')", "random() < 0.5", "now() > TIMESTAMP '2000-01-01'", "",
	} {
		def := report.Definition{
			Extract: []report.Extract{{Name: "t"}},
			Rules:   []report.Rule{{Name: "r", On: "t", Severity: report.Reject, Check: check}},
		}
		fresh := open(t, engine.Config{})
		load(t, fresh, "t", "id int64", []any{1})
		if v, err := fresh.Validate(context.Background(), def); err == nil {
			t.Errorf("check %s: gives %+v", check, v)
		}
	}
	if got := dataset(t, w, "SELECT id FROM t_extracted ORDER BY id").Rows; len(got) != 1 {
		t.Errorf("the table has %d rows", len(got))
	}
	if left, err := os.ReadDir(outside); err != nil || len(left) != 1 {
		t.Errorf("outside there are %d files, %v", len(left), err)
	}
}

// TestDatabaseIsLocked goes past the check of the SQL: were it ever to let something through, the database refuses it.
func TestDatabaseIsLocked(t *testing.T) {
	spool, outside := t.TempDir(), t.TempDir()
	secret := filepath.Join(outside, "secret.csv")
	if err := os.WriteFile(secret, []byte("a\n1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	pool, err := engine.NewPool(spool, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pool.Close() })
	for name, w := range map[string]*engine.Workspace{
		"alone": open(t, engine.Config{Spool: spool}), "of a pool": open(t, engine.Config{Spool: spool, Pool: pool}),
	} {
		load(t, w, "t", "id int64", []any{1})
		for what, statements := range map[string][]string{
			"reads a file": {
				"SELECT * FROM read_csv('" + secret + "')", "SELECT * FROM '" + secret + "'", "SELECT * FROM read_text('/etc/passwd')",
				"SELECT * FROM glob('/etc/*')", "COPY t_extracted FROM '" + secret + "'", "IMPORT DATABASE '" + outside + "'",
				"SELECT * FROM read_csv('" + filepath.Join(spool, "..", filepath.Base(outside), "secret.csv") + "')",
			},
			"writes a file": {
				"COPY t_extracted TO '" + filepath.Join(outside, "stolen.csv") + "'", "EXPORT DATABASE '" + outside + "'",
				"COPY t_extracted TO '" + filepath.Join(outside, "stolen.parquet") + "' (FORMAT parquet)",
			},
			"loads an extension": {
				"INSTALL httpfs", "LOAD httpfs", "FORCE INSTALL httpfs FROM 'http://127.0.0.1:1'", "LOAD '" + filepath.Join(outside, "x.duckdb_extension") + "'",
			},
			"changes a setting": {
				"SET memory_limit = '10GB'", "RESET memory_limit", "PRAGMA threads = 8", "SET GLOBAL enable_external_access = true",
				"SET lock_configuration = false", "SET allowed_directories = ['/']", "SET temp_directory = '" + outside + "'",
				"SET TimeZone = 'Asia/Tokyo'", "SET preserve_insertion_order = true",
			},
			"attaches a database": {
				"ATTACH '" + filepath.Join(outside, "x.db") + "' AS x", "ATTACH '" + filepath.Join(outside, "x.db") + "' AS x (READ_ONLY)",
				"ATTACH 'postgres://127.0.0.1/x' AS x (TYPE postgres)",
			},
		} {
			for _, statement := range statements {
				if err := w.Exec(context.Background(), statement); err == nil {
					t.Errorf("%s: %s: %s passes", name, what, statement)
				}
			}
		}
	}
	if left, err := os.ReadDir(outside); err != nil || len(left) != 1 {
		t.Errorf("outside there are %d files, %v", len(left), err)
	}
}

func TestCancelledQueryEndsSoon(t *testing.T) {
	w := open(t, engine.Config{})
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	begin := time.Now()
	_, err := w.Dataset(ctx, report.DatasetQuery{Name: "x", SQL: "SELECT count(*) AS n FROM range(1000000000) a, range(1000000000) b ORDER BY 1"})
	if !errors.Is(err, context.DeadlineExceeded) || engine.IsPermanent(err) {
		t.Errorf("got %v", err)
	}
	if took := time.Since(begin); took > time.Minute {
		t.Errorf("it took %s", took)
	}
}
