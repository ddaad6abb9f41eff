//go:build cgo

package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// The day that an instant falls on in a time zone is dear: the engine asks its calendar for each row, 0.3 µs each time, more than all
// the rest of a dataset by day takes. So where there are many rows, a cast of an instant to a date is written as what the calendar would
// do: add the offset that was then, and cut off the time. The calendar itself tells the offsets of the years around the month, and
// what lies outside of those years is left to it.

// quickDays writes a query of these columns so, that it finds days quickly. ok is false where it has nothing to find, or where it cannot
// be written so; then it is run as it is.
func (w *Workspace) quickDays(ctx context.Context, s *statement, columns []outline) (sql string, ok bool, err error) {
	if !hasDays(s.node) {
		return "", false, nil
	}
	day, err := w.quickDay(ctx)
	if err != nil || day == nil {
		return "", false, err
	}
	if !putDays(s.node, day) {
		return "", false, nil
	}
	// Proof that it is the same query still, whatever the columns are whose types the tree does not tell.
	same, err := w.describe(ctx, s)
	if err != nil || !slices.Equal(same, columns) {
		return "", false, context.Cause(ctx)
	}
	sql, err = w.text(ctx, s)
	return sql, err == nil, err
}

// isDay recognises a column that is cast to a date.
func isDay(n map[string]any) bool {
	child, _ := n["child"].(map[string]any)
	kind, _ := n["cast_type"].(map[string]any)
	return n["class"] == "CAST" && n["try_cast"] == false && kind["id"] == "DATE" && child["class"] == "COLUMN_REF"
}

// hasDays reports whether there is such a cast, outside of subqueries where v is a part of a SELECT.
func hasDays(v any) (found bool) {
	tell := func(n map[string]any) { found = found || isDay(n) }
	if node, _ := v.(map[string]any); node["type"] == "SELECT_NODE" || node["type"] == "SET_OPERATION_NODE" {
		walk(v, tell)
	} else {
		walkExpression(v, tell)
	}
	return found
}

// putDays puts day in the place of each cast of a column to a date, but for SELECTs that name one of their columns after it.
func putDays(v any, day map[string]any) (changed bool) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			changed = putDays(item, day) || changed
		}
	case map[string]any:
		if v["type"] == "SELECT_NODE" && namedAfterDay(v) {
			return false
		}
		if isDay(v) {
			alias := v["alias"]
			written := replaced(day, v["child"]).(map[string]any)
			clear(v)
			maps.Copy(v, written)
			v["alias"] = alias
			return true
		}
		for _, item := range v {
			changed = putDays(item, day) || changed
		}
	}
	return changed
}

// namedAfterDay reports whether a column without a name of its own has a day in it: then its name is how that is written.
func namedAfterDay(node map[string]any) bool {
	list, _ := node["select_list"].([]any)
	return slices.ContainsFunc(list, func(item any) bool {
		m, _ := item.(map[string]any)
		return m["alias"] == "" && hasDays(item)
	})
}

// replaced is a copy of a tree with instant wherever the placeholder stands.
func replaced(v, instant any) any {
	switch v := v.(type) {
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = replaced(item, instant)
		}
		return list
	case map[string]any:
		if names, _ := v["column_names"].([]any); v["class"] == "COLUMN_REF" && len(names) == 1 && name(fmt.Sprint(names[0])) == other {
			return replaced(instant, nil)
		}
		copied := make(map[string]any, len(v))
		for key, item := range v {
			copied[key] = replaced(item, instant)
		}
		return copied
	}
	return v
}

// quickDay is the syntax tree of the day of a placeholder, nil where it cannot be written.
func (w *Workspace) quickDay(ctx context.Context) (map[string]any, error) {
	z, err := w.offsets(ctx)
	if err != nil || z == nil {
		return nil, err
	}
	instant := "CAST(" + other + " AS TIMESTAMPTZ)"
	s, err := w.parseTree(ctx, fmt.Sprintf(`SELECT CASE WHEN typeof(%[1]s) <> '%[4]s' THEN CAST(%[1]s AS DATE)
	WHEN %[2]s THEN CAST(%[3]s AS DATE) ELSE CAST(%[1]s AS DATE) END`, other, z.knows(instant), z.clock(instant), instantType))
	if err != nil {
		return nil, err
	}
	list, _ := s.node["select_list"].([]any)
	if len(list) != 1 {
		return nil, nil
	}
	day, _ := list[0].(map[string]any)
	return day, nil
}
