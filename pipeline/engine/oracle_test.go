package engine_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"github.com/monthend/monthend/pipeline/engine"
	"github.com/monthend/monthend/report"
)

// booking is a row; a nil pointer is NULL.
type booking struct {
	id, account *int
	seq         int
	amount      *decimal.Decimal
}

func same(a, b *int) bool { return (a == nil) == (b == nil) && (a == nil || *a == *b) }

// broken says row by row which rules of the property test a row breaks, one row and one rule after the other, as slowly as it
// is plain.
func broken(rows []booking, accounts []*int) [][]string {
	out := make([][]string, len(rows))
	for i, row := range rows {
		add := func(rule string, breaks bool) {
			if breaks {
				out[i] = append(out[i], rule)
			}
		}
		add("amount", row.amount == nil || !row.amount.IsPositive()) // NULL is not TRUE
		exists := row.account != nil && slices.ContainsFunc(accounts, func(a *int) bool { return a != nil && *a == *row.account })
		add("account", !exists)
		twins, earlier := 0, 0
		for _, other := range rows {
			if same(row.id, other.id) {
				twins++
				if other.seq > row.seq { // kept is the one with the largest seq
					earlier++
				}
			}
		}
		add("unique", twins > 1)
		add("once", earlier > 0)
	}
	return out
}

// TestRulesAgainstAnOracle draws small months at random, full of NULLs, twins and ties, and wants each row judged, counted and
// weighed as the oracle does. Which rules reject, and the limits of the gate, are drawn as well; limits that are met exactly pass.
func TestRulesAgainstAnOracle(t *testing.T) {
	for seed := range uint64(150) {
		random := rand.New(rand.NewPCG(seed, 3))
		number := func(n int) *int {
			if v := random.IntN(n + 1); v < n {
				return &v
			}
			return nil
		}
		var rows []booking
		var raw, referred [][]any
		for seq := range random.IntN(12) {
			row := booking{id: number(5), account: number(4), seq: seq}
			if random.IntN(5) > 0 {
				amount := decimal.New(int64(random.IntN(7)-3)*50, -2)
				row.amount = &amount
			}
			rows = append(rows, row)
			raw = append(raw, []any{value(row.id), value(row.account), row.seq, value(row.amount)})
		}
		random.Shuffle(len(raw), func(i, j int) { raw[i], raw[j] = raw[j], raw[i] })
		var accounts []*int
		for range random.IntN(4) {
			a := number(4)
			accounts, referred = append(accounts, a), append(referred, []any{value(a)})
		}
		severity := func() report.Severity {
			return []report.Severity{report.Warn, report.Reject, report.Fail}[random.IntN(3)]
		}
		def := report.Definition{
			Extract: []report.Extract{{Name: "t", Key: []string{"seq"}}, {Name: "accounts", Key: []string{"id"}}},
			Rules: []report.Rule{
				{Name: "amount", On: "t", Severity: severity(), Check: "amount > 0"},
				{Name: "account", On: "t", Severity: severity(), References: &report.Reference{Column: "account", Table: "accounts", Target: "id"}},
				{Name: "unique", On: "t", Severity: severity(), Unique: []string{"id"}},
				{Name: "once", On: "t", Severity: severity(), Unique: []string{"id"}, KeepFirst: true, Order: []string{"seq desc"}},
			},
			Gate: report.Gate{Of: "t"},
		}
		limits := []string{"", "0", "0.25", "0.5", "0.3333333333333333333333333333333333", "1"}
		def.Gate.Rejected, def.Gate.Amount = limits[random.IntN(len(limits))], limits[random.IntN(len(limits))]
		if def.Gate.Amount != "" {
			def.Gate.AmountColumn = "amount"
		}

		w := open(t, engine.Config{Threads: 1 + int(seed%3)})
		load(t, w, "t", "id int64, account int64, seq int64, amount money", raw...)
		load(t, w, "accounts", "id int64", referred...)
		got, err := w.Validate(context.Background(), def)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		want := judge(def, rows, broken(rows, accounts))
		var told []string
		for _, r := range got.Rules {
			told = append(told, fmt.Sprintf("%s %d %s", r.Rule, r.Broken, strings.Join(r.Keys, ",")))
		}
		told = append(told, fmt.Sprintf("%d of %d, %d valid, shut %v, failed %v", got.Gate.Rejected, got.Gate.Extracted, got.Tables[0].Valid, got.Gate.Shut, got.Failed))
		for _, row := range dataset(t, w, "SELECT seq, rules FROM t_quarantine ORDER BY seq").Rows {
			told = append(told, fmt.Sprint(row...))
		}
		for _, row := range dataset(t, w, "SELECT seq FROM t ORDER BY seq").Rows {
			told = append(told, fmt.Sprint(row...))
		}
		if diff := cmp.Diff(want, told); diff != "" {
			t.Fatalf("seed %d, gate %+v: (-oracle +engine)\n%s", seed, def.Gate, diff)
		}
	}
}

// value is a pointer as a reader gives it.
func value[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}

// judge adds the rows up: what each rule broke, the gate in whole rows and whole amounts, then the rejected and the valid rows.
func judge(def report.Definition, rows []booking, broken [][]string) []string {
	var out, quarantine, valid []string
	failed, rejected := false, 0
	var part, whole decimal.Decimal
	for _, rule := range def.Rules {
		var keys []string
		for i, row := range rows {
			if slices.Contains(broken[i], rule.Name) {
				keys = append(keys, fmt.Sprint(row.seq))
			}
		}
		failed = failed || (len(keys) > 0 && rule.Severity == report.Fail)
		out = append(out, fmt.Sprintf("%s %d %s", rule.Name, len(keys), strings.Join(keys[:min(10, len(keys))], ",")))
	}
	for i, row := range rows {
		var names []string
		for _, rule := range def.Rules {
			if rule.Severity == report.Reject && slices.Contains(broken[i], rule.Name) {
				names = append(names, rule.Name)
			}
		}
		var weight decimal.Decimal
		if row.amount != nil {
			weight = row.amount.Abs()
		}
		whole = whole.Add(weight)
		if len(names) == 0 {
			valid = append(valid, fmt.Sprint(row.seq))
			continue
		}
		rejected++ // once, however many rules it broke
		part = part.Add(weight)
		quarantine = append(quarantine, fmt.Sprint(int64(row.seq), strings.Join(names, ", ")))
	}
	over := func(limit string, part, whole decimal.Decimal) bool {
		return limit != "" && part.GreaterThan(decimal.RequireFromString(limit).Mul(whole))
	}
	shut := over(def.Gate.Rejected, decimal.NewFromInt(int64(rejected)), decimal.NewFromInt(int64(len(rows)))) || over(def.Gate.Amount, part, whole)
	out = append(out, fmt.Sprintf("%d of %d, %d valid, shut %v, failed %v", rejected, len(rows), len(valid), shut, failed || shut))
	return slices.Concat(out, quarantine, valid)
}
