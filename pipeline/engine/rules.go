//go:build cgo

package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/monthend/monthend/report"
)

// ruleSchema holds, for each extract, which rows broke which rule. No SQL of a definition can read it.
const ruleSchema = "rule"

// A row rule becomes one thin scan: it reads only the columns the rule names and yields only row ids. One wide pass over all
// rules would drag every column through every join, several times slower and with several times the spill.

// scanOf compiles a row rule to a SELECT of the ids of the rows that break it.
func (w *Workspace) scanOf(ctx context.Context, r report.Rule) (string, error) {
	switch {
	case r.Check != "":
		return w.checkScan(ctx, r)
	case len(r.Unique) > 0:
		return w.uniqueScan(ctx, r)
	case r.References != nil:
		return w.referenceScan(r)
	}
	return "", errors.New("there is nothing to check")
}

// other is the alias of the second table of a join; no extract can have that name.
const other = `"#"`

// source is the extracted rows, with their row ids, under the extract's own name, so that a check may qualify its columns.
func (w *Workspace) source(table string) string {
	from := name(table + extractedSuffix)
	if w.extracts[table].coded {
		from = rowsView(table)
	}
	return from + " AS " + name(table)
}

// checkScan keeps the rows for which the condition is FALSE or NULL. That the text is one expression is seen from the
// whole statement's tree: whatever closes the parenthesis early leaves something behind.
func (w *Workspace) checkScan(ctx context.Context, r report.Rule) (string, error) {
	s, err := w.parse(ctx, "", "SELECT (\n"+r.Check+"\n) FROM "+name(r.On+extractedSuffix)+" AS "+name(r.On))
	if err != nil {
		return "", fmt.Errorf("check: %w", err)
	}
	// Nor may it close the parentheses and open others: "a) OR (b" would be negated in part.
	if _, err := w.parseTree(ctx, "SELECT\n"+r.Check); err != nil {
		return "", errors.New("check: it is not one condition")
	}
	list, _ := s.node["select_list"].([]any)
	from, _ := s.node["from_table"].(map[string]any)
	if len(list) != 1 || from["table_name"] != r.On+extractedSuffix || hasClause(s.node) {
		return "", errors.New("check: it is not one condition")
	}
	return fmt.Sprintf("SELECT %s.rowid FROM %s WHERE (\n%s\n) IS NOT TRUE", name(r.On), w.source(r.On), r.Check), nil
}

func hasClause(node map[string]any) bool {
	empty := func(key string) bool { list, _ := node[key].([]any); return len(list) == 0 }
	return !empty("modifiers") || !empty("group_expressions") ||
		node["where_clause"] != nil || node["having"] != nil || node["qualify"] != nil
}

// referenceScan keeps the rows whose value is not there. NULL is nowhere, so it breaks the rule.
func (w *Workspace) referenceScan(r report.Rule) (string, error) {
	ref := *r.References
	if err := w.haveColumns(r.On, ref.Column); err != nil {
		return "", err
	}
	if _, loaded := w.extracts[ref.Table]; !loaded {
		return "", fmt.Errorf("references: there is no extract %q", ref.Table)
	}
	if err := w.haveColumns(ref.Table, ref.Target); err != nil {
		return "", err
	}
	return fmt.Sprintf("SELECT %s.rowid FROM %s ANTI JOIN %s AS %s ON %s.%s = %s.%s",
		name(r.On), w.source(r.On), name(ref.Table+extractedSuffix), other, name(r.On), name(ref.Column), other, name(ref.Target)), nil
}

func (w *Workspace) haveColumns(table string, columns ...string) error {
	for _, c := range columns {
		same := func(have string) bool { return strings.EqualFold(have, c) }
		if !slices.ContainsFunc(w.extracts[table].columns, same) {
			return fmt.Errorf("extract %q has no column %q", table, c)
		}
	}
	return nil
}
