package filter

import "strings"

// scope is what is being asked about: the trace, or one segment or call of it.
type scope struct {
	trace     *Trace
	facts     *Facts
	name, typ string // of a service, else ""
}

// node is a condition.
type node interface{ match(scope) bool }

type (
	all    []node
	some   []node
	not    struct{ node }
	flag   struct{ read func(*Facts) bool }
	values struct {
		read func(scope) []any
		test func(any) bool
	}
	services struct {
		who   identity
		block node // nil is any
	}
	edges struct {
		from, to identity
		block    node
	}
)

func (n all) match(s scope) bool {
	for _, c := range n {
		if !c.match(s) {
			return false
		}
	}
	return true
}

func (n some) match(s scope) bool {
	for _, c := range n {
		if c.match(s) {
			return true
		}
	}
	return false
}

func (n not) match(s scope) bool  { return !n.node.match(s) }
func (n flag) match(s scope) bool { return n.read(s.facts) }

// A value that is not there fulfils nothing, not even !=; of several, one is enough.
func (n values) match(s scope) bool {
	for _, v := range n.read(s) {
		if n.test(v) {
			return true
		}
	}
	return false
}

func (n services) match(s scope) bool {
	for i := range s.trace.Services {
		v := &s.trace.Services[i]
		if n.who.is(v) && (n.block == nil || n.block.match(scope{s.trace, &v.Facts, v.Name, v.Type})) {
			return true
		}
	}
	return false
}

func (n edges) match(s scope) bool {
	for i := range s.trace.Edges {
		e := &s.trace.Edges[i]
		if n.from.is(&e.From) && n.to.is(&e.To) && (n.block == nil || n.block.match(scope{trace: s.trace, facts: &e.Facts})) {
			return true
		}
	}
	return false
}

// identity names a service; what is nil may be anything.
type identity struct{ name, typ, account *string }

func (i identity) is(s *Service) bool {
	same := func(want *string, got string) bool { return want == nil || *want == got }
	return same(i.name, s.Name) && same(i.typ, s.Type) && same(i.account, s.AccountID)
}

// comparison makes the test of an operator; nil when it does not suit the value.
func comparison(operator string, value any) func(any) bool {
	switch want := value.(type) {
	case bool:
		switch operator {
		case "=":
			return func(got any) bool { return got == want }
		case "!=":
			return func(got any) bool { b, ok := got.(bool); return ok && b != want }
		}
	case float64:
		return compareNumbers(operator, want)
	case string:
		return compareTexts(operator, want)
	}
	return nil
}

func compareNumbers(operator string, want float64) func(any) bool {
	tests := map[string]func(float64) bool{
		"=":  func(got float64) bool { return got == want },
		"!=": func(got float64) bool { return got != want },
		"<":  func(got float64) bool { return got < want },
		"<=": func(got float64) bool { return got <= want },
		">":  func(got float64) bool { return got > want },
		">=": func(got float64) bool { return got >= want },
	}
	test := tests[operator]
	if test == nil {
		return nil
	}
	return func(got any) bool { n, ok := got.(float64); return ok && test(n) }
}

func compareTexts(operator, want string) func(any) bool {
	tests := map[string]func(string) bool{
		"=":          func(got string) bool { return got == want },
		"!=":         func(got string) bool { return got != want },
		"CONTAINS":   func(got string) bool { return strings.Contains(got, want) },
		"BEGINSWITH": func(got string) bool { return strings.HasPrefix(got, want) },
		"ENDSWITH":   func(got string) bool { return strings.HasSuffix(got, want) },
	}
	test := tests[operator]
	if test == nil {
		return nil
	}
	return func(got any) bool { t, ok := got.(string); return ok && test(t) }
}
