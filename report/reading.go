package report

import (
	"io/fs"
	"path"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Reading is a definition as it was read: what could be made of it, every mistake that was found, and where each thing stands,
// so that what is found out later, by preparing its SQL, can be told at its place too.
type Reading struct {
	Definition Definition // with gaps where Problems is not empty
	Problems   []Problem  // ordered by place

	dir   string
	files map[string][]byte // what was read, by path inside the folder
	root  *node             // nil where report.yaml is no YAML
}

// Read reads the definition in the folder dir of fsys as Load does, and gives what it could read of a broken one too. The error
// is never about the definition.
func Read(fsys fs.FS, dir string) (*Reading, error) {
	schema, err := compileSchema()
	if err != nil {
		return nil, err
	}
	return read(fsys, dir, schema)
}

// Err is nil or a *DefinitionError with all problems.
func (r *Reading) Err() error {
	if len(r.Problems) == 0 {
		return nil
	}
	return &DefinitionError{Problems: r.Problems}
}

// Dir is the folder of the definition, as problems name it.
func (r *Reading) Dir() string { return r.dir }

// ProblemIn is a mistake at a place of a file of the definition: a path inside the folder, a line and a column from 1. A line of 0
// means the whole file.
func (r *Reading) ProblemIn(file string, line, col int, message string) Problem {
	return Problem{File: path.Join(r.dir, file), Line: line, Col: col, Message: message, Source: LineOf(r.files[file], line)}
}

// ProblemAt is a mistake in the value of report.yaml at the end of steps: names of fields, and numbers from 0 of a list's items
// or of a mapping's members. Where the way ends early, the mistake stands at the last thing on it.
func (r *Reading) ProblemAt(message string, steps ...any) Problem {
	n := r.walk(steps)
	return r.ProblemIn(DefinitionFile, n.at.line, n.at.col, message)
}

// ProblemInText is a mistake at a place inside a text of report.yaml, such as the condition of a check: line and column, from 1,
// count inside the text. In a text that YAML has folded or escaped, the mistake stands at its beginning.
func (r *Reading) ProblemInText(message string, line, col int, steps ...any) Problem {
	n := r.walk(steps)
	at := r.inside(n, line, col)
	return r.ProblemIn(DefinitionFile, at.line, at.col, message)
}

// inside finds a place of a text in the file: the text's own line must stand there as it is.
func (r *Reading) inside(n *node, line, col int) place {
	lines := strings.Split(n.str(), "\n")
	if line < 1 || line > len(lines) || strings.TrimSpace(lines[line-1]) == "" {
		return n.at
	}
	text := lines[line-1]
	first := n.at.line + line - 1
	for at := first; at <= first+1; at++ { // a block begins on the line after its mark
		source := LineOf(r.files[DefinitionFile], at)
		from := 0
		if at == n.at.line {
			from = min(len(source), byteOf(source, n.at.col))
		}
		if i := strings.Index(source[from:], text); i >= 0 {
			return place{at, utf8.RuneCountInString(source[:from+i]) + max(col, 1)}
		}
	}
	return n.at
}

// walk follows steps as far as they lead; the node it gives is never nil.
func (r *Reading) walk(steps []any) *node {
	n := r.root
	if n == nil {
		return &node{}
	}
	for _, step := range steps {
		next := n.step(step)
		if next == nil {
			break
		}
		n = next
	}
	return n
}

// step is one step of a way.
func (n *node) step(step any) *node {
	switch step := step.(type) {
	case string:
		return n.get(step)
	case int:
		if n.kind == listNode && step < len(n.items) {
			return n.items[step]
		}
		if n.kind == mapNode && step < len(n.members) {
			return n.members[step].value
		}
	}
	return nil
}

// find follows a path of the schema's validator, which writes numbers as text.
func find(root *node, path []string) (place, *node) {
	n := root
	for _, text := range path {
		next := n.get(text)
		if i, err := strconv.Atoi(text); err == nil && n.kind == listNode {
			next = n.step(i)
		}
		if next == nil {
			break
		}
		n = next
	}
	return n.at, n
}

// maxSource bounds the line that a problem carries, in characters.
const maxSource = 240

// LineOf is a line of a file, without its end; "" where there is none, or where it is too long to be shown.
func LineOf(data []byte, line int) string {
	if line < 1 {
		return ""
	}
	rest := string(data)
	for ; line > 1; line-- {
		_, after, found := strings.Cut(rest, "\n")
		if !found {
			return ""
		}
		rest = after
	}
	text, _, _ := strings.Cut(rest, "\n")
	text = strings.TrimSuffix(text, "\r")
	if utf8.RuneCountInString(text) > maxSource {
		return ""
	}
	return text
}

// byteOf is the offset in bytes of a column that counts characters from 1.
func byteOf(s string, col int) int {
	for i := range s {
		if col--; col <= 0 {
			return i
		}
	}
	return len(s)
}
