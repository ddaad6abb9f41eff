package source_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"github.com/monthend/monthend/pipeline/engine"
	"github.com/monthend/monthend/report"
)

// workspace is an engine in the zone of the snapshots.
func workspace(t testing.TB) *engine.Workspace {
	t.Helper()
	w, err := engine.Open(context.Background(), engine.Config{Spool: t.TempDir(), TimeZone: "Europe/Prague"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// leadingZero puts back the zero that the engine leaves out where all digits are decimals.
const leadingZero = `regexp_replace(v::VARCHAR, '^(-?)\.', '\10.')`

// TestEveryTypeArrivesExactly sends each value beside PostgreSQL's own text of it. In the engine the value is written as text
// too, and the two texts are compared.
func TestEveryTypeArrivesExactly(t *testing.T) {
	address, _ := database(t)
	s := begin(t, open(t, address, nil))
	nines := strings.Repeat("9", 38)
	for i, test := range []struct {
		typ, wire, engine string // the type; the text PostgreSQL makes of v; the text the engine makes of v
		values            []string
	}{
		{"bool", "v::text", "v::VARCHAR", []string{"true", "false"}},
		{"int2", "v::text", "v::VARCHAR", []string{"-32768", "0", "32767"}},
		{"int4", "v::text", "v::VARCHAR", []string{"-2147483648", "0", "2147483647"}},
		{"int8", "v::text", "v::VARCHAR", []string{"-9223372036854775808", "0", "9223372036854775807"}},
		{"numeric(18,2)", "v::text", "v::VARCHAR", []string{"9999999999999999.99", "-9999999999999999.99", "0", "0.01", "-0.01", "10000", "0.10", "100000000.00"}},
		{"numeric(4,4)", "v::text", leadingZero, []string{"0.9999", "-0.0001"}},
		{"numeric(9,0)", "v::text", "v::VARCHAR", []string{"999999999", "-999999999", "10000", "100000000"}},
		{"numeric(38,0)", "v::text", "v::VARCHAR", []string{nines, "-" + nines, "1" + strings.Repeat("0", 37)}},
		{"numeric(38,38)", "v::text", leadingZero, []string{"0." + nines, "-0." + nines, "0." + strings.Repeat("0", 37) + "1"}},
		{"numeric(38,19)", "v::text", "v::VARCHAR", []string{nines[:19] + "." + nines[:19], "1.0000000000000000001", "10000"}},
		{"numeric(5,-2)", "v::text", "v::VARCHAR", []string{"9999900", "-100", "1234500"}},
		{"numeric(2,5)", "v::text", leadingZero, []string{"0.00099", "-0.00001"}},
		{"float4", "encode(float4send(v), 'hex')", "CASE WHEN v = 1.5 THEN '3fc00000' WHEN isnan(v) THEN '7fc00000' WHEN v > 0 THEN '7f800000' ELSE 'ff800000' END",
			[]string{"1.5", "NaN", "Infinity", "-Infinity"}},
		{"float8", "(v = 0.1)::text", "(v = 0.1::DOUBLE)::VARCHAR", []string{"0.1", "0.10000000000000002", "1e308", "5e-324"}},
		{"text", "v", "v", []string{"", " ", "Müller & Söhne", "日本商事", "twelve bytes", "thirteen byte", "a\tb\nc\r\n\"'\\", strings.Repeat("x", 1<<20)}},
		{"varchar(5)", "v", "v", []string{"", "abc  ", "abcde"}},
		{"char(3)", "v::text", "v", []string{"CZK", "", "é"}},
		{"name", "v::text", "v", []string{"pg_class"}},
		{"date", "v::text", "v::VARCHAR", []string{"0001-01-01", "1969-12-31", "1970-01-01", "2000-02-29", "9999-12-31"}},
		{"timestamp", "v::text", "v::VARCHAR", []string{"0001-01-01 00:00:00", "1969-12-31 23:59:59.999999", "2026-03-29 02:30:00.000001", "9999-12-31 23:59:59.999999"}},
		{"timestamptz", "v::text", "v::VARCHAR", []string{"2026-03-29 00:59:59.999999+00", "2026-03-29 01:00:00+00", "2026-10-25 00:59:59+00", "2026-10-25 01:00:00+00", "1970-01-01 00:00:00+00"}},
		{"uuid", "v::text", "v::VARCHAR", []string{"00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", "01234567-89ab-cdef-8123-456789abcdef"}},
		{"json", "v::text", "v", []string{`{"b": 1,  "a": [null]}`, `"\u00e9"`}},
		{"jsonb", "v::text", "v", []string{`{"b": 1,  "a": [null]}`, "1.10"}},
		{"bytea", "encode(v, 'hex')", "lower(hex(v))", []string{`\x`, `\x00ff0a`, `\xdeadbeef000102030405060708`}},
	} {
		t.Run(test.typ, func(t *testing.T) {
			w := workspace(t)
			rows := []string{"(NULL)"}
			for _, v := range test.values {
				rows = append(rows, "('"+strings.ReplaceAll(v, "'", "''")+"')")
			}
			sql := fmt.Sprintf("SELECT v, %s AS want FROM (SELECT s::%s AS v FROM (VALUES %s) AS list(s)) AS typed", test.wire, test.typ, strings.Join(rows, ", "))
			answer, err := s.Query(context.Background(), report.Extract{Name: "t", SQL: sql}, march)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Close()
			n, err := w.Load(context.Background(), "t", answer)
			if err != nil || n != int64(len(rows)) || n != answer.Rows() {
				t.Fatalf("%d of %d rows: %v", n, len(rows), err)
			}
			d, err := w.Dataset(context.Background(), report.DatasetQuery{Name: fmt.Sprint("d", i),
				SQL: "SELECT " + test.engine + " AS got, want FROM t_extracted WHERE v IS NOT NULL ORDER BY want"})
			if err != nil {
				t.Fatal(err)
			}
			if len(d.Rows) != len(test.values) {
				t.Errorf("%d values of %d are not NULL", len(d.Rows), len(test.values))
			}
			for _, row := range d.Rows {
				if row[0] != row[1] {
					t.Errorf("got %.80q, want %.80q", row[0], row[1])
				}
			}
		})
	}
}

// TestSumsAreThoseOfPostgreSQL: random amounts of every size, summed on both sides.
func TestSumsAreThoseOfPostgreSQL(t *testing.T) {
	address, conn := database(t)
	execute(t, conn, `CREATE TABLE t AS
		SELECT g AS id, (power(10, random() * 15) * (random() - 0.5))::numeric(18,2) AS amount,
			(power(10, (random() * 25)::int) * (random() - 0.5)::numeric)::numeric(38,9) AS wide, (random() * 20)::int AS category
		FROM generate_series(1, 20000) AS g`)
	s := begin(t, open(t, address, nil))
	w := workspace(t)
	for name, sql := range map[string]string{
		"t":     "SELECT id, amount, wide, category, wide::text AS wide_text FROM t ORDER BY random()",
		"total": "SELECT category, sum(amount)::text AS amount, sum(wide)::text AS wide FROM t GROUP BY category",
	} {
		rows, err := s.Query(context.Background(), report.Extract{Name: name, SQL: sql}, march)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Load(context.Background(), name, rows); err != nil {
			t.Fatal(err)
		}
		rows.Close()
	}
	compare := func(engine, server string) {
		t.Helper()
		var sides [2][][]any
		for i, sql := range []string{engine, server} {
			d, err := w.Dataset(context.Background(), report.DatasetQuery{Name: fmt.Sprint(engine, i), SQL: sql})
			if err != nil {
				t.Fatal(err)
			}
			sides[i] = d.Rows
		}
		if len(sides[0]) == 0 {
			t.Fatal("nothing is compared")
		}
		if diff := cmp.Diff(sides[1], sides[0], cmp.Comparer(decimal.Decimal.Equal)); diff != "" {
			t.Error(diff)
		}
	}
	compare("SELECT category, sum(amount)::VARCHAR AS amount, sum(wide)::VARCHAR AS wide FROM t_extracted GROUP BY category ORDER BY category",
		"SELECT category, amount, wide FROM total_extracted ORDER BY category")
	compare("SELECT count(*) AS n FROM t_extracted WHERE wide::VARCHAR = wide_text ORDER BY 1", "SELECT 20000::BIGINT AS n ORDER BY 1")
}

func TestDigest(t *testing.T) {
	address, conn := database(t)
	execute(t, conn, "CREATE TABLE t AS SELECT g AS id, 'text ' || g % 17 AS s FROM generate_series(1, 5000) AS g")
	s := begin(t, open(t, address, nil))
	digest := func(sql string) [16]byte {
		t.Helper()
		_, rows, err := query(s, sql)
		if err != nil {
			t.Fatal(err)
		}
		return rows.Digest()
	}
	base := digest("SELECT id, s FROM t ORDER BY id")
	for _, same := range []string{"SELECT id, s FROM t ORDER BY s, id DESC", "SELECT id, s FROM t ORDER BY random()"} {
		if digest(same) != base {
			t.Errorf("%s: the order changes it", same)
		}
	}
	seen := map[[16]byte]string{base: "the table"}
	for _, other := range []string{
		"SELECT id, s FROM t WHERE id > 1",
		"SELECT id, s FROM t UNION ALL SELECT 1, 'text 1'",
		"SELECT id, s FROM t UNION ALL SELECT 1, 'text 1' UNION ALL SELECT 1, 'text 1'",
		"SELECT id, CASE WHEN id = 5000 THEN s || ' ' ELSE s END AS s FROM t",
		"SELECT id, CASE WHEN id = 5000 THEN NULL ELSE s END AS s FROM t",
		"SELECT id, CASE WHEN id = 5000 THEN '' ELSE s END AS s FROM t",
		"SELECT id, s AS name FROM t",
		"SELECT id::bigint AS id, s FROM t",
		"SELECT s, id FROM t",
		"SELECT id, s FROM t WHERE false",
		"SELECT id FROM t WHERE false",
		"SELECT 'a'::text AS a, 'bc'::text AS b",
		"SELECT 'ab'::text AS a, 'c'::text AS b",
	} {
		d := digest(other)
		if before, found := seen[d]; found {
			t.Errorf("%s: the digest of %s", other, before)
		}
		seen[d] = other
	}
	// The digest stands in manifests: it must not change from one version of the program to the next.
	if got, want := fmt.Sprintf("%x", digest("SELECT 1 AS id, 'one'::text AS s UNION ALL SELECT NULL, ''")), "eedd8055e15d6881954fa886343c6c59"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
