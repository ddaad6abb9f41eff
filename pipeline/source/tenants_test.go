package source_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/monthend/monthend/pipeline/source"
	"github.com/monthend/monthend/report"
)

func TestTenants(t *testing.T) {
	address, conn := database(t)
	execute(t, conn, "CREATE TABLE shop AS SELECT 'shop-' || n AS name, date '2026-01-01' + n AS opened FROM generate_series(1, 3000) n")
	p := open(t, address, nil)
	params := source.Params{PeriodNext: time.Date(2026, 1, 4, 0, 0, 0, 0, time.UTC)}
	ask := func(sql string) ([]string, error) {
		return begin(t, p).Tenants(t.Context(), report.Extract{Name: report.TenantsName, Path: "sql/tenants.sql", SQL: sql}, params)
	}
	got, err := ask("SELECT name FROM shop WHERE opened < @period_next ORDER BY name DESC")
	if err != nil || !slices.Equal(got, []string{"shop-2", "shop-1"}) {
		t.Errorf("got %v, %v; want the two, in the query's order", got, err)
	}
	if got, err := ask("SELECT name FROM shop"); err != nil || len(got) != 3000 {
		t.Errorf("got %d tenants, %v; want 3000", len(got), err)
	}
	for name, test := range map[string]struct{ sql, want string }{
		"none":       {"SELECT name FROM shop WHERE false", "the query answers no tenant"},
		"NULL":       {"VALUES ('a'), (NULL)", "row 2: NULL, where a tenant is wanted"},
		"no name":    {"VALUES ('a'), ('b c')", `row 2: "b c" is not a tenant`},
		"empty":      {"VALUES ('')", `row 1: "" is not a tenant`},
		"long":       {"SELECT repeat('x', 1000)", `row 1: "` + strings.Repeat("x", 32) + `…" is not a tenant`},
		"twice":      {"SELECT name FROM shop UNION ALL SELECT 'shop-7'", `row 3001: tenant "shop-7" is there already, in row 7; take SELECT DISTINCT`},
		"columns":    {"SELECT name, opened FROM shop", `column "opened": the query answers 2 columns, where one is wanted`},
		"number":     {"SELECT 1 AS id", `column "id" is int32, where a text is wanted; take a cast`},
		"too many":   {"SELECT n::text FROM generate_series(1, 100001) n", "the query answers more than 100000 tenants"},
		"no such":    {"SELECT name FROM nowhere", `relation "nowhere" does not exist`},
		"no text":    {"SELECT", ""},
		"bad syntax": {"SELEKT 1", "syntax error"},
	} {
		_, err := ask(test.sql)
		if err == nil || !source.IsPermanent(err) || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v, want one permanent line with %q", name, err, test.want)
		}
	}
	q := report.Extract{Name: report.TenantsName, SQL: "SELECT 1 AS id"}
	if err := begin(t, p).DescribeTenants(t.Context(), q); err == nil {
		t.Error("a number is described as a tenant")
	}
	q.SQL = "SELECT name FROM shop"
	if err := begin(t, p).DescribeTenants(t.Context(), q); err != nil {
		t.Error(err)
	}
}
