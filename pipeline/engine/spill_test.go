package engine_test

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/pipeline/column"
	"github.com/monthend/monthend/pipeline/engine"
	"github.com/monthend/monthend/report"
)

// flood is a column.Reader of many rows that it makes up on the way: (id, category, note, amount), about 110 bytes each; every
// hundredth row has no amount, and every thousandth the id of the one before it.
type flood struct {
	columns    []column.Column
	rows, next int
}

func newFlood(rows int) *flood {
	return &flood{columns: columns("id int64, category text, note text, amount money"), rows: rows}
}

func (f *flood) Columns() []column.Column { return f.columns }

func (f *flood) Next(b *column.Batch) error {
	b.Reset(f.columns)
	if f.next == f.rows {
		return io.EOF
	}
	for ; f.next < f.rows && !b.Full(); f.next++ {
		i, n := b.Len(), f.next
		id := n
		if n%1000 == 999 {
			id--
		}
		set(&b.Vectors[0], i, id)
		set(&b.Vectors[1], i, fmt.Sprint("category ", n%10))
		set(&b.Vectors[2], i, fmt.Sprintf("%08d: nobody groups by this text, but somebody may want to read it all the same", n))
		if n%100 == 50 {
			set(&b.Vectors[3], i, nil)
		} else {
			set(&b.Vectors[3], i, dec("1.25"))
		}
		b.Add()
	}
	return nil
}

var floodDefinition = report.Definition{
	Extract: []report.Extract{{Name: "t", Key: []string{"id"}}},
	Rules: []report.Rule{
		{Name: "amount", On: "t", Severity: report.Reject, Check: "amount IS NOT NULL"},
		{Name: "unique", On: "t", Severity: report.Reject, Unique: []string{"id"}},
	},
}

// spilled is how many bytes lie in files below the folder.
func spilled(t *testing.T, folder string) (bytes int64) {
	t.Helper()
	err := filepath.WalkDir(folder, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			bytes += info.Size()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return bytes
}

// TestJobSpills works a month of which the memory limit holds a fraction.
func TestJobSpills(t *testing.T) {
	const count = 1_000_000
	spool := t.TempDir()
	w, err := engine.Open(context.Background(), engine.Config{Spool: spool, MemoryLimit: 64 << 20, Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if _, err := w.Load(context.Background(), "t", newFlood(count)); err != nil {
		t.Fatal(err)
	}
	if got := spilled(t, spool); got < 8<<20 {
		t.Errorf("%d bytes were spilled: the test shows nothing", got)
	}
	v, err := w.Validate(context.Background(), floodDefinition)
	if err != nil {
		t.Fatal(err)
	}
	// Without amount 1 in 100, twice 2 in 1,000, none of them both.
	want := []report.TableCount{{Name: "t", Extracted: count, Valid: count - count/100 - count/500, Quarantined: count/100 + count/500}}
	if diff := cmp.Diff(want, v.Tables); diff != "" {
		t.Error(diff)
	}
	d := dataset(t, w, "SELECT count(*) AS n, count(DISTINCT note) AS notes, sum(amount) AS amount FROM t ORDER BY n")
	valid := want[0].Valid
	if diff := cmp.Diff([][]any{{valid, valid, dec("1.25").Mul(dec(fmt.Sprint(valid)))}}, d.Rows, equalDecimals); diff != "" {
		t.Error(diff)
	}
	path := filepath.Join(spool, "quarantine.parquet")
	if n, err := w.ExportQuarantine(context.Background(), floodDefinition.Extract[0], engine.Parquet, path); err != nil || n != want[0].Quarantined {
		t.Errorf("got %d, %v", n, err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	if left, err := filepath.Glob(filepath.Join(spool, "*")); err != nil || len(left) != 1 {
		t.Errorf("left in the spool: %v, %v; want the export alone", left, err)
	}
}

// TestSpoolIsFull lets each stage meet the end of its disk: what it says may pass, and nothing is left behind.
func TestSpoolIsFull(t *testing.T) {
	for _, test := range []struct {
		name  string
		limit int64
		rows  int
		query string
	}{
		{"load", 8 << 20, 1_000_000, ""},
		{"dataset", 40 << 20, 600_000, "SELECT count(*) AS n FROM (SELECT DISTINCT a.note, b.category FROM t AS a, range(20) AS r(n), t AS b WHERE b.id = a.id) ORDER BY n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			spool := t.TempDir()
			w, err := engine.Open(context.Background(), engine.Config{Spool: spool, MemoryLimit: 48 << 20, Threads: 1, SpillLimit: test.limit})
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			_, err = w.Load(context.Background(), "t", newFlood(test.rows))
			if test.query != "" && err == nil {
				if _, err = w.Validate(context.Background(), floodDefinition); err == nil {
					_, err = w.Dataset(context.Background(), report.DatasetQuery{Name: "d", SQL: test.query})
				}
			}
			if !engine.IsResource(err) || engine.IsPermanent(err) || !strings.Contains(err.Error(), test.name+" ") || !strings.Contains(err.Error(), "offload") {
				t.Errorf("got %v, want a resource error of the %s that may pass", err, test.name)
			}
			if err := w.Close(); err != nil {
				t.Error(err)
			}
			if left, err := filepath.Glob(filepath.Join(spool, "*")); err != nil || len(left) > 0 {
				t.Errorf("left in the spool: %v, %v", left, err)
			}
		})
	}
}
