//go:build cgo

package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// placed are window functions whose answer depends on the place of a row among those that tie in the window's ORDER BY.
var placed = []string{"row_number", "ntile", "lag", "lead", "first_value", "last_value", "nth_value", "first", "last", "fill"}

// sensitive reports whether a window's answer depends on the order of rows that tie: by what it computes, or because its frame
// counts rows.
func sensitive(window map[string]any) bool {
	called, _ := window["function_name"].(string)
	start, _ := window["start"].(string)
	end, _ := window["end"].(string)
	if strings.HasSuffix(start, "_ROWS") || strings.HasSuffix(end, "_ROWS") {
		return true
	}
	arguments, _ := window["arg_orders"].([]any) // an ORDER BY of its own, inside
	called = strings.ToLower(called)
	return len(arguments) == 0 && (slices.Contains(placed, called) || slices.Contains(unordered, called))
}

// cuts reports whether a SELECT keeps some of its rows by their order, and where that is said.
func cuts(node map[string]any) (offset int, yes bool) {
	modifiers, _ := node["modifiers"].([]any)
	for _, m := range modifiers {
		modifier, _ := m.(map[string]any)
		targets, _ := modifier["distinct_on_targets"].([]any)
		switch {
		case modifier["type"] == "LIMIT_MODIFIER" || modifier["type"] == "LIMIT_PERCENT_MODIFIER":
			limit, _ := modifier["limit"].(map[string]any)
			return location(limit), true
		case len(targets) > 0:
			target, _ := targets[0].(map[string]any)
			return location(target), true
		}
	}
	return -1, false
}

// stable writes a statement out with its ties broken. One whose ties cannot be broken is refused: it would give another answer
// each time.
func (w *Workspace) stable(ctx context.Context, s *statement) (string, error) {
	if !s.breakTies() {
		return w.text(ctx, s)
	}
	if _, err := w.describe(ctx, s); err != nil {
		if context.Cause(ctx) != nil {
			return "", err
		}
		return "", fmt.Errorf("rows that tie in an ORDER BY cannot be told apart here, and would give another answer each time; "+
			"give the tables names, or order where they are selected (%w)", err)
	}
	return w.text(ctx, s)
}

// breakTies gives every place where the order of rows counts an order without ties, so that equal rows give equal answers: terms
// are added to the ORDER BY of aggregates, of windows, and of inner queries that are cut. Rows that tie in all of them look the
// same. It reports whether it has changed anything.
func (s *statement) breakTies() bool {
	changed, inner := false, false
	walk(s.node, func(n map[string]any) {
		switch {
		case n["class"] == "FUNCTION" && hasOrder(n):
			by, _ := n["order_bys"].(map[string]any)
			arguments, _ := n["children"].([]any)
			orders, _ := by["orders"].([]any)
			by["orders"] = append(orders, terms(arguments)...)
			changed = true
		case n["type"] == "SELECT_NODE":
			changed = breakWindows(n) || changed
			// The outermost has its order from whoever runs it.
			if _, cut := cuts(n); cut && inner {
				changed = breakCut(n) || changed
			}
		}
		inner = true
	})
	return changed
}

// breakWindows orders the windows of one SELECT, not those of the queries inside it, by whole rows: of its tables or, where they
// are grouped, of its groups.
func breakWindows(node map[string]any) bool {
	changed := false
	for _, part := range []any{node["select_list"], node["qualify"], node["modifiers"]} {
		walkExpression(part, func(n map[string]any) {
			if n["class"] != "WINDOW" || !sensitive(n) {
				return
			}
			orders, _ := n["orders"].([]any)
			more := terms(wholeRow(node))
			n["orders"] = append(orders, more...)
			changed = changed || len(more) > 0
		})
	}
	return changed
}

// walkExpression is walk that stays out of subqueries.
func walkExpression(v any, tell func(map[string]any)) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			walkExpression(item, tell)
		}
	case map[string]any:
		if v["type"] == "SELECT_NODE" || v["type"] == "SET_OPERATION_NODE" {
			return
		}
		tell(v)
		for _, key := range slices.Sorted(maps.Keys(v)) {
			walkExpression(v[key], tell)
		}
	}
}

// wholeRow are expressions that tell two rows of a SELECT apart, before its own ORDER BY.
func wholeRow(node map[string]any) []any {
	groups, _ := node["group_expressions"].([]any)
	list, _ := node["select_list"].([]any)
	if len(groups) == 0 {
		return aliases(node["from_table"])
	}
	var row []any
	for _, g := range groups {
		group, _ := g.(map[string]any)
		if i, isPlace := placeOf(group); isPlace && i >= 1 && i <= len(list) {
			group, _ = list[i-1].(map[string]any)
		}
		row = append(row, group)
	}
	return row
}

// placeOf is the number in GROUP BY 1.
func placeOf(expression map[string]any) (int, bool) {
	if expression["class"] != "CONSTANT" {
		return 0, false
	}
	value, _ := expression["value"].(map[string]any)
	number, _ := value["value"].(json.Number)
	n, err := number.Int64()
	return int(n), err == nil
}

// aliases are the tables of a FROM, each as one value that is its whole row.
func aliases(from any) []any {
	table, _ := from.(map[string]any)
	switch table["type"] {
	case "JOIN":
		return append(aliases(table["left"]), aliases(table["right"])...)
	case "BASE_TABLE", "SUBQUERY", "TABLE_FUNCTION", "EXPRESSION_LIST":
		alias, _ := table["alias"].(string)
		if alias == "" {
			alias, _ = table["table_name"].(string)
		}
		if alias == "" {
			return nil
		}
		return []any{map[string]any{"class": "COLUMN_REF", "type": "COLUMN_REF", "alias": "", "query_location": 0, "column_names": []any{alias}}}
	}
	return nil
}

// breakCut orders a query that is cut by everything that it selects. A star may stand for any number of columns: then by its tables.
func breakCut(node map[string]any) bool {
	s := &statement{node: node}
	modifier, orders := s.orders()
	if modifier == nil || orderedByAll(s) {
		return false
	}
	list, _ := node["select_list"].([]any)
	star := slices.ContainsFunc(list, func(item any) bool { m, _ := item.(map[string]any); return m["class"] == "STAR" })
	if !star {
		s.orderByAll(len(list))
		return true
	}
	more := terms(wholeRow(node))
	modifier["orders"] = append(orders, more...)
	return len(more) > 0
}

// terms are expressions as terms of an ORDER BY, each a copy without its alias.
func terms(expressions []any) []any {
	var list []any
	for _, e := range expressions {
		expression, _ := e.(map[string]any)
		if expression["class"] == "CONSTANT" {
			continue // the engine would take a number for the place of a column
		}
		copied := maps.Clone(expression)
		copied["alias"] = ""
		list = append(list, map[string]any{"type": "ORDER_DEFAULT", "null_order": "ORDER_DEFAULT", "expression": copied})
	}
	return list
}
