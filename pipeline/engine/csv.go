//go:build cgo

package engine

import (
	"fmt"
	"strings"
)

// formulaStarts are the first characters that make a spreadsheet read a text as a formula, the full-width forms of = + - @
// among them.
var formulaStarts = []rune{'=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'}

// csvExpression is how a column is written in CSV.
func csvExpression(c exported) string {
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
		starts := make([]string, len(formulaStarts))
		for i, r := range formulaStarts {
			starts[i] = fmt.Sprintf("chr(%d)", r)
		}
		return fmt.Sprintf("CASE WHEN left(%s, 1) IN (%s) THEN '''' || %s ELSE %s END", column, strings.Join(starts, ", "), column, column)
	case "TIMESTAMP":
		return fmt.Sprintf("strftime(%s, '%%Y-%%m-%%dT%%H:%%M:%%S.%%f')", column)
	case "TIMESTAMP WITH TIME ZONE":
		// %z leaves out the minutes of a whole hour.
		offset := fmt.Sprintf(`regexp_replace(strftime(%s, '%%z'), '^([+-]\d\d)$', '\1:00')`, column)
		finite := fmt.Sprintf("strftime(%s, '%%Y-%%m-%%dT%%H:%%M:%%S.%%f') || %s", column, offset)
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
		if strings.HasPrefix(header, string(r)) {
			return "'" + header
		}
	}
	return header
}
