//go:build cgo

package engine

import (
	"fmt"
	"regexp"
	"strings"
)

// formulaPattern is how a text begins that a spreadsheet reads as a formula: after any spaces, which some drop, one of = + - @,
// the full-width forms among them, a tab or a line end.
const formulaPattern = `^ *[=+@\t\r\n＝＋－＠-]`

var formula = regexp.MustCompile(formulaPattern)

// instantType is DuckDB's own name of timestamptz.
const instantType = "TIMESTAMP WITH TIME ZONE"

// csvExpression is how a column is written in CSV; guarded texts cannot be taken for formulas. z is what is known of the time zone, nil
// for nothing.
func csvExpression(c exported, guarded bool, z *zone) string {
	column := name(c.name)
	ddl, digits, _ := strings.Cut(strings.TrimSuffix(c.ddl, ")"), "(")
	if width, scale, _ := strings.Cut(digits, ","); width != scale {
		ddl = c.ddl // a decimal with digits before its point is written as it should be
	}
	switch ddl {
	case "INTERVAL":
		column = "CAST(" + column + " AS VARCHAR)"
		fallthrough
	case "VARCHAR":
		if !guarded {
			return column
		}
		return fmt.Sprintf("CASE WHEN regexp_matches(%s, '%s') THEN '''' || %s ELSE %s END", column, formulaPattern, column, column)
	case "TIMESTAMP":
		return fmt.Sprintf("strftime(%s, '%%Y-%%m-%%dT%%H:%%M:%%S.%%f')", column)
	case instantType:
		// %z leaves out the minutes of a whole hour; infinity has none. The engine works out a term once that is repeated in one
		// CASE, and again in each one nested.
		at := fmt.Sprintf("strftime(%s, '%%Y-%%m-%%dT%%H:%%M:%%S.%%f%%z')", column)
		asked := fmt.Sprintf("CASE WHEN left(right(%s, 3), 1) IN ('+', '-') THEN %s || ':00' ELSE %s END", at, at, at)
		if z == nil {
			return asked
		}
		return fmt.Sprintf("CASE WHEN %s THEN strftime(%s, '%%Y-%%m-%%dT%%H:%%M:%%S.%%f') || %s ELSE %s END",
			z.knows(column), z.clock(column), z.suffix(column), asked)
	case "DECIMAL":
		// The engine leaves out the zero before the point where all digits are decimals.
		return fmt.Sprintf(`regexp_replace(CAST(%s AS VARCHAR), '^(-?)\.', '\10.')`, column)
	case "BLOB":
		return fmt.Sprintf(`'\x' || lower(hex(%s))`, column)
	}
	return column
}

// plain guards a header as csvExpression guards a text.
func plain(header string) string {
	if formula.MatchString(header) {
		return "'" + header
	}
	return header
}
