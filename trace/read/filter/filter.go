// Package filter is the language of X-Ray's filter expressions: `annotation.report = "monthly-financials" AND fault`. It
// stands below both sides of X-Ray's API: the local X-Ray answers with it, and who asks shows with it where a mistake is.
// It finds no traces, and it knows a subset: what it does not know it names, and leaves to AWS.
//
// The subset: ok, error, throttle, fault, partial, inferred, first, last, remote, root; responsetime, duration, http.status;
// http.url, http.method, http.useragent, http.clientip, user; of a service its name and type; annotation.key and
// annotation[key]; service(…){…} and edge(…){…} with names or id(name:, type:, account.id:); AND, OR, ! and parentheses. Two
// conditions without a word between them are joined by AND.
package filter

import "fmt"

// The bounds of an expression.
const (
	maxLength = 2000 // characters, as in AWS
	maxDepth  = 32   // of parentheses, ! and blocks
)

// Expression is a parsed filter. The zero Expression matches every trace.
type Expression struct{ root node }

// Parse reads an expression; nothing but blanks matches every trace. The error is an *Error.
func Parse(text string) (Expression, error) {
	tokens, err := lex([]rune(text))
	if err != nil {
		return Expression{}, err
	}
	p := parser{tokens: tokens}
	if p.peek().kind == tokenEnd {
		return Expression{}, nil
	}
	root, err := p.or()
	if err == nil {
		err = p.end()
	}
	if err != nil {
		return Expression{}, err
	}
	return Expression{root}, nil
}

// Match says whether a trace is meant.
func (e Expression) Match(t Trace) bool {
	return e.root == nil || e.root.match(scope{trace: &t, facts: &t.Facts})
}

// Error is what is wrong with an expression, and where.
type Error struct {
	At          int  // characters before the place
	Length      int  // characters of what stands there, at least 1
	Unsupported bool // X-Ray may know it; this package does not
	Message     string
}

// Error is one line that counts characters from 1.
func (e *Error) Error() string {
	return fmt.Sprintf("filter expression: character %d: %s", e.At+1, e.Message)
}
