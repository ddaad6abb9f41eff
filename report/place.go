package report

import (
	"strings"
	"unicode/utf8"
)

// LineCol turns a byte offset into line and column, both from 1, the column in characters.
func LineCol(text string, offset int) (line, col int) {
	before := text[:offset]
	return strings.Count(before, "\n") + 1, utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
}

// Beginning is the byte offset of the first word of an SQL text, behind blanks and comments.
func Beginning(sql string) int {
	at := 0
	for {
		rest := strings.TrimLeft(sql[at:], " \t\r\n")
		at = len(sql) - len(rest)
		var next int
		switch {
		case strings.HasPrefix(rest, "--"):
			next = skipLine(sql, at)
		case strings.HasPrefix(rest, "/*"):
			next = skipComment(sql, at)
		default:
			return at
		}
		at = next
	}
}
