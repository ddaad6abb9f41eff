package engine_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/pipeline/engine"
	"github.com/monthend/monthend/report"
)

// all reads a table through Rows, copying each row.
func all(t *testing.T, w *engine.Workspace, table string) (rows [][]any) {
	t.Helper()
	if err := w.Rows(context.Background(), table, func(row []any) error {
		rows = append(rows, slices.Clone(row))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestRows(t *testing.T) {
	w := open(t, engine.Config{})
	if _, err := w.Validate(context.Background(), month(t, w)); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		table string
		want  [][]any
	}{
		{"transactions", [][]any{
			{int64(1), int64(1), int64(10), dec("100.00"), "good"},
			{int64(6), int64(9), int64(20), dec("-50.00"), nil},
		}},
		{"transactions_quarantine", [][]any{
			{int64(2), int64(2), int64(10), nil, "no amount", "amount-present"},
			{int64(3), int64(3), int64(99), dec("0"), "zero, and an unknown account", "amount-present, known-account"},
			{int64(4), int64(4), nil, dec("5.00"), "no account", "known-account"},
			{int64(5), int64(5), int64(20), dec("1.00"), "twice", "unique-id"},
			{int64(5), int64(6), int64(20), dec("2.00"), "twice", "unique-id"},
			{nil, int64(7), int64(20), dec("3.00"), "no number", "unique-id"},
			{nil, int64(8), int64(20), dec("4.00"), "no number", "unique-id"},
		}},
		{"accounts_quarantine", nil},
	} {
		// Twice: nothing is left behind.
		for range 2 {
			if diff := cmp.Diff(test.want, all(t, w, test.table), equalDecimals); diff != "" {
				t.Errorf("%s: %s", test.table, diff)
			}
		}
	}
	want := []report.Column{{Name: "id", Kind: report.Integer}, {Name: "seq", Kind: report.Integer}, {Name: "account", Kind: report.Integer},
		{Name: "amount", Kind: report.Decimal, Scale: 2}, {Name: "note", Kind: report.Text}}
	got, err := w.Columns(context.Background(), "transactions")
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestRowsOfADataset(t *testing.T) {
	w := open(t, engine.Config{})
	load(t, w, "t", "id int64, s text", []any{1, "b"}, []any{2, "a"})
	d := dataset(t, w, "SELECT s, id FROM t_extracted ORDER BY s")
	if diff := cmp.Diff(d.Rows, all(t, w, d.Name)); diff != "" {
		t.Error(diff)
	}
	got, err := w.Columns(context.Background(), d.Name)
	if diff := cmp.Diff(d.Columns, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

// TestRowsOverPages reads more rows than are held at a time, in an order that is not theirs.
func TestRowsOverPages(t *testing.T) {
	const count = 300_000
	w := open(t, engine.Config{})
	r := &table{columns: columns("id int64")}
	for i := range count {
		r.rows = append(r.rows, []any{i * 7919 % count})
	}
	if _, err := w.Load(context.Background(), "t", r); err != nil {
		t.Fatal(err)
	}
	def := report.Definition{Extract: []report.Extract{{Name: "t", Key: []string{"id"}}}}
	if _, err := w.Validate(context.Background(), def); err != nil {
		t.Fatal(err)
	}
	next := int64(0)
	err := w.Rows(context.Background(), "t", func(row []any) error {
		if row[0] != next {
			t.Fatalf("got %v, want %d", row, next)
		}
		next++
		return nil
	})
	if err != nil || next != count {
		t.Errorf("got %d rows, %v", next, err)
	}
}

func TestRowsErrors(t *testing.T) {
	w := open(t, engine.Config{})
	load(t, w, "early", "id int64")
	if err := w.Rows(context.Background(), "early", nil); err == nil || !strings.Contains(err.Error(), "neither validated nor computed") {
		t.Errorf("before it is validated: got %v", err)
	}
	load(t, w, "t", "id int64, ratio float64", []any{1, 0.5})
	load(t, w, "u", "id int64", []any{1}, []any{2})
	def := report.Definition{Extract: []report.Extract{{Name: "t"}, {Name: "u"}}}
	if _, err := w.Validate(context.Background(), def); err != nil {
		t.Fatal(err)
	}
	if err := w.Rows(context.Background(), "t", nil); err == nil || !strings.Contains(err.Error(), `"ratio" is DOUBLE`) || !engine.IsPermanent(err) {
		t.Errorf("a float: got %v", err)
	}
	if err := w.Rows(context.Background(), "nothing", nil); err == nil {
		t.Error("a table that is not there has rows")
	}
	enough, calls := errors.New("enough"), 0
	err := w.Rows(context.Background(), "u", func([]any) error { calls++; return enough })
	if !errors.Is(err, enough) || engine.IsPermanent(err) || calls != 1 {
		t.Errorf("got %v after %d calls", err, calls)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	err = w.Rows(ctx, "u", func([]any) error { cancel(); return ctx.Err() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if got := all(t, w, "u"); len(got) != 2 {
		t.Errorf("after the errors there are %d rows", len(got))
	}
}

func TestRowsOfSomeColumns(t *testing.T) {
	w := open(t, engine.Config{})
	if _, err := w.Validate(context.Background(), month(t, w)); err != nil {
		t.Fatal(err)
	}
	only := []string{"rules", "ID"}
	var got [][]any
	tell := func(row []any) error { got = append(got, slices.Clone(row)); return nil }
	if err := w.Rows(context.Background(), "transactions_quarantine", tell, only...); err != nil {
		t.Fatal(err)
	}
	want := [][]any{
		{"amount-present", int64(2)}, {"amount-present, known-account", int64(3)}, {"known-account", int64(4)},
		{"unique-id", int64(5)}, {"unique-id", int64(5)}, {"unique-id", nil}, {"unique-id", nil},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	columns, err := w.Columns(context.Background(), "transactions_quarantine", only...)
	if diff := cmp.Diff([]report.Column{{Name: "rules", Kind: report.Text}, {Name: "id", Kind: report.Integer}}, columns); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if _, err := w.Columns(context.Background(), "transactions", "missing"); err == nil || !strings.Contains(err.Error(), `no column "missing"`) {
		t.Errorf("got %v", err)
	}
}
