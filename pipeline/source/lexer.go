package source

import (
	"errors"
	"strings"
)

// tokenKind is what bind needs to know about a piece of SQL.
type tokenKind int

const (
	tokenEnd        tokenKind = iota
	tokenOther                // anything that is copied as it stands
	tokenParameter            // @name
	tokenPositional           // $1
	tokenGlued                // an operator that swallows the @ of a known parameter, as in >=@period_start
)

type token struct {
	kind  tokenKind
	text  string
	start int // byte offset
}

// lexer cuts PostgreSQL's SQL at the places where an @ or a $ may not be what it looks like: strings, quoted names, dollar
// quotes, comments and operators. It follows PostgreSQL's own scanner with standard_conforming_strings on.
type lexer struct {
	sql string
	pos int
}

// next returns the next token; the tokens of a text, joined, are the text.
func (l *lexer) next() (token, error) {
	start := l.pos
	if start == len(l.sql) {
		return token{kind: tokenEnd, start: start}, nil
	}
	kind, err := l.scan()
	return token{kind: kind, text: l.sql[start:l.pos], start: start}, err
}

func (l *lexer) scan() (tokenKind, error) {
	rest := l.sql[l.pos:]
	c := rest[0]
	switch {
	case strings.HasPrefix(rest, "--"):
		end := strings.IndexAny(rest, "\r\n")
		if end < 0 {
			end = len(rest)
		}
		l.pos += end
	case strings.HasPrefix(rest, "/*"):
		return tokenOther, l.comment()
	case c == '\'':
		return tokenOther, l.quoted('\'', false)
	case (c == 'e' || c == 'E') && len(rest) > 1 && rest[1] == '\'':
		l.pos++
		return tokenOther, l.quoted('\'', true)
	case c == '"':
		return tokenOther, l.quoted('"', false)
	case c == '$':
		return l.dollar()
	case isIdentifierStart(c):
		l.pos += identifierLength(rest)
	case isDigit(c):
		// A number takes the letters and dollars behind it, so that 1$2 holds no parameter.
		l.pos += identifierLength(rest)
	case strings.IndexByte(operatorBytes, c) >= 0:
		return l.operator(), nil
	default:
		l.pos++
	}
	return tokenOther, nil
}

const operatorBytes = "+-*/<>=~!@#%^&|`?"

// operator takes the longest run of operator characters, as PostgreSQL does; a comment ends it. A lone @ before a name is a
// parameter: who wants the absolute value writes abs(x), or a space between.
func (l *lexer) operator() tokenKind {
	rest := l.sql[l.pos:]
	n := 0
	for n < len(rest) && strings.IndexByte(operatorBytes, rest[n]) >= 0 {
		if n > 0 && (strings.HasPrefix(rest[n:], "--") || strings.HasPrefix(rest[n:], "/*")) {
			break
		}
		n++
	}
	l.pos += n
	if rest[n-1] != '@' || n == len(rest) || !isIdentifierStart(rest[n]) {
		return tokenOther
	}
	length := identifierLength(rest[n:])
	if n == 1 {
		l.pos += length
		return tokenParameter
	}
	if _, known := lookUp(rest[n : n+length]); known {
		l.pos += length
		return tokenGlued
	}
	return tokenOther
}

// quoted takes a string or a quoted name; the quote is written twice inside, and with escapes also after a backslash. An E
// string goes on in a next literal that only blanks with a line break part from it, and there backslashes still escape.
func (l *lexer) quoted(quote byte, escapes bool) error {
	l.pos++
	for l.pos < len(l.sql) {
		c := l.sql[l.pos]
		l.pos++
		switch {
		case escapes && c == '\\' && l.pos < len(l.sql):
			l.pos++
		case c == quote && l.pos < len(l.sql) && l.sql[l.pos] == quote:
			l.pos++
		case c == quote:
			if !escapes || !l.continued() {
				return nil
			}
		}
	}
	return errors.New("a quote has no end")
}

// continued moves behind the quote of a continuing literal, if there is one.
func (l *lexer) continued() bool {
	rest := l.sql[l.pos:]
	blanks := len(rest) - len(strings.TrimLeft(rest, " \t\n\r\f\v"))
	if blanks == len(rest) || rest[blanks] != '\'' || !strings.ContainsAny(rest[:blanks], "\n\r") {
		return false
	}
	l.pos += blanks + 1
	return true
}

// comment takes a comment with the comments inside it.
func (l *lexer) comment() error {
	depth := 0
	for l.pos < len(l.sql) {
		switch rest := l.sql[l.pos:]; {
		case strings.HasPrefix(rest, "/*"):
			depth++
			l.pos += 2
		case strings.HasPrefix(rest, "*/"):
			depth--
			l.pos += 2
			if depth == 0 {
				return nil
			}
		default:
			l.pos++
		}
	}
	return errors.New("a comment has no end")
}

// dollar takes $1, a whole $tag$…$tag$, or a lone dollar.
func (l *lexer) dollar() (tokenKind, error) {
	rest := l.sql[l.pos:]
	n := 1
	for n < len(rest) && isDigit(rest[n]) {
		n++
	}
	if n > 1 {
		l.pos += n
		return tokenPositional, nil
	}
	for n < len(rest) && rest[n] != '$' && isIdentifier(rest[n]) {
		n++
	}
	if n == len(rest) || rest[n] != '$' {
		l.pos++
		return tokenOther, nil
	}
	tag := rest[:n+1]
	end := strings.Index(rest[len(tag):], tag)
	if end < 0 {
		l.pos = len(l.sql)
		return tokenOther, errors.New("a dollar quote has no end")
	}
	l.pos += len(tag) + end + len(tag)
	return tokenOther, nil
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// isIdentifierStart counts every byte beyond ASCII as a letter, as PostgreSQL does.
func isIdentifierStart(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

func isIdentifier(c byte) bool { return isIdentifierStart(c) || isDigit(c) || c == '$' }

func identifierLength(s string) int {
	n := 0
	for n < len(s) && isIdentifier(s[n]) {
		n++
	}
	return n
}
