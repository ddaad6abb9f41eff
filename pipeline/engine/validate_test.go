package engine_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/pipeline/engine"
	"github.com/monthend/monthend/report"
)

// month is a small month with every kind of dirt.
func month(t testing.TB, w *engine.Workspace) report.Definition {
	t.Helper()
	load(t, w, "transactions", "id int64, seq int64, account int64, amount money, note text",
		[]any{1, 1, 10, dec("100.00"), "good"},
		[]any{2, 2, 10, nil, "no amount"},
		[]any{3, 3, 99, dec("0"), "zero, and an unknown account"},
		[]any{4, 4, nil, dec("5.00"), "no account"},
		[]any{5, 5, 20, dec("1.00"), "twice"},
		[]any{5, 6, 20, dec("2.00"), "twice"},
		[]any{nil, 7, 20, dec("3.00"), "no number"},
		[]any{nil, 8, 20, dec("4.00"), "no number"},
		[]any{6, 9, 20, dec("-50.00"), nil},
	)
	load(t, w, "accounts", "id int64", []any{10}, []any{20}, []any{nil})
	load(t, w, "source_total", "rows int64, amount money", []any{9, dec("65.00")})
	return report.Definition{
		Extract: []report.Extract{{Name: "transactions", Key: []string{"id", "seq"}}, {Name: "accounts", Key: []string{"id"}}, {Name: "source_total"}},
		Rules: []report.Rule{
			{Name: "amount-present", On: "transactions", Severity: report.Reject, Check: "amount IS NOT NULL AND amount <> 0 -- dirt"},
			{Name: "known-account", On: "transactions", Severity: report.Reject, References: &report.Reference{Column: "account", Table: "accounts", Target: "id"}},
			{Name: "unique-id", On: "transactions", Severity: report.Reject, Unique: []string{"id"}},
			{Name: "has-note", On: "transactions", Severity: report.Warn, Check: "transactions.note <> ''"},
			{Name: "control-total", Severity: report.Fail, Tolerance: "0.00",
				Assert: "SELECT (SELECT amount FROM source_total) AS expected, (SELECT sum(amount) FROM transactions_extracted) AS actual"},
		},
		Gate: report.Gate{Of: "transactions", Rejected: "0.7", Amount: "0.5", AmountColumn: "amount"},
	}
}

func TestValidate(t *testing.T) {
	w := open(t, engine.Config{})
	def := month(t, w)
	got, err := w.Validate(context.Background(), def)
	if err != nil {
		t.Fatal(err)
	}
	want := report.Validation{
		Tables: []report.TableCount{
			{Name: "transactions", Extracted: 9, Valid: 2, Quarantined: 7},
			{Name: "accounts", Extracted: 3, Valid: 3},
			{Name: "source_total", Extracted: 1, Valid: 1},
		},
		Rules: []report.RuleResult{
			{Rule: "amount-present", On: "transactions", Severity: report.Reject, Broken: 2, Keys: []string{"2/2", "3/3"}},
			{Rule: "known-account", On: "transactions", Severity: report.Reject, Broken: 2, Keys: []string{"3/3", "4/4"}},
			{Rule: "unique-id", On: "transactions", Severity: report.Reject, Broken: 4, Keys: []string{"5/5", "5/6", "NULL/7", "NULL/8"}},
			{Rule: "has-note", On: "transactions", Severity: report.Warn, Broken: 1, Keys: []string{"6/9"}},
			{Rule: "control-total", Severity: report.Fail, Expected: "65.00", Actual: "65.00", Tolerance: "0.00"},
		},
		// 7 of 9 rows are more than 0.7, 15.00 of 165.00 is less than half.
		Gate: report.GateResult{Of: "transactions", Rejected: 7, Extracted: 9, Share: "0.777778", Limit: "0.7",
			AmountShare: "0.090909", AmountLimit: "0.5", Shut: true},
		Failed: true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	d := dataset(t, w, "SELECT id, amount FROM transactions ORDER BY id")
	if diff := cmp.Diff([][]any{{int64(1), dec("100.00")}, {int64(6), dec("-50.00")}}, d.Rows, equalDecimals); diff != "" {
		t.Errorf("valid rows: %s", diff)
	}
	d = dataset(t, w, "SELECT seq, rules FROM transactions_quarantine ORDER BY seq")
	wantRows := [][]any{{int64(2), "amount-present"}, {int64(3), "amount-present, known-account"}, {int64(4), "known-account"},
		{int64(5), "unique-id"}, {int64(6), "unique-id"}, {int64(7), "unique-id"}, {int64(8), "unique-id"}}
	if diff := cmp.Diff(wantRows, d.Rows); diff != "" {
		t.Errorf("quarantine: %s", diff)
	}
}

// TestManyRules has more reject rules than one number has bits.
func TestManyRules(t *testing.T) {
	w := open(t, engine.Config{})
	def := month(t, w)
	def.Gate, def.Rules = report.Gate{}, nil
	var want []string
	for i := range 150 {
		rule := report.Rule{Name: fmt.Sprintf("rule-%d", i), On: "transactions", Severity: report.Reject, Check: "seq <> 1"}
		switch i % 3 {
		case 0:
			rule.Check = "seq > 0"
		case 1:
			rule.Severity = report.Warn
		default:
			want = append(want, rule.Name)
		}
		def.Rules = append(def.Rules, rule)
	}
	if _, err := w.Validate(context.Background(), def); err != nil {
		t.Fatal(err)
	}
	d := dataset(t, w, "SELECT seq, rules FROM transactions_quarantine ORDER BY seq")
	if diff := cmp.Diff([][]any{{int64(1), strings.Join(want, ", ")}}, d.Rows); diff != "" {
		t.Error(diff)
	}
	if got := all(t, w, "transactions"); len(got) != 8 {
		t.Errorf("%d rows are valid", len(got))
	}
}

func TestKeepFirst(t *testing.T) {
	w := open(t, engine.Config{})
	def := month(t, w)
	def.Gate = report.Gate{}
	def.Rules = []report.Rule{{Name: "once", On: "transactions", Severity: report.Reject, Unique: []string{"id"}, KeepFirst: true, Order: []string{"seq desc"}}}
	got, err := w.Validate(context.Background(), def)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"5/5", "NULL/7"}, got.Rules[0].Keys); diff != "" {
		t.Error(diff)
	}
}

