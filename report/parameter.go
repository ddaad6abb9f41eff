package report

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ParameterNames are the parameters that an extract query may use; they are bound, never pasted.
var ParameterNames = [...]string{"period_start", "period_end", "period_first", "period_next", "tenant"}

// Parameter is one use of @name in a query. Offset counts bytes from 0 and stands on the '@'; Line and Col count from 1,
// Col in characters.
type Parameter struct {
	Name   string
	Offset int
	Line   int
	Col    int
	Glued  bool // an operator stands right before it and swallows the '@': a mistake
}

// Parameters finds every @name in a text of PostgreSQL's or DuckDB's SQL, in order. What stands in a string, a quoted
// identifier, a dollar-quoted text or a comment is no parameter, nor is an '@' that belongs to an operator such as <@, unless the
// name is one of ParameterNames: then >=@period_start was meant.
func Parameters(sql string) []Parameter {
	var out []Parameter
	for i := 0; i < len(sql); {
		switch c := sql[i]; {
		case c == '\'':
			i = skipQuoted(sql, i, escapes(sql, i))
		case c == '"':
			i = skipQuoted(sql, i, false)
		case c == '$':
			i = skipDollar(sql, i)
		case strings.HasPrefix(sql[i:], "--"):
			i = skipLine(sql, i)
		case strings.HasPrefix(sql[i:], "/*"):
			i = skipComment(sql, i)
		case c == '@':
			end := wordEnd(sql, i+1)
			name := sql[i+1 : end]
			glued := i > 0 && strings.ContainsRune("+-*/<>=~!@#%^&|`?", rune(sql[i-1]))
			if name != "" && (!glued || slices.Contains(ParameterNames[:], name)) {
				line, col := LineCol(sql, i)
				out = append(out, Parameter{Name: name, Offset: i, Line: line, Col: col, Glued: glued})
			}
			i = end
		default:
			i++
		}
	}
	return out
}

// escapes reports whether the quote at i opens an E'…' string, in which a backslash escapes.
func escapes(sql string, i int) bool {
	if i == 0 || (sql[i-1] != 'e' && sql[i-1] != 'E') {
		return false
	}
	before, _ := utf8.DecodeLastRuneInString(sql[:i-1])
	return i == 1 || !wordRune(before)
}

// skipQuoted goes past the closing quote; a doubled quote does not close.
func skipQuoted(sql string, i int, backslash bool) int {
	quote := sql[i]
	for i++; i < len(sql); i++ {
		switch {
		case backslash && sql[i] == '\\':
			i++
		case sql[i] == quote && i+1 < len(sql) && sql[i+1] == quote:
			i++
		case sql[i] == quote:
			return i + 1
		}
	}
	return len(sql)
}

// skipDollar goes past $tag$…$tag$, or past the '$' where no such text opens.
func skipDollar(sql string, i int) int {
	before, _ := utf8.DecodeLastRuneInString(sql[:i])
	end := wordEnd(sql, i+1)
	tag := sql[i+1 : end]
	opens := end < len(sql) && sql[end] == '$' && (tag == "" || !(tag[0] >= '0' && tag[0] <= '9'))
	if !opens || (i > 0 && wordRune(before)) {
		return i + 1
	}
	mark := sql[i : end+1]
	if closing := strings.Index(sql[end+1:], mark); closing >= 0 {
		return end + 1 + closing + len(mark)
	}
	return len(sql)
}

func skipLine(sql string, i int) int {
	if end := strings.IndexAny(sql[i:], "\r\n"); end >= 0 {
		return i + end
	}
	return len(sql)
}

// skipComment goes past a block comment; they nest.
func skipComment(sql string, i int) int {
	depth := 0
	for i < len(sql) {
		switch {
		case strings.HasPrefix(sql[i:], "/*"):
			depth++
			i += 2
		case strings.HasPrefix(sql[i:], "*/"):
			depth--
			i += 2
			if depth == 0 {
				return i
			}
		default:
			i++
		}
	}
	return i
}

// wordEnd is the end of the identifier that begins at i; i itself where none does.
func wordEnd(sql string, i int) int {
	for i < len(sql) {
		r, size := utf8.DecodeRuneInString(sql[i:])
		if !wordRune(r) {
			break
		}
		i += size
	}
	return i
}

func wordRune(r rune) bool {
	return r == '_' || (r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r)))
}
