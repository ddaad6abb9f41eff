//go:build cgo

package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/monthend/monthend/report"
)

// Validate runs the rules of def over its loaded extracts and then makes, for each extract t, the view t of valid rows and the
// table t_quarantine of rows that broke a reject rule. Broken rules and a shut gate are no error: they are in the answer.
//
// Row rules see t_extracted only, in the order of the definition, never one another's verdict; rules on a whole extract run last,
// and asserts see t_extracted, t and t_quarantine. A row passes a check only when it is TRUE; NULLs are equal to unique, and nowhere to
// references; an assert passes when |expected - actual| ≤ tolerance, and NULL on either side breaks it.
func (w *Workspace) Validate(ctx context.Context, def report.Definition) (v report.Validation, err error) {
	defer w.note(&err)
	v, err = w.validate(ctx, def)
	if err != nil {
		return report.Validation{}, fmt.Errorf("validate: %w", blame(ctx, err))
	}
	return v, nil
}

func (w *Workspace) validate(ctx context.Context, def report.Definition) (report.Validation, error) {
	var v report.Validation
	if w.checked {
		return v, errors.New("it was done before")
	}
	for _, e := range def.Extract {
		if err := w.prepareExtract(ctx, e, def.Rules); err != nil {
			return v, fmt.Errorf("extract %q: %w", e.Name, err)
		}
	}
	shown, err := w.bindShown(def)
	if err != nil {
		return v, err
	}
	v.Rules = make([]report.RuleResult, len(def.Rules))
	for i, r := range def.Rules {
		if !onRows(r) {
			continue
		}
		result, err := w.rowRule(ctx, def, i, shown[r.On])
		if err != nil {
			return v, fmt.Errorf("rule %q: %w", r.Name, err)
		}
		v.Rules[i] = result
	}
	for _, e := range def.Extract {
		count, err := w.separate(ctx, e.Name, def.Rules)
		if err != nil {
			return v, fmt.Errorf("extract %q: %w", e.Name, err)
		}
		v.Tables = append(v.Tables, count)
	}
	for i, r := range def.Rules {
		if onRows(r) {
			continue
		}
		result, err := w.wholeRule(ctx, r)
		if err != nil {
			return v, fmt.Errorf("rule %q: %w", r.Name, err)
		}
		v.Rules[i] = result
	}
	gate, err := w.gate(ctx, def.Gate, v.Tables)
	if err != nil {
		return v, fmt.Errorf("gate: %w", err)
	}
	v.Gate, v.Failed = gate, gate.Shut
	for _, r := range v.Rules {
		v.Failed = v.Failed || (r.Severity == report.Fail && r.Broken > 0)
	}
	w.checked = true
	return v, nil
}

// prepareExtract makes the table of broken rules, rule.t(id, rule): a row's id and the place of the rule in the definition.
func (w *Workspace) prepareExtract(ctx context.Context, e report.Extract, rules []report.Rule) error {
	loaded, found := w.extracts[e.Name]
	if !found {
		return errors.New("it is not loaded")
	}
	if err := w.haveColumns(e.Name, e.Key...); err != nil {
		return fmt.Errorf("key: %w", err)
	}
	loaded.key = e.Key
	w.extracts[e.Name] = loaded
	rejects := false
	for _, r := range rules {
		rejects = rejects || (r.On == e.Name && r.Severity == report.Reject)
	}
	if rejects && w.haveColumns(e.Name, rulesColumn) == nil {
		return fmt.Errorf("column %q has the name of the column that quarantine adds; rename it with AS", rulesColumn)
	}
	_, err := w.exec(ctx, "CREATE TABLE "+brokenTable(e.Name)+" (id BIGINT, rule INTEGER)")
	return err
}

func brokenTable(table string) string { return name(ruleSchema) + "." + name(table) }

// rowRule runs rule i and notes the rows that break it.
func (w *Workspace) rowRule(ctx context.Context, def report.Definition, i int, shown []string) (report.RuleResult, error) {
	r := def.Rules[i]
	result := report.RuleResult{Rule: r.Name, On: r.On, Severity: r.Severity}
	var key []string
	for _, e := range def.Extract {
		if e.Name == r.On {
			key = e.Key
		}
	}
	if _, loaded := w.extracts[r.On]; !loaded {
		return result, fmt.Errorf("there is no extract %q", r.On)
	}
	scan, err := w.scanOf(ctx, r)
	if err != nil {
		return result, err
	}
	insert := fmt.Sprintf("INSERT INTO %s SELECT id, %d FROM (%s\n) AS %s(id)", brokenTable(r.On), i, scan, other)
	if result.Broken, err = w.exec(ctx, insert); err != nil {
		var e *Error
		if errors.As(err, &e) && e.kind == duckdb.ErrorTypeCatalog {
			err = fmt.Errorf("%w; a row rule sees extracted rows only, in tables named with %s", err, extractedSuffix)
		}
		return result, err
	}
	err = w.offending(ctx, key, shown, i, &result)
	return result, err
}
