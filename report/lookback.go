package report

import "strings"

// Lookback is one use of another month's dataset, such as previous.summary, in a query; Line and Col count from 1.
type Lookback struct {
	Month   string // Previous or YearAgo
	Dataset string
	Line    int
	Col     int
	table   bool // it follows FROM or JOIN, so it is no column of a table that is called previous
}

// Lookbacks finds the other months' datasets that a query names, in its order. It reads the text and not its meaning: a column of a
// table called previous looks the same, and is told apart by its name being no dataset's.
func (q DatasetQuery) Lookbacks() []Lookback {
	var out []Lookback
	words := sqlWords(q.SQL)
	for i, w := range words {
		if i+2 >= len(words) || monthsBack[w.text] == 0 || words[i+1].text != "." || !words[i+2].name || (i > 0 && words[i-1].text == ".") {
			continue
		}
		line, col := LineCol(q.SQL, w.offset)
		before := func(n int, text string) bool { return i >= n && words[i-n].text == text && !words[i-n].quoted }
		out = append(out, Lookback{
			Month: w.text, Dataset: words[i+2].text, Line: line, Col: col,
			table: before(1, "join") || (before(1, "from") && !before(2, "distinct") && w.selects),
		})
	}
	return out
}

// sqlWord is a name or a single sign of a query.
type sqlWord struct {
	text    string // of a name in lower case, without quotes
	offset  int
	name    bool
	quoted  bool
	selects bool // a SELECT stands before it between the same parentheses
}

// sqlWords takes a query apart, without its strings and comments.
func sqlWords(sql string) []sqlWord {
	var out []sqlWord
	selects := []bool{false} // by depth of parentheses
	add := func(w sqlWord) {
		w.selects = selects[len(selects)-1]
		out = append(out, w)
	}
	for i := 0; i < len(sql); {
		switch c := sql[i]; {
		case c == '\'':
			i = skipQuoted(sql, i, escapes(sql, i))
		case c == '$':
			i = skipDollar(sql, i)
		case strings.HasPrefix(sql[i:], "--"):
			i = skipLine(sql, i)
		case strings.HasPrefix(sql[i:], "/*"):
			i = skipComment(sql, i)
		case c == '"':
			end := skipQuoted(sql, i, false)
			text := strings.TrimSuffix(sql[i+1:end], `"`)
			add(sqlWord{text: strings.ToLower(strings.ReplaceAll(text, `""`, `"`)), offset: i, name: true, quoted: true})
			i = end
		case wordEnd(sql, i) > i:
			end := wordEnd(sql, i)
			text := strings.ToLower(sql[i:end])
			add(sqlWord{text: text, offset: i, name: true})
			if text == "select" {
				selects[len(selects)-1] = true
			}
			i = end
		default:
			switch {
			case c == '(':
				selects = append(selects, false)
			case c == ')' && len(selects) > 1:
				selects = selects[:len(selects)-1]
			}
			if c > ' ' {
				add(sqlWord{text: sql[i : i+1], offset: i})
			}
			i++
		}
	}
	return out
}
