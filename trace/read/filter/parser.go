package filter

import (
	"regexp"
	"strings"
)

// parser goes through tokens from left to right and never back:
//
//	or        = and { "OR" and }
//	and       = unary { ["AND"] unary }
//	unary     = "!" unary | "(" or ")" | condition
//	condition = boolean [ ("=" | "!=") (true | false) ]
//	          | number operator value | text operator value
//	          | annotation [ operator value ]
//	          | "service" "(" [ who ] ")" [ "{" or "}" ]
//	          | "edge" "(" [ who "," who ] ")" [ "{" or "}" ]
//	who       = text | "id" "(" ("name" | "type" | "account.id") ":" text { "," … } ")"
type parser struct {
	tokens []token
	at     int
	depth  int
	within bool // the block of a service
}

func (p *parser) peek() token { return p.tokens[p.at] }

func (p *parser) next() token {
	t := p.tokens[p.at]
	if t.kind != tokenEnd {
		p.at++
	}
	return t
}

func (p *parser) is(k kind, text string) bool {
	t := p.peek()
	return t.kind == k && t.text == text
}

func (p *parser) take(k kind, text string) bool {
	if p.is(k, text) {
		p.at++
		return true
	}
	return false
}

func (p *parser) want(sign string) error {
	if t := p.peek(); !p.take(tokenSign, sign) {
		return t.wrong("%s: want %q", t, sign)
	}
	return nil
}

// end refuses what stands behind a whole expression.
func (p *parser) end() error {
	switch t := p.peek(); {
	case t.kind == tokenEnd:
		return nil
	case t.kind == tokenSign && strings.Contains(")}]", t.text):
		return t.wrong("%s closes nothing", t)
	default:
		return t.wrong("%s: want AND, OR or the end", t)
	}
}

// deeper bounds how deep conditions nest; the returned function comes back up.
func (p *parser) deeper() (func(), error) {
	if p.depth++; p.depth > maxDepth {
		return nil, p.peek().wrong("nested deeper than %d", maxDepth)
	}
	return func() { p.depth-- }, nil
}

func (p *parser) or() (node, error) {
	up, err := p.deeper()
	if err != nil {
		return nil, err
	}
	defer up()
	var n some
	for {
		c, err := p.and()
		if err != nil {
			return nil, err
		}
		n = append(n, c)
		if !p.take(tokenWord, "OR") {
			break
		}
	}
	if len(n) == 1 {
		return n[0], nil
	}
	return n, nil
}

func (p *parser) and() (node, error) {
	var n all
	for {
		c, err := p.unary()
		if err != nil {
			return nil, err
		}
		n = append(n, c)
		if !p.take(tokenWord, "AND") && !p.begins() {
			break
		}
	}
	if len(n) == 1 {
		return n[0], nil
	}
	return n, nil
}

// begins says whether another condition follows without a word between.
func (p *parser) begins() bool {
	t := p.peek()
	return t.kind == tokenWord && t.text != "OR" || t.kind == tokenSign && (t.text == "!" || t.text == "(")
}

func (p *parser) unary() (node, error) {
	up, err := p.deeper()
	if err != nil {
		return nil, err
	}
	defer up()
	switch {
	case p.take(tokenSign, "!"):
		n, err := p.unary()
		if err != nil {
			return nil, err
		}
		return not{n}, nil
	case p.take(tokenSign, "("):
		n, err := p.or()
		if err != nil {
			return nil, err
		}
		return n, p.want(")")
	}
	return p.condition()
}

var annotationKey = regexp.MustCompile(`^[A-Za-z0-9_.]{1,500}$`)

func (p *parser) condition() (node, error) {
	t := p.next()
	if t.kind != tokenWord || t.text == "AND" || t.text == "OR" {
		return nil, t.wrong("%s: want a condition", t)
	}
	if read, ok := booleans[t.text]; ok {
		return p.boolean(read)
	}
	if read, ok := numbers[t.text]; ok {
		return p.compare(t, func(s scope) []any { return read(s.facts) }, tokenNumber)
	}
	if read, ok := texts[t.text]; ok {
		if (t.text == "name" || t.text == "type") && !p.within {
			return nil, t.outside(`%q is known here of a service alone: service() { %s = "…" }`, t.text, t.text)
		}
		return p.compare(t, read, tokenText)
	}
	switch {
	case t.text == "service":
		return p.service()
	case t.text == "edge":
		return p.edge()
	case t.text == "annotation" && p.take(tokenSign, "["):
		key := p.next()
		if key.kind != tokenWord && key.kind != tokenText || !annotationKey.MatchString(key.text) {
			return nil, key.wrong("%s: want the key of an annotation", key)
		}
		if err := p.want("]"); err != nil {
			return nil, err
		}
		return p.annotation(key.text)
	case strings.HasPrefix(t.text, "annotation.") && len(t.text) > len("annotation."):
		return p.annotation(strings.TrimPrefix(t.text, "annotation."))
	case t.text == "annotation" || t.text == "annotation.":
		return nil, t.wrong("the key is missing: annotation.report")
	}
	return nil, unknown(t)
}
