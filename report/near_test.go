package report_test

import (
	"testing"

	"github.com/monthend/monthend/report"
)

func TestNear(t *testing.T) {
	known := []string{"transactions", "accounts", "on", "order", "column", "columns"}
	for _, c := range []struct{ word, want string }{
		{"transaction", "transactions"},
		{"trnasactions", "transactions"},
		{"Accounts", "accounts"},
		{"acounts", "accounts"},
		{"colum", "column"},
		{"no", "on"},
		{"oder", "order"},
		{"invoices", ""},
		{"x", ""},
		{"", ""},
	} {
		if got := report.Near(c.word, known); got != c.want {
			t.Errorf("%q: got %q, want %q", c.word, got, c.want)
		}
	}
}
