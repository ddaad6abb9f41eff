package engine_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"github.com/monthend/monthend/pipeline/column"
	"github.com/monthend/monthend/pipeline/engine"
	"github.com/monthend/monthend/report"
)

var equalDecimals = cmp.Comparer(func(a, b decimal.Decimal) bool { return a.Equal(b) })

func TestEveryKindComesBackExactly(t *testing.T) {
	at := time.Date(2026, 3, 29, 1, 59, 59, 123456000, time.UTC)
	prague, err := time.LoadLocation("Europe/Prague")
	if err != nil {
		t.Fatal(err)
	}
	w := open(t, engine.Config{TimeZone: "Europe/Prague"})
	const spec = "row int32, b bool, i2 int16, i8 int64, d1 small, d2 medium, d3 money, d4 wide, s text, day date, ts timestamp, tz timestamptz"
	load(t, w, "t", spec,
		[]any{1, true, -32768, -9223372036854775808, dec("-999.9"), dec("-999999.999"), dec("-9999999999999999.99"),
			dec("-9999999999999999999999999999999999.9999"), "", time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), at, at},
		[]any{2, false, 32767, 9223372036854775807, dec("999.9"), dec("999999.999"), dec("0.01"),
			dec("9999999999999999999999999999999999.9999"), "twelve bytes", time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC), at, at},
		[]any{3, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil},
		[]any{4, true, 0, 0, dec("0"), dec("0"), dec("-0.01"), dec("0.0001"), "日本商事\n\t\"thirteen+\"", time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC), at, at},
	)
	d := dataset(t, w, "SELECT * FROM t_extracted ORDER BY row")
	wall := time.Date(2026, 3, 29, 1, 59, 59, 123456000, prague)
	want := [][]any{
		{int64(1), true, int64(-32768), int64(-9223372036854775808), dec("-999.9"), dec("-999999.999"), dec("-9999999999999999.99"),
			dec("-9999999999999999999999999999999999.9999"), "", time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), wall, at.In(prague)},
		{int64(2), false, int64(32767), int64(9223372036854775807), dec("999.9"), dec("999999.999"), dec("0.01"),
			dec("9999999999999999999999999999999999.9999"), "twelve bytes", time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC), wall, at.In(prague)},
		{int64(3), nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil},
		{int64(4), true, int64(0), int64(0), dec("0"), dec("0"), dec("-0.01"), dec("0.0001"), "日本商事\n\t\"thirteen+\"",
			time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC), wall, at.In(prague)},
	}
	if diff := cmp.Diff(want, d.Rows, equalDecimals); diff != "" {
		t.Error(diff)
	}
	if got, want := d.Columns[7], (report.Column{Name: "d4", Kind: report.Decimal, Scale: 4}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestUUIDKeepsItsBytesAndOrder(t *testing.T) {
	w := open(t, engine.Config{})
	columns := []column.Column{{Name: "id", Type: column.Type{Kind: column.UUID}}}
	r := &uuids{columns: columns, values: []column.Int128{{Hi: -1, Lo: 1<<64 - 1}, {Hi: 0x0123456789abcdef, Lo: 0xfedcba9876543210}, {}}}
	if _, err := w.Load(context.Background(), "t", r); err != nil {
		t.Fatal(err)
	}
	d := dataset(t, w, "SELECT id FROM t_extracted ORDER BY id")
	want := [][]any{{"00000000-0000-0000-0000-000000000000"}, {"01234567-89ab-cdef-fedc-ba9876543210"}, {"ffffffff-ffff-ffff-ffff-ffffffffffff"}}
	if diff := cmp.Diff(want, d.Rows); diff != "" {
		t.Error(diff)
	}
}

func TestLoadManyRows(t *testing.T) {
	w := open(t, engine.Config{})
	var rows [][]any
	var ids, chars int64
	for i := range 3*column.Size + 7 {
		rows = append(rows, []any{i, strings.Repeat("x", i%40), dec("1.10")})
		ids, chars = ids+int64(i), chars+int64(i%40)
	}
	load(t, w, "t", "id int64, s text, amount money", rows...)
	load(t, w, "u", "id int64, s text, amount money")
	d := dataset(t, w, "SELECT count(*) AS n, sum(id) AS ids, sum(length(s)) AS chars, sum(amount) AS amount FROM t_extracted ORDER BY 1")
	want := [][]any{{int64(6151), ids, chars, dec("6766.10")}}
	if diff := cmp.Diff(want, d.Rows, equalDecimals); diff != "" {
		t.Error(diff)
	}
}

func TestLoadErrors(t *testing.T) {
	cut := &table{columns: columns("id int64"), cut: 3000}
	for i := range 5000 {
		cut.rows = append(cut.rows, []any{i})
	}
	one := func(spec string, values ...any) *table { return &table{columns: columns(spec), rows: [][]any{values}} }
	for _, test := range []struct {
		name   string
		table  string
		reader *table
		want   string
	}{
		{"cut", "t", cut, "the line was cut"},
		{"no columns", "t", &table{}, "there are no columns"},
		{"two columns of one name", "t", one("a int64, A int64", 1, 2), `column "A" occurs twice`},
		{"rowid", "t", one("RowID int64", 1), "keeps for itself"},
		{"unknown type", "t", one("a what", nil), `column "a"`},
		{"not UTF-8", "t", one("s text", "a\xff"), `column "s", row 1: the text is not valid UTF-8`},
		{"a character in two halves", "t", &table{columns: columns("s text"), rows: [][]any{{"\xc3"}, {"\xbc"}}}, `column "s", row 1: the text`},
		{"too wide", "t", one("d small", dec("1000.0")), "too many digits for decimal(4,1)"},
		{"empty name", "", one("a int64", 1), "the name is empty"},
		{"our own name", "t_quarantine", one("a int64", 1), "the engine's own"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := open(t, engine.Config{})
			_, err := w.Load(context.Background(), test.table, test.reader)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v, want %q", err, test.want)
			}
			if test.reader == cut && !errors.Is(err, errCut) {
				t.Error("the reader's error is not in the chain")
			}
			if got := engine.IsPermanent(err); got != (test.reader != cut) {
				t.Errorf("permanent: got %v", got)
			}
			load(t, w, "t", "id int64", []any{1}) // nothing is left of the first
		})
	}
}

