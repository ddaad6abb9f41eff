package report_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/report"
)

func TestParameters(t *testing.T) {
	tests := []struct {
		name, sql string
		want      []report.Parameter
	}{
		{"plain", "a = @tenant", []report.Parameter{{Name: "tenant", Offset: 4, Line: 1, Col: 5}}},
		{"columns are characters", "é\n'日本' || @tenant", []report.Parameter{{Name: "tenant", Offset: 15, Line: 2, Col: 9}}},
		{"cast", "@period_start::date", []report.Parameter{{Name: "period_start", Offset: 0, Line: 1, Col: 1}}},
		{"string", "'a''@b' || @c", []report.Parameter{{Name: "c", Offset: 11, Line: 1, Col: 12}}},
		{"escape string", `E'\'@a' || @b`, []report.Parameter{{Name: "b", Offset: 11, Line: 1, Col: 12}}},
		{"backslash in a plain string", `'\' || @b`, []report.Parameter{{Name: "b", Offset: 7, Line: 1, Col: 8}}},
		{"word before a string", `name'\' || @b`, []report.Parameter{{Name: "b", Offset: 11, Line: 1, Col: 12}}},
		{"identifier", `"@a" = @b`, []report.Parameter{{Name: "b", Offset: 7, Line: 1, Col: 8}}},
		{"dollar text", "$$ @a $x$ @b $$ @c", []report.Parameter{{Name: "c", Offset: 16, Line: 1, Col: 17}}},
		{"tagged dollar text", "$x$ $$ @a $x$ @c", []report.Parameter{{Name: "c", Offset: 14, Line: 1, Col: 15}}},
		{"dollar inside a word", "a$b$ @c", []report.Parameter{{Name: "c", Offset: 5, Line: 1, Col: 6}}},
		{"placeholder", "$1 @c", []report.Parameter{{Name: "c", Offset: 3, Line: 1, Col: 4}}},
		{"comments", "-- @a\n/* @b /* @c */ @d */ @e", []report.Parameter{{Name: "e", Offset: 27, Line: 2, Col: 22}}},
		{"operators", "a <@b AND c @> d AND @-5 > 0 AND x @@ y", nil},
		{"glued to an operator", "a >=@period_start", []report.Parameter{{Name: "period_start", Offset: 4, Line: 1, Col: 5, Glued: true}}},
		{"unclosed", "'@a", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, report.Parameters(test.sql)); diff != "" {
				t.Errorf("parameters (-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzParameters(f *testing.F) {
	f.Add("SELECT @a, '@b', $$@c$$, E'\\'@d', /* @e */ -- @f\n@g")
	f.Add("$x$")
	f.Add("@\xff@é")
	f.Fuzz(func(t *testing.T, sql string) {
		for _, p := range report.Parameters(sql) {
			if got := sql[p.Offset : p.Offset+1+len(p.Name)]; got != "@"+p.Name || p.Name == "" {
				t.Fatalf("%q at %d is %q", p.Name, p.Offset, got)
			}
		}
	})
}
