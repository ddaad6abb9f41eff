package source_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/pipeline/source"
	"github.com/monthend/monthend/report"
)

var march = source.Params{
	PeriodStart: time.Date(2026, 2, 28, 23, 0, 0, 0, time.UTC),
	PeriodEnd:   time.Date(2026, 3, 31, 22, 0, 0, 0, time.UTC),
	PeriodFirst: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC),
	PeriodNext:  time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC),
	Tenant:      "acme",
}

func TestBind(t *testing.T) {
	for _, test := range []struct {
		name, sql, want string
		args            []string
	}{
		{"all five", "@tenant @period_next @period_first @period_end @period_start",
			"($1::text) ($2::date) ($3::date) ($4::timestamptz) ($5::timestamptz)",
			[]string{"acme", "2026-04-01", "2026-03-01", "2026-03-31 22:00:00Z", "2026-02-28 23:00:00Z"}},
		{"numbered once", "(@tenant,@tenant)", "(($1::text),($1::text))", []string{"acme"}},
		{"none", "SELECT 1", "SELECT 1", nil},
		{"string", "SELECT '@nobody '' @x' , @tenant", "SELECT '@nobody '' @x' , ($1::text)", []string{"acme"}},
		{"backslash in a plain string", `SELECT '\', @tenant, '\'`, `SELECT '\', ($1::text), '\'`, []string{"acme"}},
		{"escape string", `SELECT E'\'@x', @tenant`, `SELECT E'\'@x', ($1::text)`, []string{"acme"}},
		{"escape string that goes on", "SELECT e'a'\n  '\\'@x', @tenant", "SELECT e'a'\n  '\\'@x', ($1::text)", []string{"acme"}},
		{"a name ending in e", `SELECT type'@x\', @tenant`, `SELECT type'@x\', ($1::text)`, []string{"acme"}},
		{"quoted name", `SELECT "@x""@y" FROM t`, `SELECT "@x""@y" FROM t`, nil},
		{"line comment", "SELECT 1 -- it's @x\n, @tenant", "SELECT 1 -- it's @x\n, ($1::text)", []string{"acme"}},
		{"comment in a comment", "SELECT /* @x /* ' */ @y */ @tenant", "SELECT /* @x /* ' */ @y */ ($1::text)", []string{"acme"}},
		{"comment behind an operator", "SELECT 1+--@x\n2-/*@y*/@tenant", "SELECT 1+--@x\n2-/*@y*/($1::text)", []string{"acme"}},
		{"dollar quote", "SELECT $$@x'$$, $q$ $$ @y $q$, @tenant", "SELECT $$@x'$$, $q$ $$ @y $q$, ($1::text)", []string{"acme"}},
		{"dollar in a name", "SELECT a$b$@tenant", "SELECT a$b$($1::text)", []string{"acme"}},
		{"containment", "SELECT a @> b, a <@ b, a @@ b, a <@b, a @>b", "SELECT a @> b, a <@ b, a @@ b, a <@b, a @>b", nil},
		{"absolute value", "SELECT @ -5, @(x)", "SELECT @ -5, @(x)", nil},
		{"mail address", "SELECT 'a@tenant'", "SELECT 'a@tenant'", nil},
		{"cast", "SELECT @period_start::timestamp", "SELECT ($1::timestamptz)::timestamp", []string{"2026-02-28 23:00:00Z"}},
		{"beyond ASCII", "SELECT č, 'ž@x', @tenant", "SELECT č, 'ž@x', ($1::text)", []string{"acme"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, args, _, err := source.Bind(report.Extract{SQL: test.sql}, march)
			if err != nil {
				t.Fatal(err)
			}
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if diff := cmp.Diff(test.args, args); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestPlaceOfAMistake puts a mark into a query and finds it again through the text that the server gets.
func TestPlaceOfAMistake(t *testing.T) {
	for _, sql := range []string{"!", "SELECT !", "@tenant!", "SELECT @tenant, ! @tenant", "č @tenant\n'ž' @period_start ! @tenant", "a !"} {
		got, _, offset, err := source.Bind(report.Extract{SQL: sql}, march)
		if err != nil {
			t.Fatal(err)
		}
		position := utf8.RuneCountInString(got[:strings.IndexByte(got, '!')]) + 1
		if at := offset(int32(position)); at != strings.IndexByte(sql, '!') {
			t.Errorf("%q: found at byte %d", sql, at)
		}
	}
}

func TestBindErrors(t *testing.T) {
	for sql, want := range map[string]string{
		"SELECT 1\nWHERE a = @tenant_id":       "extract/t.sql:2:11: parameter @tenant_id is not known; there are @period_start",
		"SELECT @Tenant":                       "parameter @Tenant is not known",
		"SELECT @ténant":                       "parameter @ténant is not known",
		"SELECT 1\n\nWHERE a >=@period_start":  "extract/t.sql:3:9: >=@period_start reads as an operator; put a space before @",
		"SELECT $1":                            "extract/t.sql:1:8: parameter $1 has no value",
		"SELECT 'a":                            "extract/t.sql:1:8: a quote has no end",
		`SELECT "a`:                            "a quote has no end",
		`SELECT E'a\'`:                         "a quote has no end",
		"SELECT /* /* */ 1":                    "a comment has no end",
		"SELECT $a$ $b$":                       "a dollar quote has no end",
		"SELECT 1 FROM t WHERE x = @period_to": "parameter @period_to is not known",
	} {
		err := source.CheckQuery(report.Extract{SQL: sql, Path: "extract/t.sql"})
		if err == nil || !strings.Contains(err.Error(), want) || !source.IsPermanent(err) {
			t.Errorf("%s: got %v, want %q", sql, err, want)
		}
	}
}

func FuzzBind(f *testing.F) {
	for _, seed := range []string{
		"SELECT @tenant", "SELECT E'\\'@x' '@y'", "$a$@x$a$", "a<@b", "/*/**/*/@tenant", "\"@\"\"\"", "e'", "E'\\", "$", "@", "--\r@tenant",
		"U&'\\0041@x'", "1$1", "$1a$", "'a'\n'b@x'", "@@tenant", "-- \xff\n@period_start",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		got, args, offset, err := source.Bind(report.Extract{SQL: sql}, march)
		if err != nil {
			return
		}
		if len(args) == 0 && got != sql {
			t.Errorf("nothing is bound, yet %q became %q", sql, got)
		}
		if len(args) > 5 {
			t.Errorf("%d arguments of 5 parameters", len(args))
		}
		last := 0
		for position := range int32(utf8.RuneCountInString(got)) + 2 {
			at := offset(position)
			if at < last || at > len(sql) {
				t.Fatalf("%q: character %d is said to lie at byte %d", sql, position, at)
			}
			last = at
		}
		// Outside of the parameters nothing is changed.
		for _, p := range []string{"period_start", "period_end", "period_first", "period_next", "tenant"} {
			if strings.Count(got, "@"+p) > strings.Count(sql, "@"+p) {
				t.Errorf("%q became %q", sql, got)
			}
		}
	})
}
