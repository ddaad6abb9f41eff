package report_test

import (
	"strings"
	"testing"

	"github.com/monthend/monthend/report"
)

func TestKey(t *testing.T) {
	march := report.Period{Year: 2026, Month: 3}
	tests := []struct {
		key                 report.Key
		path, group, string string
	}{
		{report.Key{Report: "sales", Period: march}, "sales/_/2026-03", "sales/_", "sales 2026-03"},
		{report.Key{Report: "sales", Period: march, Tenant: "praha-1"}, "sales/praha-1/2026-03", "sales/praha-1", "sales 2026-03 praha-1"},
	}
	for _, test := range tests {
		if got := test.key.Path(); got != test.path {
			t.Errorf("path: got %q, want %q", got, test.path)
		}
		if got := test.key.Group(); got != test.group {
			t.Errorf("group: got %q, want %q", got, test.group)
		}
		if got := test.key.String(); got != test.string {
			t.Errorf("string: got %q, want %q", got, test.string)
		}
	}
}

func TestNames(t *testing.T) {
	for _, name := range []string{"a", "0", "monthly-financials", strings.Repeat("a", 48)} {
		if !report.ValidName(name) {
			t.Errorf("%q: want a name", name)
		}
	}
	for _, name := range []string{"", "-a", "A", "a_b", "a/b", "..", "é", "a\n", strings.Repeat("a", 49)} {
		if report.ValidName(name) {
			t.Errorf("%q: want no name", name)
		}
	}
	for _, tenant := range []string{"a", "A.b_c-d", strings.Repeat("9", 64)} {
		if !report.ValidTenant(tenant) {
			t.Errorf("%q: want a tenant", tenant)
		}
	}
	// "_" stands for no tenant in paths, so no tenant may be called that.
	for _, tenant := range []string{"", "_", ".", "..", "a/b", "a b", "a\n", strings.Repeat("9", 65)} {
		if report.ValidTenant(tenant) {
			t.Errorf("%q: want no tenant", tenant)
		}
	}
}

func TestClean(t *testing.T) {
	for text, want := range map[string]string{
		"Müller & Söhne 日本商事 😀 שלום":  "Müller & Söhne 日本商事 😀 שלום",
		"a\tb\r\nc\x00\x1b[31m\u0085": "a b  c  [31m ",
		"1\u202e00":                   "1\ufffd00",
		"\xffa\xc3":                   "\ufffda\ufffd",
		"a\u2028b\uffff":              "a b\ufffd",
	} {
		if got := report.Clean(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