func TestGate(t *testing.T) {
	reject := func(check string) []report.Rule {
		return []report.Rule{{Name: "r", On: "transactions", Severity: report.Reject, Check: check}}
	}
	for _, test := range []struct {
		name  string
		rules []report.Rule
		gate  report.Gate
		shut  bool
	}{
		{"exactly at the limit", reject("seq <> 1 AND seq <> 2 AND seq <> 3"), report.Gate{Of: "transactions", Rejected: "0.3333333333333333333333333333333334"}, false},
		{"a hair below", reject("seq <> 1 AND seq <> 2 AND seq <> 3"), report.Gate{Of: "transactions", Rejected: "0.3333333333333333333333333333333333"}, true},
		{"none allowed, none rejected", reject("TRUE"), report.Gate{Of: "transactions", Rejected: "0"}, false},
		{"0 of 0", []report.Rule{{Name: "r", On: "none", Severity: report.Reject, Check: "FALSE"}}, report.Gate{Of: "none", Rejected: "0", Amount: "0", AmountColumn: "amount"}, false},
		{"by amount", reject("seq <> 1"), report.Gate{Of: "transactions", Rejected: "0.5", Amount: "0.6", AmountColumn: "amount"}, true},
		{"no limit", reject("FALSE"), report.Gate{Of: "transactions"}, false},
		{"a warning is not rejected", []report.Rule{{Name: "r", On: "transactions", Severity: report.Warn, Check: "FALSE"}}, report.Gate{Of: "transactions", Rejected: "0"}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := open(t, engine.Config{})
			def := month(t, w)
			load(t, w, "none", "amount money")
			def.Extract = append(def.Extract, report.Extract{Name: "none"})
			def.Rules, def.Gate = test.rules, test.gate
			got, err := w.Validate(context.Background(), def)
			if err != nil {
				t.Fatal(err)
			}
			if got.Gate.Shut != test.shut || got.Failed != test.shut {
				t.Errorf("got %+v, failed %v", got.Gate, got.Failed)
			}
		})
	}
}

