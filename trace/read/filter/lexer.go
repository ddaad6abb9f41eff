package filter

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

type kind int

const (
	tokenEnd    kind = iota
	tokenWord        // fault, annotation.report, AND
	tokenText        // "quoted"
	tokenNumber      // 2.5
	tokenSign        // ( ) { } [ ] , : ! = != < <= > >=
)

// token is one piece of an expression; text is the content of quotes.
type token struct {
	kind       kind
	text       string
	number     float64
	at, length int // in characters
}

// String is how a token is named in an error.
func (t token) String() string {
	switch t.kind {
	case tokenEnd:
		return "the end"
	case tokenText:
		return "a text"
	case tokenNumber:
		return "a number"
	}
	return fmt.Sprintf("%.60q", t.text)
}

// wrong is a mistake at a token.
func (t token) wrong(format string, args ...any) *Error {
	return &Error{At: t.at, Length: max(t.length, 1), Message: fmt.Sprintf(format, args...)}
}

// outside is wrong about what X-Ray may know and this package does not.
func (t token) outside(format string, args ...any) *Error {
	e := t.wrong(format, args...)
	e.Unsupported = true
	return e
}

func isWord(r rune) bool {
	return r == '_' || r == '.' || r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

// lex takes an expression apart; the last token is the end.
func lex(text []rune) ([]token, error) {
	if len(text) > maxLength {
		return nil, &Error{At: maxLength, Length: 1, Message: fmt.Sprintf("the expression has %d characters, more than %d", len(text), maxLength)}
	}
	var tokens []token
	for at := 0; at < len(text); {
		if unicode.IsSpace(text[at]) {
			at++
			continue
		}
		t, err := next(text, at)
		if err != nil {
			return nil, err
		}
		tokens = append(tokens, t)
		at += t.length
	}
	return append(tokens, token{kind: tokenEnd, at: len(text)}), nil
}

// next reads the token that begins at a character that is not blank.
func next(text []rune, at int) (token, error) {
	r := text[at]
	switch {
	case r == '"':
		return quoted(text, at)
	case unicode.IsDigit(r) && r < unicode.MaxASCII, r == '-' || r == '.':
		return number(text, at)
	case isWord(r):
		end := at
		for end < len(text) && isWord(text[end]) {
			end++
		}
		return token{kind: tokenWord, text: string(text[at:end]), at: at, length: end - at}, nil
	case strings.ContainsRune("!<>", r) && at+1 < len(text) && text[at+1] == '=':
		return token{kind: tokenSign, text: string(text[at : at+2]), at: at, length: 2}, nil
	case strings.ContainsRune("(){}[],:!=<>", r):
		return token{kind: tokenSign, text: string(r), at: at, length: 1}, nil
	case r == '\'' || r == '“' || r == '”' || r == '„':
		return token{}, &Error{At: at, Length: 1, Message: `a text stands in " quotes`}
	}
	return token{}, &Error{At: at, Length: 1, Message: fmt.Sprintf("%q has no meaning here", r)}
}

// quoted reads a text in double quotes, in which \" and \\ stand for the two characters.
func quoted(text []rune, at int) (token, error) {
	var b strings.Builder
	for i := at + 1; i < len(text); i++ {
		switch r := text[i]; {
		case r == '"':
			return token{kind: tokenText, text: b.String(), at: at, length: i + 1 - at}, nil
		case r == '\\' && i+1 < len(text) && (text[i+1] == '"' || text[i+1] == '\\'):
			i++
			b.WriteRune(text[i])
		default:
			b.WriteRune(r)
		}
	}
	return token{}, &Error{At: at, Length: len(text) - at, Message: "the quote is not closed"}
}

func number(text []rune, at int) (token, error) {
	end := at + 1
	for end < len(text) && isWord(text[end]) {
		end++
	}
	t := token{kind: tokenNumber, text: string(text[at:end]), at: at, length: end - at}
	var err error
	// Only what people write as a decimal: ParseFloat alone would take hexadecimal, underscores, and exponents too.
	if strings.Trim(t.text, "-.0123456789") != "" {
		err = strconv.ErrSyntax
	} else {
		t.number, err = strconv.ParseFloat(t.text, 64)
	}
	if err != nil {
		return token{}, t.wrong("%.60q is not a number", t.text)
	}
	return t, nil
}
