//go:build cgo

package engine

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// tableFunctions are the table functions that SQL of a definition may use: they touch nothing but their arguments.
var tableFunctions = []string{"generate_series", "range", "unnest"}

// unstable are functions whose answer depends on the clock, on chance or on the session: equal input must give equal bytes.
var unstable = []string{
	"current_date", "current_localtime", "current_localtimestamp", "current_setting", "current_time", "current_timestamp",
	"gen_random_uuid", "get_current_time", "get_current_timestamp", "getenv", "getvariable", "localtime", "localtimestamp",
	"approx_quantile", "approx_top_k", "reservoir_quantile", "nextval", "currval", "now", "random", "setseed", "today", "transaction_timestamp", "txid_current", "uuid", "uuidv4", "uuidv7",
}

// unordered are aggregates whose answer depends on the order in which they meet the rows: they keep one of several, put them in a
// row, or add up floats.
var unordered = []string{
	"any_value", "arbitrary", "arg_max", "arg_max_null", "arg_min", "arg_min_null", "argmax", "argmin", "array_agg", "corr", "covar_pop",
	"covar_samp", "favg", "first", "fsum", "geomean", "geometric_mean", "group_concat", "kahan_sum", "kurtosis", "kurtosis_pop", "last",
	"list", "listagg", "mad", "max_by", "min_by", "mode", "product", "regr_avgx", "regr_avgy", "regr_intercept", "regr_r2", "regr_slope",
	"regr_sxx", "regr_sxy", "regr_syy", "sem", "skewness", "stddev", "stddev_pop", "stddev_samp", "string_agg", "sumkahan", "var_pop",
	"var_samp", "variance",
}

// inspect walks a syntax tree and refuses what is no plain, repeatable reading of the workspace's tables. DuckDB's settings
// refuse files, extensions and settings as well; this check says it before anything runs, and it is the only one for tables
// of another schema, for the clock and for chance.
func inspect(v any, schemas ...string) error {
	var err error
	walk(v, func(n map[string]any) {
		if err == nil {
			err = inspectNode(n, schemas)
		}
	})
	return err
}

// walk tells every object of a syntax tree, the outer before the inner ones and always in one order, so that of two mistakes
// the same one is found each time.
func walk(v any, tell func(map[string]any)) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			walk(item, tell)
		}
	case map[string]any:
		tell(v)
		for _, key := range slices.Sorted(maps.Keys(v)) {
			walk(v[key], tell)
		}
	}
}

func inspectNode(n map[string]any, schemas []string) error {
	str := func(key string) string { s, _ := n[key].(string); return s }
	refuse := func(format string, args ...any) error {
		return &syntaxError{text: fmt.Sprintf(format, args...), offset: location(n)}
	}
	if n["sample"] != nil {
		return refuse("a sample is drawn by chance")
	}
	switch str("type") {
	case "SELECT_NODE":
		if offset, cut := cuts(n); cut {
			if modifier, _ := (&statement{node: n}).orders(); modifier == nil {
				return &syntaxError{text: "LIMIT and DISTINCT ON without ORDER BY keep other rows each time", offset: offset}
			}
		}
	case "BASE_TABLE":
		if schema := str("schema_name"); str("catalog_name") != "" || (schema != "" && !slices.Contains(schemas, strings.ToLower(schema))) {
			return refuse("table %q of another schema; here are the extracts' tables only", str("table_name"))
		}
		if strings.ContainsAny(str("table_name"), `./\:*`) {
			return refuse("%q is a file, and files cannot be read", str("table_name"))
		}
	case "TABLE_FUNCTION":
		function, _ := n["function"].(map[string]any)
		called, _ := function["function_name"].(string)
		if !slices.Contains(tableFunctions, strings.ToLower(called)) {
			return refuse("table function %s is not allowed; only %s are", called, strings.Join(tableFunctions, ", "))
		}
	case "SHOW_REF":
		return refuse("only one SELECT is allowed here")
	}
	switch str("class") {
	case "PARAMETER":
		return refuse("a parameter has no value here")
	case "FUNCTION", "WINDOW":
		called := strings.ToLower(str("function_name"))
		if slices.Contains(unstable, called) {
			return refuse("%s() gives another answer each time", called)
		}
		if str("class") == "FUNCTION" && slices.Contains(unordered, called) && !hasOrder(n) {
			return refuse("%s() without ORDER BY inside gives another answer each time", called)
		}
		if orders, _ := n["orders"].([]any); str("class") == "WINDOW" && len(orders) == 0 && sensitive(n) {
			return refuse("%s() over a window without ORDER BY gives another answer each time", called)
		}
	case "COLUMN_REF":
		list, _ := n["column_names"].([]any)
		if len(list) == 0 {
			return nil
		}
		if column, _ := list[len(list)-1].(string); strings.EqualFold(column, "rowid") {
			return refuse("rowid gives another answer each time: rows have no order of their own")
		}
		if len(list) == 1 {
			if column, _ := list[0].(string); strings.HasPrefix(column, "current_") || strings.HasPrefix(column, "local") {
				if slices.Contains(unstable, strings.ToLower(column)) {
					return refuse("%s gives another answer each time", column)
				}
			}
		}
	}
	return nil
}

func hasOrder(function map[string]any) bool {
	by, _ := function["order_bys"].(map[string]any)
	terms, _ := by["orders"].([]any)
	return len(terms) > 0
}

// location is a node's byte offset in the text, -1 when it has none.
func location(n map[string]any) int {
	number, _ := n["query_location"].(json.Number)
	offset, err := number.Int64() // "no location" is 2^64-1, which does not fit
	if err != nil {
		return -1
	}
	return int(offset)
}