func TestLoadTwice(t *testing.T) {
	w := open(t, engine.Config{})
	load(t, w, "t", "id int64")
	if _, err := w.Load(context.Background(), "T", &table{columns: columns("id int64")}); err == nil {
		t.Error("T replaces t")
	}
}

type panicking struct{ table }

func (*panicking) Next(*column.Batch) error { panic("out of range") }

func TestLoadSurvivesAPanic(t *testing.T) {
	w := open(t, engine.Config{})
	_, err := w.Load(context.Background(), "t", &panicking{table{columns: columns("id int64")}})
	if err == nil || !strings.Contains(err.Error(), "panicked") {
		t.Errorf("got %v", err)
	}
}

func TestCancelledLoad(t *testing.T) {
	w := open(t, engine.Config{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := w.Load(ctx, "t", &table{columns: columns("id int64"), rows: [][]any{{1}}}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestSpillIsBoundedAndRemoved(t *testing.T) {
	spool := t.TempDir()
	w, err := engine.Open(context.Background(), engine.Config{Spool: spool, MemoryLimit: 32 << 20, SpillLimit: 16 << 20, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	line := bytes.Repeat([]byte("spill "), 2000)
	r := &table{columns: columns("s text")}
	for range 10_000 {
		r.rows = append(r.rows, []any{line})
	}
	_, err = w.Load(context.Background(), "t", r)
	if !engine.IsResource(err) || engine.IsPermanent(err) {
		t.Errorf("got %v, want a resource error that may pass", err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(spool); err != nil || len(left) > 0 {
		t.Errorf("%d entries are left in the spool (%v)", len(left), err)
	}
}

func TestOpenErrors(t *testing.T) {
	for name, cfg := range map[string]engine.Config{
		"no spool":   {Spool: "testdata/nowhere"},
		"a file":     {Spool: "open.go"},
		"a zone":     {Spool: ".", TimeZone: "Europe/Atlantis"},
		"a negative": {Spool: ".", Threads: -1},
	} {
		if w, err := engine.Open(context.Background(), cfg); err == nil {
			t.Errorf("%s: it opens", name)
			w.Close()
		}
	}
}

type uuids struct {
	columns []column.Column
	values  []column.Int128
}

func (u *uuids) Columns() []column.Column { return u.columns }

func (u *uuids) Next(b *column.Batch) error {
	b.Reset(u.columns)
	if len(u.values) == 0 {
		return io.EOF
	}
	for i, v := range u.values {
		b.Vectors[0].Int128s[i] = v
		b.Vectors[0].SetValid(i)
		b.Add()
	}
	u.values = nil
	return nil
}