func TestAssert(t *testing.T) {
	for _, test := range []struct {
		sql, tolerance string
		broken         int64
		want           string // of the error
	}{
		{"SELECT 1.00, 1.01", "0.01", 0, ""},
		{"SELECT 1.00, 1.0101", "0.01", 1, ""},
		{"SELECT 3, 3.000", "", 0, ""},
		{"SELECT NULL::DECIMAL(18,2), NULL::DECIMAL(18,2)", "0", 1, ""},
		{"SELECT count(*), (SELECT rows FROM source_total) FROM transactions_extracted", "0", 0, ""},
		{"SELECT (SELECT count(*) FROM transactions) + (SELECT count(*) FROM transactions_quarantine), 9", "0", 0, ""},
		{"SELECT avg(amount), 1 FROM transactions", "0", 0, `is DOUBLE, which is not exact; cast it`},
		{"SELECT 'a', 1", "0", 0, "an assert compares decimals or integers"},
		{"SELECT 1", "0", 0, "1 columns are returned"},
		{"SELECT 1 AS a, 2 AS b WHERE FALSE", "0", 0, "no row is returned"},
		{"SELECT id, id AS b FROM accounts", "0", 0, "more than one row is returned"},
		{"DELETE FROM accounts", "0", 0, "sql/total.sql: only one SELECT is allowed here"},
		{"SELECT 1, 2", "a lot", 0, `tolerance "a lot"`},
	} {
		w := open(t, engine.Config{})
		def := month(t, w)
		def.Rules = []report.Rule{{Name: "total", Severity: report.Fail, Assert: test.sql, AssertPath: "sql/total.sql", Tolerance: test.tolerance}}
		got, err := w.Validate(context.Background(), def)
		if test.want != "" {
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s: got %v, want %q", test.sql, err, test.want)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", test.sql, err)
		} else if got.Rules[0].Broken != test.broken || got.Failed != (test.broken > 0) {
			t.Errorf("%s: got %+v", test.sql, got.Rules[0])
		}
	}
}

func TestValidateErrors(t *testing.T) {
	row := report.Rule{Name: "r", On: "transactions", Severity: report.Reject}
	with := func(change func(*report.Rule)) report.Rule { r := row; change(&r); return r }
	for _, test := range []struct {
		rule report.Rule
		want string
	}{
		{row, "there is nothing to check"},
		{with(func(r *report.Rule) { r.Check = "amount >" }), `rule "r": check: syntax error`},
		{with(func(r *report.Rule) { r.Check = "sum(amount) > 1" }), "Binder Error"},
		{with(func(r *report.Rule) { r.Check = "CAST(note AS INTEGER) > 1" }), "its words are withheld"},
		{with(func(r *report.Rule) { r.Check = "nothing = 1" }), `"nothing" not found`},
		{with(func(r *report.Rule) { r.Check = "id IN (SELECT id FROM accounts)" }), "in tables named with _extracted"},
		{with(func(r *report.Rule) { r.Unique = []string{"nothing"} }), `has no column "nothing"`},
		{with(func(r *report.Rule) { r.Unique = []string{"id"}; r.KeepFirst = true }), "keep: first needs an order"},
		{with(func(r *report.Rule) { r.Unique = []string{"id"}; r.KeepFirst = true; r.Order = []string{"seq; DROP"} }), "is not a column"},
		{with(func(r *report.Rule) { r.References = &report.Reference{Column: "account", Table: "no", Target: "id"} }), `there is no extract "no"`},
		{with(func(r *report.Rule) { r.On = "no"; r.Check = "TRUE" }), `there is no extract "no"`},
	} {
		w := open(t, engine.Config{})
		def := month(t, w)
		def.Rules = []report.Rule{test.rule}
		_, err := w.Validate(context.Background(), def)
		if err == nil || !strings.Contains(err.Error(), test.want) || !engine.IsPermanent(err) {
			t.Errorf("%+v: got %v, want %q", test.rule, err, test.want)
		}
	}
}

func TestQuarantineIsSorted(t *testing.T) {
	spool := t.TempDir()
	w := open(t, engine.Config{Spool: spool})
	def := month(t, w)
	if _, err := w.Validate(context.Background(), def); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(spool, "quarantine.csv")
	if n, err := w.ExportQuarantine(context.Background(), def.Extract[0], engine.CSV, path); err != nil || n != 7 {
		t.Fatalf("got %d, %v", n, err)
	}
	want := `id,seq,account,amount,note,rules
2,2,10,,no amount,amount-present
3,3,99,0.00,"zero, and an unknown account","amount-present, known-account"
4,4,,5.00,no account,known-account
5,5,20,1.00,twice,unique-id
5,6,20,2.00,twice,unique-id
,7,20,3.00,no number,unique-id
,8,20,4.00,no number,unique-id
`
	if diff := cmp.Diff(strings.ReplaceAll(want, "\n", "\r\n"), read(t, path)); diff != "" {
		t.Error(diff)
	}
}
