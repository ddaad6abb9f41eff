package api_test

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// generator makes values of what the document's schemas allow. One seed makes one sequence.
type generator struct {
	*rand.Rand
	ids []string // of runs and requests that there are
}

// chance is true once in n times.
func (g *generator) chance(n int) bool { return g.IntN(n) == 0 }

func pick[T any](g *generator, from ...T) T { return from[g.IntN(len(from))] }

// value is one that the schema allows.
func (g *generator) value(of *openapi3.SchemaRef) any {
	s := of.Value
	switch {
	case len(s.Enum) > 0:
		return pick(g, s.Enum...)
	case s.Type.Is("object"):
		return g.object(s)
	case s.Type.Is("boolean"):
		return g.chance(2)
	case s.Type.Is("integer"):
		least, most := 0.0, 1000.0
		if s.Min != nil {
			least = *s.Min
		}
		if s.Max != nil {
			most = *s.Max
		}
		return int(least) + g.IntN(int(most-least)+1)
	case s.Type.Is("array"):
		values := []any{}
		for range g.IntN(3) {
			values = append(values, g.value(s.Items))
		}
		return values
	case s.Pattern != "":
		return g.matching(s.Pattern, s.MaxLength)
	}
	return g.text(1 + g.IntN(40))
}

// object has what is required, now and then what is not, and what one of the alternatives requires, without what it forbids.
func (g *generator) object(s *openapi3.Schema) map[string]any {
	wanted := map[string]bool{}
	for name := range s.Properties {
		wanted[name] = g.chance(4)
	}
	for _, name := range s.Required {
		wanted[name] = true
	}
	if len(s.OneOf) > 0 {
		one := pick(g, s.OneOf...).Value
		for _, other := range s.OneOf {
			for _, name := range other.Value.Required {
				wanted[name] = slices.Contains(one.Required, name)
			}
		}
	}
	values := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		if wanted[name] {
			values[name] = g.value(s.Properties[name])
		}
	}
	return values
}

// matching is a text that a pattern matches.
func (g *generator) matching(pattern string, most *uint64) string {
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		panic(err) // the document is checked before
	}
	var b strings.Builder
	g.expand(&b, parsed.Simplify())
	if most != nil && uint64(b.Len()) > *most {
		return b.String()[:*most]
	}
	return b.String()
}

func (g *generator) expand(b *strings.Builder, r *syntax.Regexp) {
	switch r.Op {
	case syntax.OpLiteral:
		b.WriteString(string(r.Rune))
	case syntax.OpCharClass:
		at := 2 * g.IntN(len(r.Rune)/2)
		b.WriteRune(r.Rune[at] + rune(g.IntN(int(r.Rune[at+1]-r.Rune[at])+1)))
	case syntax.OpCapture, syntax.OpConcat:
		for _, sub := range r.Sub {
			g.expand(b, sub)
		}
	case syntax.OpAlternate:
		g.expand(b, pick(g, r.Sub...))
	case syntax.OpQuest:
		if g.chance(2) {
			g.expand(b, r.Sub[0])
		}
	case syntax.OpStar, syntax.OpPlus:
		n := g.IntN(12)
		if r.Op == syntax.OpPlus {
			n++
		}
		for range n {
			g.expand(b, r.Sub[0])
		}
	}
}

// text is any text at all that UTF-8 can write.
func (g *generator) text(most int) string {
	var b strings.Builder
	for range g.IntN(most + 1) {
		switch g.IntN(8) {
		case 0:
			b.WriteRune(pick(g, '\u00a0', 'ž', '日', '😀', '\u202e', '\ufeff', '\u0301', '\u2028'))
		case 1:
			b.WriteByte(byte(g.IntN(128)))
		default:
			b.WriteByte(byte(' ' + g.IntN('~'-' '+1)))
		}
	}
	return b.String()
}

// junk is a value of no type in particular.
func (g *generator) junk(depth int) any {
	switch g.IntN(9) {
	case 0:
		return nil
	case 1:
		return g.chance(2)
	case 2:
		return pick(g, "", "null", "../../etc/passwd", "'; DROP TABLE monthend.runs; --", "${jndi:ldap://x}", "%s%n", "\x00", strings.Repeat("9", 400))
	case 3:
		return json.Number(pick(g, "-1", "0", "1e400", "3.0", "13", "2147483648", "-0", "99999999999999999999", "0.1"))
	case 4, 5:
		if depth > 0 {
			return []any{g.junk(depth - 1), g.junk(depth - 1)}
		}
	case 6:
		if depth > 0 {
			return map[string]any{g.text(5): g.junk(depth - 1)}
		}
	}
	return g.text(60)
}

// spoil changes one thing of an object, or none of it but its form.
func (g *generator) spoil(values map[string]any) {
	names := slices.Sorted(maps.Keys(values))
	switch g.IntN(4) {
	case 0:
		if len(names) > 0 {
			delete(values, pick(g, names...))
		}
	case 1:
		if len(names) > 0 {
			values[pick(g, names...)] = g.junk(3)
		}
	case 2:
		values[pick(g, g.text(12), "Report", "requested_by", "v", "schedule", "__proto__", "period ")] = g.junk(2)
	case 3:
		values[pick(g, "report", "period", "month", "year", "tenant", "restate", "reason", "retry")] = g.junk(2)
	}
}

// scramble breaks a text as bytes: what comes out is no JSON, or not what was meant.
func (g *generator) scramble(text []byte) []byte {
	text = slices.Clone(text)
	switch at := g.IntN(len(text) + 1); g.IntN(7) {
	case 0:
		return text[:at]
	case 1:
		return slices.Insert(text, at, byte(g.IntN(256)))
	case 2:
		if at < len(text) {
			text[at] ^= 1 << g.IntN(8)
		}
	case 3:
		return append(text, text...)
	case 4:
		return append([]byte(strings.Repeat("[", 1+g.IntN(20_000))), text...)
	case 5:
		return append([]byte("\xef\xbb\xbf"), text...)
	case 6:
		return append(text, strings.Repeat(" ", g.IntN(70_000))...)
	}
	return text
}
