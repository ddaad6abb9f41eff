package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// place is a position in report.yaml, counted from 1.
type place struct{ line, col int }

// nodeKind is what stands at a place of report.yaml.
type nodeKind int

const (
	nullNode nodeKind = iota
	boolNode
	numberNode
	textNode
	listNode
	mapNode
)

// node is one value of report.yaml with its place: all that reading a definition needs of YAML. Anchors, aliases, tags and
// merge keys are refused, so that a file says what it seems to say and cannot unfold into something huge.
type node struct {
	kind    nodeKind
	text    string // of a scalar, as written
	items   []*node
	members []member
	at      place
}

// member is one key of a mapping, in the order of the file.
type member struct {
	name  string
	at    place
	value *node
}

// get is the value of a key; nil when n is no mapping or lacks it.
func (n *node) get(name string) *node {
	if n == nil {
		return nil
	}
	for _, m := range n.members {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

// str is the text of a string; "" for anything else, which the schema has complained about.
func (n *node) str() string {
	if n == nil || n.kind != textNode {
		return ""
	}
	return n.text
}

// whole is a whole number; 0 for anything else, which the schema has complained about.
func (n *node) whole() int64 {
	if n == nil || n.kind != numberNode || !wholePattern.MatchString(n.text) {
		return 0
	}
	value, _ := strconv.ParseInt(n.text, 10, 64)
	return value
}

// wholePattern is how a whole number is written: in decimal digits, and no more of them than anything here needs.
var wholePattern = regexp.MustCompile(`^-?(0|[1-9][0-9]{0,17})$`)

// list is the items of a list; none for anything else.
func (n *node) list() []*node {
	if n == nil {
		return nil
	}
	return n.items
}

// strs is the strings of a list.
func (n *node) strs() []string {
	var out []string
	for _, item := range n.list() {
		out = append(out, item.str())
	}
	return out
}

// plain is the value in the form that the schema validator wants. Numbers of a definition are whole; any other is passed on as one
// that is not, whatever it is: its size might be hostile.
func (n *node) plain() any {
	switch n.kind {
	case boolNode:
		return n.text == "true"
	case numberNode:
		if wholePattern.MatchString(n.text) {
			return json.Number(n.text)
		}
		return json.Number("0.5")
	case textNode:
		return n.text
	case listNode:
		out := make([]any, len(n.items))
		for i, item := range n.items {
			out[i] = item.plain()
		}
		return out
	case mapNode:
		out := make(map[string]any, len(n.members))
		for _, m := range n.members {
			out[m.name] = m.value.plain()
		}
		return out
	}
	return nil
}

// parseYAML reads one document. Problems other than of syntax are collected and reading goes on.
func parseYAML(file string, data []byte) (*node, []Problem) {
	b := builder{file: file}
	parsed, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		problem := Problem{File: file, Line: 1, Col: 1, Message: "not YAML"}
		var syntax *yaml.SyntaxError
		if errors.As(err, &syntax) {
			problem.Message = "not YAML: " + syntax.GetMessage()
			if t := syntax.GetToken(); t != nil && t.Position != nil {
				problem.Line, problem.Col = t.Position.Line, t.Position.Column
				if why := slip(LineOf(data, problem.Line)); why != "" {
					problem.Message = "not YAML: " + why
				}
			}
		}
		return nil, []Problem{problem}
	}
	var root *node
	for _, doc := range parsed.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.CommentType {
			continue
		}
		if root != nil {
			second := builder{}
			b.complain(second.build(doc.Body, 0).at, "a second document; a definition is one")
			break
		}
		root = b.build(doc.Body, 0)
	}
	if root == nil {
		b.complain(place{1, 1}, "empty; a definition begins with name: and title:")
	}
	return root, b.problems
}

var gluedColon = regexp.MustCompile(`^\s*(?:- )?([A-Za-z_]+):([^\s:/].*)$`)

// slip recognises, in a line that is no YAML, what people get wrong most, in better words than the parser's.
func slip(line string) string {
	if blank := line[:len(line)-len(strings.TrimLeft(line, " \t"))]; strings.Contains(blank, "\t") {
		return "a tab cannot indent a line; use blanks"
	}
	if m := gluedColon.FindStringSubmatch(line); m != nil {
		return fmt.Sprintf("a colon wants a blank after it, as in %q", m[1]+": …")
	}
	return ""
}

// builder turns the parser's tree into ours.
type builder struct {
	file     string
	problems []Problem
}

// complain records a mistake and lets reading go on.
func (b *builder) complain(at place, format string, args ...any) {
	b.problems = append(b.problems, Problem{File: b.file, Line: at.line, Col: at.col, Message: fmt.Sprintf(format, args...)})
}

// maxDepth is more than any definition needs and less than a hostile file could hurt with.
const maxDepth = 32

// build copies one value. What it complains about becomes null, which every reader passes over.
func (b *builder) build(from ast.Node, depth int) *node {
	n := &node{}
	if from == nil {
		return n
	}
	n.at = placeOf(from.GetToken())
	if depth > maxDepth {
		b.complain(n.at, "nested deeper than %d levels", maxDepth)
		return n
	}
	switch from := from.(type) {
	case *ast.NullNode, *ast.CommentGroupNode:
	case *ast.BoolNode:
		n.kind, n.text = boolNode, fmt.Sprint(from.Value)
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		n.kind, n.text = numberNode, from.GetToken().Value
	case *ast.StringNode:
		n.kind, n.text = textNode, from.Value
	case *ast.LiteralNode:
		n.kind, n.text = textNode, from.Value.Value
	case *ast.SequenceNode:
		n.kind = listNode
		for _, item := range from.Values {
			n.items = append(n.items, b.build(item, depth+1))
		}
	case *ast.MappingValueNode:
		n.kind = mapNode
		b.add(n, from, depth)
	case *ast.MappingNode:
		n.kind = mapNode
		for _, pair := range from.Values {
			b.add(n, pair, depth)
		}
		// The token of a block mapping is its first ':'; a reader looks for the first key.
		if !from.IsFlowStyle && len(n.members) > 0 {
			n.at = n.members[0].at
		}
	default:
		b.complain(n.at, "anchors, aliases, tags and merge keys are not used in a definition")
	}
	return n
}

// add puts one pair into a mapping.
func (b *builder) add(n *node, pair *ast.MappingValueNode, depth int) {
	at := placeOf(pair.Key.GetToken())
	key, ok := pair.Key.(*ast.StringNode)
	if !ok {
		b.complain(at, "a key must be plain text")
		return
	}
	// The parser could refuse a repeated key, but then it would be the only mistake that is found.
	if n.get(key.Value) != nil {
		b.complain(at, "%q is given twice", clip(key.Value))
		return
	}
	value := b.build(pair.Value, depth+1)
	if value.at == (place{}) {
		value.at = at
	}
	n.members = append(n.members, member{name: key.Value, at: at, value: value})
}

func placeOf(t *token.Token) place {
	if t == nil || t.Position == nil {
		return place{}
	}
	return place{t.Position.Line, t.Position.Column}
}
