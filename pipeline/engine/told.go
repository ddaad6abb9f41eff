//go:build cgo

package engine

import (
	"context"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/duckdb/duckdb-go/v2"
	"golang.org/x/text/width"

	"github.com/monthend/monthend/report"
)

// told is what a mistake in a text is, in one line, and where in the text: line and column from 1, the column in characters, both 0
// where it is not known.
func told(ctx context.Context, err error, sql string) (line, col int, message string) {
	var ours *syntaxError
	if errors.As(err, &ours) {
		if ours.offset >= 0 && ours.offset <= len(sql) {
			line, col = report.LineCol(sql, ours.offset)
		}
		return line, col, lower(ours.text)
	}
	var theirs *duckdb.Error
	if !errors.As(err, &theirs) {
		return 0, 0, err.Error()
	}
	line, col = placeIn(theirs.Msg, sql)
	if !speaking[theirs.Type] {
		return line, col, redact(ctx, err).Error()
	}
	first, rest, _ := strings.Cut(theirs.Msg, "\n")
	if kind, words, found := strings.Cut(first, " Error: "); found && !strings.Contains(kind, " ") {
		first = words
	}
	message = lower(strings.TrimRight(first, "!."))
	if strings.HasPrefix(message, "referenced column ") && quotedAt(sql, line, col) {
		return line, col, message + "; a text stands in single quotes, and a name in double ones"
	}
	return line, col, message + hint(first, rest)
}

// quotedAt reports whether a double quote stands at a place.
func quotedAt(sql string, line, col int) bool {
	lines := strings.Split(sql, "\n")
	if line < 1 || line > len(lines) {
		return false
	}
	characters := []rune(lines[line-1])
	return col >= 1 && col <= len(characters) && characters[col-1] == '"'
}

// hint is what the engine thinks was meant.
func hint(first, rest string) string {
	second, _, _ := strings.Cut(rest, "\n")
	list, isList := strings.CutPrefix(second, "Candidate bindings: ")
	if !isList {
		_, list, _ = strings.Cut(strings.TrimSuffix(second, "?"), "Did you mean ")
	}
	var names []string
	for _, quoted := range strings.Split(list, ", ") {
		name := strings.Trim(quoted, `"`)
		if name != "" && !strings.Contains(name, ruleSchema+".") && !strings.Contains(name, "#") {
			names = append(names, name)
		}
	}
	_, after, _ := strings.Cut(first, `"`)
	wrong, _, _ := strings.Cut(after, `"`)
	if near := report.DidYouMean(wrong, names); near != "" || len(names) == 0 || !isList {
		return near
	}
	return "; there are " + strings.Join(names, ", ")
}

var lineMark = regexp.MustCompile(`(?m)^LINE ([0-9]+): (.*)\n( *)\^`)

// placeIn reads the place that DuckDB draws below a message: a piece of the line, and a caret.
func placeIn(message, sql string) (line, col int) {
	m := lineMark.FindStringSubmatch(message)
	if m == nil {
		return 0, 0
	}
	line, err := strconv.Atoi(m[1])
	lines := strings.Split(sql, "\n")
	if err != nil || line < 1 || line > len(lines) {
		return 0, 0
	}
	left := len(m[3]) - len("LINE : ") - len(m[1]) // of the caret, in cells of a terminal
	before := 0                                    // characters of the piece left of the caret
	for _, r := range m[2] {
		if left -= cells(r); left < 0 {
			break
		}
		before++
	}
	piece, start := m[2], 0
	if cut, found := strings.CutPrefix(piece, "..."); found {
		piece, before = cut, before-len("...")
	}
	piece = strings.TrimSuffix(piece, "...")
	if i := strings.Index(lines[line-1], piece); i > 0 {
		start = utf8.RuneCountInString(lines[line-1][:i])
	}
	return line, max(1, start+before+1)
}

// cells is how wide a character is drawn.
func cells(r rune) int {
	if k := width.LookupRune(r).Kind(); k == width.EastAsianWide || k == width.EastAsianFullwidth {
		return 2
	}
	return 1
}

// lower begins a message in lower case, unless it begins with a name or an abbreviation.
func lower(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	second, _ := utf8.DecodeRuneInString(s[size:])
	if unicode.IsUpper(first) && !unicode.IsUpper(second) {
		return string(unicode.ToLower(first)) + s[size:]
	}
	return s
}

// item is the byte offset of item i of the select list, -1 where it is not known which column comes from where.
func (s *statement) item(i, columns int) int {
	list, _ := s.node["select_list"].([]any)
	if len(list) != columns || i >= len(list) {
		return -1
	}
	item, _ := list[i].(map[string]any)
	return location(item)
}
