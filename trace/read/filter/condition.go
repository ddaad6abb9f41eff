package filter

import "slices"

var operators = []string{"=", "!=", "<", "<=", ">", ">=", "CONTAINS", "BEGINSWITH", "ENDSWITH"}

// operator takes one if it comes next.
func (p *parser) operator() (token, bool) {
	t := p.peek()
	if (t.kind == tokenSign || t.kind == tokenWord) && slices.Contains(operators, t.text) {
		return p.next(), true
	}
	return t, false
}

// boolean is a flag, alone or compared with true or false.
func (p *parser) boolean(read func(*Facts) bool) (node, error) {
	op, ok := p.operator()
	if !ok {
		return flag{read}, nil
	}
	value := p.next()
	if value.kind != tokenWord || value.text != "true" && value.text != "false" {
		return nil, value.wrong("%s: want true or false", value)
	}
	if op.text != "=" && op.text != "!=" {
		return nil, op.wrong("%s does not compare true with false", op)
	}
	if (value.text == "true") == (op.text == "=") {
		return flag{read}, nil
	}
	return not{flag{read}}, nil
}

// compare is a keyword of one kind, an operator and a value of that kind.
func (p *parser) compare(keyword token, read func(scope) []any, k kind) (node, error) {
	op, ok := p.operator()
	if !ok {
		return nil, op.wrong("%s: want an operator after %q", op, keyword.text)
	}
	value := p.next()
	if value.kind != k {
		return nil, value.wrong("%s: want %s", value, token{kind: k})
	}
	return operation(read, op, value)
}

// annotation is one that is there, or one that is compared with a text, a number, true or false.
func (p *parser) annotation(key string) (node, error) {
	read := func(s scope) []any { return s.facts.Annotations[key] }
	op, ok := p.operator()
	if !ok {
		return values{read, func(any) bool { return true }}, nil
	}
	value := p.next()
	if value.kind != tokenText && value.kind != tokenNumber && !(value.kind == tokenWord && (value.text == "true" || value.text == "false")) {
		return nil, value.wrong("%s: want a text in quotes, a number, true or false", value)
	}
	return operation(read, op, value)
}

func operation(read func(scope) []any, op, value token) (node, error) {
	var want any
	switch value.kind {
	case tokenText:
		want = value.text
	case tokenNumber:
		want = value.number
	default:
		want = value.text == "true"
	}
	test := comparison(op.text, want)
	if test == nil {
		return nil, op.wrong("%s does not compare with %s", op, value)
	}
	return values{read, test}, nil
}

func (p *parser) service() (node, error) {
	who, err := p.parties(1)
	if err != nil {
		return nil, err
	}
	block, err := p.block(true)
	return services{who[0], block}, err
}

func (p *parser) edge() (node, error) {
	who, err := p.parties(2)
	if err != nil {
		return nil, err
	}
	block, err := p.block(false)
	return edges{who[0], who[1], block}, err
}

// parties are n services in parentheses; none at all means any.
func (p *parser) parties(n int) ([]identity, error) {
	if err := p.want("("); err != nil {
		return nil, err
	}
	who := make([]identity, n)
	if p.take(tokenSign, ")") {
		return who, nil
	}
	for i := range who {
		if i > 0 {
			if err := p.want(","); err != nil {
				return nil, err
			}
		}
		var err error
		if who[i], err = p.identity(); err != nil {
			return nil, err
		}
	}
	return who, p.want(")")
}

// identity is the name of a service, or what id(…) says of it.
func (p *parser) identity() (identity, error) {
	var who identity
	t := p.next()
	switch {
	case t.kind == tokenText:
		who.name = &t.text
		return who, nil
	case t.kind != tokenWord || t.text != "id":
		return who, t.wrong(`%s: want a name in quotes or id(name: "…", type: "…")`, t)
	}
	if err := p.want("("); err != nil {
		return who, err
	}
	for {
		key := p.next()
		field := map[string]**string{"name": &who.name, "type": &who.typ, "account.id": &who.account}[key.text]
		if key.kind != tokenWord || field == nil {
			return who, key.wrong("%s: want name, type or account.id", key)
		}
		if err := p.want(":"); err != nil {
			return who, err
		}
		value := p.next()
		if value.kind != tokenText {
			return who, value.wrong("%s: want a text in quotes", value)
		}
		*field = &value.text
		if !p.take(tokenSign, ",") {
			return who, p.want(")")
		}
	}
}

// block is the condition in braces; nil when there is none.
func (p *parser) block(service bool) (node, error) {
	if !p.take(tokenSign, "{") {
		return nil, nil
	}
	defer func(around bool) { p.within = around }(p.within)
	p.within = service
	n, err := p.or()
	if err != nil {
		return nil, err
	}
	return n, p.want("}")
}
