package engine_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"github.com/monthend/monthend/pipeline/engine"
	"github.com/monthend/monthend/report"
)

// TestUniqueOfEveryType breaks the same rows whatever type the same values have: numbers are compared in another way than
// texts, and both are held against a count.
func TestUniqueOfEveryType(t *testing.T) {
	for _, nulls := range []int{0, 1, 3} {
		random := rand.New(rand.NewPCG(1, uint64(nulls)))
		var rows [][]any
		count := map[int]int{}
		for range 5000 {
			n := random.IntN(9000)
			count[n]++
			rows = append(rows, []any{n, fmt.Sprint("number ", n), decimal.New(int64(n), -2)})
		}
		for range nulls {
			rows = append(rows, []any{nil, nil, nil})
		}
		random.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		want := int64(0)
		for _, n := range count {
			if n > 1 {
				want += int64(n)
			}
		}
		if nulls > 1 {
			want += int64(nulls)
		}
		w := open(t, engine.Config{})
		load(t, w, "t", "number int64, words text, amount money", rows...)
		def := report.Definition{Extract: []report.Extract{{Name: "t", Key: []string{"words"}}}}
		for _, columns := range [][]string{{"number"}, {"words"}, {"amount"}, {"number", "words"}, {"AMOUNT"}} {
			def.Rules = append(def.Rules, report.Rule{Name: fmt.Sprint(columns), On: "t", Severity: report.Warn, Unique: columns})
		}
		got, err := w.Validate(context.Background(), def)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range got.Rules {
			if r.Broken != want {
				t.Errorf("%d NULLs: %s: %d rows are broken, want %d", nulls, r.Rule, r.Broken, want)
			}
			if diff := cmp.Diff(got.Rules[0].Keys, r.Keys); diff != "" {
				t.Errorf("%d NULLs: %s: %s", nulls, r.Rule, diff)
			}
		}
	}
}
