package engine_test

import (
	"strings"
	"testing"

	"github.com/monthend/monthend/pipeline/engine"
	"github.com/monthend/monthend/report"
)

func TestExplain(t *testing.T) {
	w := open(t, engine.Config{})
	if _, err := w.Load(t.Context(), "orders", &table{columns: columns("id int64, amount money"), rows: [][]any{{1, nil}, {2, nil}}}); err != nil {
		t.Fatal(err)
	}
	there := report.Rule{Name: "there", On: "orders", Check: "amount IS NOT NULL", Severity: report.Warn}
	total := report.Rule{Name: "total", Assert: "SELECT 1, count(*) FROM orders -- all", Severity: report.Warn, Tolerance: "5"}
	def := report.Definition{Extract: []report.Extract{{Name: "orders", Key: []string{"id"}}}, Rules: []report.Rule{there, total}}
	if _, err := w.Validate(t.Context(), def); err != nil {
		t.Fatal(err)
	}
	for _, r := range def.Rules {
		plan, err := w.ExplainRule(t.Context(), r)
		if err != nil || plan.SQL == "" || len(plan.Steps) == 0 || !strings.Contains(strings.Join(plan.Steps, "\n"), "SCAN") {
			t.Errorf("%s: got %+v, %v", r.Name, plan, err)
		}
	}
	q := report.DatasetQuery{Name: "all", SQL: "SELECT amount, id FROM orders ORDER BY amount"}
	if _, err := w.Dataset(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	plan, err := w.ExplainDataset(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	// Rows that tie are put in order by every column: what a reader of the definition does not see.
	if !strings.Contains(plan.SQL, "ORDER BY amount, 1, 2") {
		t.Errorf("got %q", plan.SQL)
	}
	if steps := strings.Join(plan.Steps, "\n"); !strings.Contains(steps, "ORDER_BY") || strings.Contains(steps, "run.main") {
		t.Errorf("got %q", plan.Steps)
	}
}

// The engine narrows a scan by the least and greatest keys of the other side: values of rows, which a plan must not tell.
func TestExplainHoldsNoValue(t *testing.T) {
	w := open(t, engine.Config{})
	rows := [][]any{{4711, "secret-1"}, {4712, "secret-2"}}
	for _, name := range []string{"orders", "lines"} {
		if _, err := w.Load(t.Context(), name, &table{columns: columns("id int64, word text"), rows: rows}); err != nil {
			t.Fatal(err)
		}
	}
	def := report.Definition{Extract: []report.Extract{{Name: "orders"}, {Name: "lines"}}}
	if _, err := w.Validate(t.Context(), def); err != nil {
		t.Fatal(err)
	}
	q := report.DatasetQuery{Name: "all", SQL: "SELECT o.id, count(*) AS n, max(l.word) AS word FROM orders AS o JOIN lines AS l ON l.id = o.id AND l.word = o.word WHERE o.id > 4711 GROUP BY o.id ORDER BY o.id"}
	if _, err := w.Dataset(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	plan, err := w.ExplainDataset(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	steps := strings.Join(plan.Steps, "\n")
	if strings.Contains(steps, "4712") || strings.Contains(steps, "secret") {
		t.Errorf("the plan holds values:\n%s", steps)
	}
	if !strings.Contains(steps, "4711") {
		t.Errorf("the query's own constant is missing:\n%s", steps)
	}
}

// A condition that closes the parentheses around it would be negated in part.
func TestCheckIsOneCondition(t *testing.T) {
	w := open(t, engine.Config{})
	if err := w.Declare(t.Context(), "orders", columns("id int64, amount money")); err != nil {
		t.Fatal(err)
	}
	def := report.Definition{Extract: []report.Extract{{Name: "orders", Key: []string{"id"}}},
		Rules: []report.Rule{{Name: "two", On: "orders", Check: "amount > 0) OR (TRUE", Severity: report.Reject}}}
	if _, err := w.Validate(t.Context(), def); err == nil || !strings.Contains(err.Error(), "it is not one condition") {
		t.Errorf("got %v", err)
	}
}
