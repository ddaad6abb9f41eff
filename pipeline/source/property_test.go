package source_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/monthend/monthend/pipeline/engine"
	"github.com/monthend/monthend/pipeline/source"
	"github.com/monthend/monthend/report"
)

// Of these seeds the rows of TestTypesSurviveTheWay are made, so that a row that was lost once is looked for again.
var propertySeeds = []uint64{1, 20261122}

const propertyRows = 120

// TestTypesSurviveTheWay moves random rows of every type, and of lists of it, from PostgreSQL into the engine and from there
// into Parquet and CSV files, and reads them again at each stop: they equal the text that PostgreSQL itself makes of them.
func TestTypesSurviveTheWay(t *testing.T) {
	address, conn := database(t)
	execute(t, conn, `CREATE TYPE mood AS ENUM ('happy', 'so-so', 'sad, "very"'); CREATE DOMAIN percentage AS numeric(5,2);
		CREATE DOMAIN percent AS percentage; CREATE DOMAIN words AS text[]; CREATE DOMAIN "the mood" AS mood`)
	p := open(t, address, nil)
	for _, seed := range propertySeeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			table := fmt.Sprintf("t%d", seed)
			fillRandomly(t, conn, table, rand.New(rand.NewPCG(seed, 0)))
			files := carry(t, p, table)
			plain, err := sql.Open("duckdb", "")
			if err != nil {
				t.Fatal(err)
			}
			defer plain.Close()
			for _, statement := range []string{
				"SET TimeZone = 'UTC'",
				fmt.Sprintf("CREATE TABLE parquet AS FROM read_parquet('%s')", files[engine.Parquet]),
				fmt.Sprintf("CREATE TABLE csv AS FROM read_csv('%s', header = true, delim = ',', quote = '\"', escape = '\"', nullstr = '', "+
					"allow_quoted_nulls = false, auto_detect = false, max_line_size = 10000000, columns = {%s})", files[engine.CSV], csvColumns()),
			} {
				if _, err := plain.Exec(statement); err != nil {
					t.Fatal(err)
				}
			}
			for i, c := range properties {
				differing(t, plain, c, i, "parquet", false)
				differing(t, plain, c, i, "csv", true)
			}
		})
	}
}

// fillRandomly makes a table with two columns for each property: c, a value, and a, an array of such.
func fillRandomly(t *testing.T, conn *pgx.Conn, table string, dice *rand.Rand) {
	t.Helper()
	columns, casts := []string{"id bigint"}, []string{}
	for i, c := range properties {
		columns = append(columns, fmt.Sprintf("c%d %s, a%d %s[]", i, c.typ, i, c.typ))
		casts = append(casts, fmt.Sprintf("$%d::text::%s, $%d::text[]::%s[]", 2*i+2, c.typ, 2*i+3, c.typ))
	}
	execute(t, conn, "CREATE TABLE "+table+" ("+strings.Join(columns, ", ")+")")
	batch := &pgx.Batch{}
	for row := range propertyRows {
		args := []any{row}
		for _, c := range properties {
			args = append(args, scalar(c, dice, row), list(c, dice, row))
		}
		batch.Queue("INSERT INTO "+table+" VALUES ($1, "+strings.Join(casts, ", ")+")", args...)
	}
	if err := conn.SendBatch(context.Background(), batch).Close(); err != nil {
		t.Fatal(err)
	}
}

// scalar is an edge while there are any, then NULL or a throw.
func scalar(c property, dice *rand.Rand, row int) any {
	switch {
	case row < len(c.edges):
		return c.edges[row]
	case dice.IntN(8) == 0:
		return nil
	}
	return c.throw(dice)
}

func list(c property, dice *rand.Rand, row int) any {
	if dice.IntN(8) == 0 {
		return nil
	}
	length := dice.IntN(6)
	if row == propertyRows-1 {
		length = 2500 // more than a vector of the engine holds
	}
	all := make([]any, length)
	for i := range all {
		all[i] = scalar(c, dice, len(c.edges))
		if len(c.edges) > 0 && dice.IntN(3) == 0 {
			all[i] = c.edges[dice.IntN(len(c.edges))]
		}
	}
	return all
}

// carry loads a table into the engine, compares it there, and sends all of it to quarantine, which is exported as it came.
func carry(t *testing.T, p *source.Postgres, table string) map[string]string {
	t.Helper()
	ctx := context.Background()
	s, err := p.Begin(ctx, "UTC")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(ctx)
	columns := []string{"id"}
	for i, c := range properties {
		// w and x are PostgreSQL's own words for c and a.
		columns = append(columns, fmt.Sprintf("c%d, a%d, (SELECT %s FROM (SELECT c%d AS v) AS one) AS w%d, "+
			"CASE WHEN a%d IS NOT NULL THEN ARRAY(SELECT %s FROM unnest(a%d) WITH ORDINALITY AS e(v, n) ORDER BY n) END AS x%d",
			i, i, c.words(), i, i, i, c.words(), i, i))
	}
	spool := t.TempDir()
	w, err := engine.Open(ctx, engine.Config{Spool: spool, TimeZone: "UTC", MemoryLimit: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	rows, err := s.Query(ctx, report.Extract{Name: "t", SQL: "SELECT " + strings.Join(columns, ", ") + " FROM " + table}, march)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if n, err := w.Load(ctx, "t", rows); err != nil || n != propertyRows {
		t.Fatal(n, err)
	}
	extract := report.Extract{Name: "t", Key: []string{"id"}}
	never := report.Rule{Name: "never", On: "t", Check: "id < 0", Severity: report.Reject}
	if _, err := w.Validate(ctx, report.Definition{Extract: []report.Extract{extract}, Rules: []report.Rule{never}}); err != nil {
		t.Fatal(err)
	}
	for i, c := range properties {
		d, err := w.Dataset(ctx, report.DatasetQuery{Name: fmt.Sprint("d", i), SQL: c.differing(i, "t_extracted", false)})
		if err != nil {
			t.Fatalf("%s: %v", c.typ, err)
		}
		for _, row := range d.Rows {
			t.Errorf("%s in the engine, row %v: got %.80q, want %.80q", c.typ, row[0], row[1], row[2])
		}
	}
	files := map[string]string{}
	for _, format := range []string{engine.Parquet, engine.CSV} {
		files[format] = filepath.Join(spool, "t."+format)
		if n, err := w.ExportQuarantine(ctx, extract, format, files[format]); err != nil || n != propertyRows {
			t.Fatal(n, err)
		}
	}
	return files
}

func differing(t *testing.T, db *sql.DB, c property, i int, table string, texts bool) {
	t.Helper()
	rows, err := db.Query(c.differing(i, table, texts))
	if err != nil {
		t.Errorf("%s in %s: %v", c.typ, table, err)
		return
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var got, want sql.NullString
		if err := rows.Scan(&id, &got, &want); err != nil {
			t.Fatal(err)
		}
		t.Errorf("%s in %s, row %d: got %.80q, want %.80q", c.typ, table, id, got.String, want.String)
	}
	if err := rows.Err(); err != nil {
		t.Errorf("%s in %s: %v", c.typ, table, err)
	}
}

// csvColumns are the columns of the quarantine file, all of them texts.
func csvColumns() string {
	all := []string{"id"}
	for i := range properties {
		all = append(all, fmt.Sprint("c", i), fmt.Sprint("a", i), fmt.Sprint("w", i), fmt.Sprint("x", i))
	}
	all = slices.Concat(all, []string{"rules"})
	return "'" + strings.Join(all, "': 'VARCHAR', '") + "': 'VARCHAR'"
}
