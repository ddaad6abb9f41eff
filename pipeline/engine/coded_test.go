package engine_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/pipeline/column"
	"github.com/monthend/monthend/pipeline/engine"
	"github.com/monthend/monthend/report"
)

// sampled is one row more than the rows by which it is decided what is coded.
const sampled = 3*column.Size + 1

// words are hard to write into SQL, and to tell apart by their lengths, beginnings and ends.
var words = []any{"", " ", "a'b", `"`, "]) --", "ü\n", "日本商事", "card", "cord", "curd", "direct debit", "direct xebit", "direct debit ", nil,
	"x1234567 1 1234567x", "x1234567 2 1234567x", strings.Repeat("w", 64), "100", "$1", "?", "\\", "%s"}

func coded(t *testing.T, w *engine.Workspace, table string) []string {
	t.Helper()
	list, err := w.Coded(context.Background(), table)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestCodedColumnsReadAsTheyCame(t *testing.T) {
	w := open(t, engine.Config{})
	var want [][]any
	for i := range sampled + 3*column.Size {
		few, many := fmt.Sprint("word ", i%64), fmt.Sprint("word ", i%65)
		var later any = "early"
		if i >= sampled {
			later = fmt.Sprint("late ", i%254)
		}
		want = append(want, []any{int64(i), words[i%len(words)], few, many, later, nil})
	}
	load(t, w, "t", "id int64, hard text, few text, many text, later text, none text", want...)
	if diff := cmp.Diff([]string{"hard", "few", "later", "none"}, coded(t, w, "t")); diff != "" {
		t.Error(diff)
	}
	d := dataset(t, w, "SELECT * FROM t_extracted ORDER BY id")
	if diff := cmp.Diff(want, d.Rows); diff != "" {
		t.Error(diff)
	}
	for i, c := range d.Columns[1:] {
		if c.Kind != report.Text {
			t.Errorf("column %d: got %v, want a text", i+1, c)
		}
	}
	if _, err := w.Dataset(context.Background(), report.DatasetQuery{Name: "x", SQL: "SELECT rowid AS x FROM t_extracted ORDER BY x"}); err == nil || !strings.Contains(err.Error(), "rowid gives another answer each time") {
		t.Errorf("got %v, want rowid refused", err)
	}
}

// What a column says later may be more than its first rows promised.
func TestCodedColumnsGiveUp(t *testing.T) {
	for name, late := range map[string]func(i int) any{
		"the 256th word": func(i int) any { return fmt.Sprint("word ", i%300) },
		"a long word":    func(i int) any { return strings.Repeat("w", 64+i%2) },
		"a zero":         func(i int) any { return "a\x00b" },
	} {
		t.Run(name, func(t *testing.T) {
			w := open(t, engine.Config{})
			var want [][]any
			for i := range 3 * sampled {
				row := []any{int64(i), words[i%len(words)], any("same")}
				if i > 2*sampled {
					row[2] = late(i)
				}
				want = append(want, row)
			}
			load(t, w, "t", "id int64, hard text, s text", want...)
			if list := coded(t, w, "t"); len(list) > 0 {
				t.Errorf("%v are coded", list)
			}
			if diff := cmp.Diff(want, dataset(t, w, "SELECT * FROM t_extracted ORDER BY id").Rows); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCodedColumnsRefuse(t *testing.T) {
	for _, at := range []int{0, 5000, 2 * sampled, 4*sampled - 1} {
		for _, overflow := range []bool{false, true} {
			w := open(t, engine.Config{})
			bad := &table{columns: columns("id int64, s text")}
			for i := range 4 * sampled {
				row := []any{i, "same"}
				if overflow && i >= sampled {
					row[1] = fmt.Sprint(i)
				}
				if i == at {
					row[1] = "a\xff"
				}
				bad.rows = append(bad.rows, row)
			}
			_, err := w.Load(context.Background(), "t", bad)
			if want := fmt.Sprintf(`column "s", row %d: the text is not valid UTF-8`, at+1); err == nil || !strings.Contains(err.Error(), want) || !engine.IsPermanent(err) {
				t.Errorf("row %d, overflow %t: got %v, want %q", at, overflow, err, want)
			}
			load(t, w, "t", "id int64", []any{1}) // nothing is left of the first
			if got := dataset(t, w, "SELECT id FROM t_extracted ORDER BY id").Rows; len(got) != 1 {
				t.Errorf("row %d, overflow %t: got %d rows, want 1", at, overflow, len(got))
			}
		}
	}
}

// Whether columns are coded is seen nowhere: the same rows in an order that tells and in one that does not.
func TestCodedOrNot(t *testing.T) {
	const count = 4 * sampled
	rows := make([][]any, count)
	for i := range rows {
		var state any = fmt.Sprint("state ", i*100/count)
		if i%977 == 0 {
			state = nil
		}
		rows[i] = []any{int64(i), state, words[i%len(words)], dec(fmt.Sprint(i % 100))}
	}
	known := [][]any{{nil}, {"nowhere"}}
	for i := range 98 {
		known = append(known, []any{fmt.Sprint("state ", i)})
	}
	def := report.Definition{
		Extract: []report.Extract{{Name: "t", Key: []string{"id"}}, {Name: "states", Key: []string{"state"}}},
		Rules: []report.Rule{
			{Name: "known-state", On: "t", Severity: report.Reject, References: &report.Reference{Column: "state", Table: "states", Target: "state"}},
			{Name: "said", On: "t", Severity: report.Reject, Check: "trim(t.hard) <> ''"},
			{Name: "once", On: "t", Severity: report.Warn, Unique: []string{"state", "hard"}, KeepFirst: true, Order: []string{"hard desc", "id"}},
			{Name: "unlike", On: "t", Severity: report.Warn, Unique: []string{"hard"}},
			{Name: "nothing-lost", Severity: report.Fail, Tolerance: "0",
				Assert: "SELECT (SELECT count(*) FROM t_extracted WHERE hard = 'card') AS expected, (SELECT count(*) FROM t WHERE hard = 'card') + (SELECT count(*) FROM t_quarantine WHERE hard = 'card') AS actual"},
		},
	}
	type outcome struct {
		Validation report.Validation
		Rejected   [][]*string
		Rows       [][]any
		Valid      []string
		Files      []string
	}
	run := func(rows [][]any, want []string) (o outcome) {
		spool := t.TempDir()
		w := open(t, engine.Config{Spool: spool})
		load(t, w, "t", "id int64, state text, hard text, amount money", rows...)
		load(t, w, "states", "state text", known...)
		if diff := cmp.Diff(want, coded(t, w, "t")); diff != "" {
			t.Error(diff)
		}
		ctx := context.Background()
		var err error
		if o.Validation, err = w.Validate(ctx, def); err != nil {
			t.Fatal(err)
		}
		if o.Rejected, err = w.Rejected(ctx, def.Extract[0]); err != nil {
			t.Fatal(err)
		}
		o.Rows = dataset(t, w, "SELECT state, max(hard) AS high, min(hard) AS low, count(*) AS n, sum(amount) AS amount FROM t GROUP BY state ORDER BY state").Rows
		err = w.Rows(ctx, "t", func(row []any) error {
			o.Valid = append(o.Valid, fmt.Sprintf("%q", row))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		plan, err := w.ExplainRule(ctx, def.Rules[1])
		if steps := strings.Join(plan.Steps, "\n"); err != nil || !strings.Contains(steps, `"trim"(hard)`) || !strings.Contains(steps, "table t_extracted") {
			t.Errorf("got plan %s, %v, want it to name the column and the table", steps, err)
		}
		for _, format := range []string{engine.CSV, engine.Parquet} {
			path := filepath.Join(spool, format)
			if _, err := w.ExportQuarantine(ctx, def.Extract[0], format, path); err != nil {
				t.Fatal(err)
			}
			o.Files = append(o.Files, sum(t, path))
		}
		return o
	}
	inOrder := run(rows, []string{"state", "hard"})
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	shuffled := run(rows, []string{"hard"})
	if diff := cmp.Diff(inOrder, shuffled, equalDecimals); diff != "" {
		t.Error(diff)
	}
	if v := inOrder.Validation; v.Failed || v.Rules[0].Broken == 0 || v.Rules[1].Broken == 0 || v.Rules[2].Broken == 0 {
		t.Errorf("got %+v, want broken rules and nothing lost", v)
	}
}
