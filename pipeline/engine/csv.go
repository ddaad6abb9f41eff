//go:build cgo

package engine

import (
	"fmt"
	"strings"
)

// formulaStarts are the first characters that make a spreadsheet read a text as a formula, the full-width forms of = + - @
// among them.
var formulaStarts = []rune{'=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'}

// csvExpression is how a column is written in CSV; guarded texts cannot be taken for formulas.
func csvExpression(c exported, guarded bool) string {
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
		starts := make([]string, len(formulaStarts))
		for i, r := range formulaStarts {
			starts[i] = fmt.Sprintf("chr(%d)", r)
		}
		return fmt.Sprintf("CASE WHEN left(ltrim(%s, ' '), 1) IN (%s) THEN '''' || %s ELSE %s END", column, strings.Join(starts, ", "), column, column)
	case "TIMESTAMP":
		return fmt.Sprintf("strftime(%s, '%%Y-%%m-%%dT%%H:%%M:%%S.%%f')", column)
	case "TIMESTAMP WITH TIME ZONE":
		// %z leaves out the minutes of a whole hour. The engine writes the time once, however often it is named here.
		at := fmt.Sprintf("strftime(%s, '%%Y-%%m-%%dT%%H:%%M:%%S.%%f%%z')", column)
		finite := fmt.Sprintf("CASE WHEN left(right(%s, 3), 1) IN ('+', '-') THEN %s || ':00' ELSE %s END", at, at, at)
		return fmt.Sprintf("CASE WHEN isfinite(%s) THEN %s ELSE CAST(%s AS VARCHAR) END", column, finite, column)
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
	for _, r := range formulaStarts {
		if strings.HasPrefix(strings.TrimLeft(header, " "), string(r)) {
			return "'" + header
		}
	}
	return header
}
