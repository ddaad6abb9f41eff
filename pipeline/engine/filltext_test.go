package engine_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/pipeline/column"
	"github.com/monthend/monthend/pipeline/engine"
)

// TestTextOfEveryLength loads texts on both sides of the 12 bytes that the engine keeps in place, in an order in which each
// follows a longer and a shorter one, twice: equal texts must be equal to the engine, down to the bytes behind their end.
func TestTextOfEveryLength(t *testing.T) {
	w := open(t, engine.Config{})
	const letters = "příliš žluťoučký kůň úpěl 日本商事"
	runes := []rune(letters)
	var rows [][]any
	var want [][]any
	for n := range runes {
		want = append(want, []any{string(runes[:n]), int64(2)})
	}
	for range 2 {
		for i := range runes {
			rows = append(rows, []any{string(runes[:i*7%len(runes)])})
		}
		rows = append(rows, []any{nil})
	}
	load(t, w, "t", "s text", rows...)
	d := dataset(t, w, "SELECT s, count(*) AS n FROM t_extracted WHERE s IS NOT NULL GROUP BY s ORDER BY length(s)")
	if diff := cmp.Diff(want, d.Rows); diff != "" {
		t.Error(diff)
	}
}

// TestTextOverManyBatches holds the texts of many batches against one another: a batch's memory is used again, and what the
// engine keeps must not point into it.
func TestTextOverManyBatches(t *testing.T) {
	w := open(t, engine.Config{})
	var rows [][]any
	for i := range 20 * column.Size {
		rows = append(rows, []any{i, fmt.Sprint(i, " ", strings.Repeat("x", i%50)), []byte(fmt.Sprint("bytes of row ", i))})
	}
	load(t, w, "t", "id int64, s text, b bytes", rows...)
	d := dataset(t, w, `SELECT count(*) AS n FROM t_extracted
		WHERE s = id || ' ' || repeat('x', id % 50) AND b = encode('bytes of row ' || id) ORDER BY n`)
	if diff := cmp.Diff([][]any{{int64(20 * column.Size)}}, d.Rows); diff != "" {
		t.Error(diff)
	}
}
