package read

import (
	"fmt"
	"io"
	"strings"

	"charm.land/lipgloss/v2"

	"github.com/monthend/monthend/trace"
)

// failure is one thing that went wrong, told where it happened.
type failure struct {
	node    *Node
	attempt int    // of the run, 0 when the segment does not say
	path    string // names from the segment down, the node's own last
	text    string
}

// failures are what a trace says went wrong, in the order of the rows. What a failure made of the spans around it, which
// repeat its words or only name it, is told once, at the deepest.
func failures(t Trace) []failure {
	var all []failure
	var walk func(n *Node, number int, path []string) (told []string)
	walk = func(n *Node, number int, path []string) (told []string) {
		name := clean(n.Document.Name)
		if op := operation(n); op != "" {
			name += " " + clean(op)
		}
		if n.Segment {
			number, path = attempt(n), nil
		}
		path = append(path[:len(path):len(path)], name)
		at := len(all)
		for _, c := range n.Children {
			below := walk(c, number, path)
			if !c.Segment { // what another service met is not this one's failure
				told = append(told, below...)
			}
		}
		text := explained(n.Document)
		if text == "" || n.Document.Status() == "ok" {
			return told
		}
		for _, t := range told {
			if strings.Contains(text, t) || strings.Contains(t, text) {
				return told
			}
		}
		all = append(all, failure{})
		copy(all[at+1:], all[at:])
		all[at] = failure{n, number, strings.Join(path, " › "), text}
		return append(told, clean(message(n)))
	}
	for _, n := range t.Roots {
		walk(n, 0, nil)
	}
	return all
}

// explained is the message of a document's first exception with its type, and "" when it only points at another's.
func explained(d trace.Document) string {
	if d.Cause == nil || len(d.Cause.Exceptions) == 0 {
		return ""
	}
	e := d.Cause.Exceptions[0]
	text := clean(e.Message)
	if typ := clean(e.Type); typ != "" && text != "" {
		return text + " (" + typ + ")"
	}
	return text
}

// failures tells below the waterfall, whole, what the rows have room to begin.
func (f fall) failures(out io.Writer) {
	found := failures(f.trace)
	if len(found) == 0 {
		return
	}
	const atMost = 20
	fmt.Fprintln(out)
	for i, one := range found {
		if i == atMost {
			fmt.Fprintln(out, f.brush.dim(fmt.Sprintf("and %d more", len(found)-atMost)))
			break
		}
		status := one.node.Document.Status()
		path := one.path
		if one.attempt > 0 && f.attempts > 1 {
			path = fmt.Sprintf("attempt %d: %s", one.attempt, path)
		}
		fmt.Fprintf(out, "%s %s\n", f.brush.status(status, mark(one.node)), f.brush.strong(cut(path, f.width-2)))
		for _, line := range folded(one.text, f.width-2) {
			fmt.Fprintln(out, "  "+line)
		}
	}
}

// maxFolded is how many lines of one message are shown: a driver's may be as long as its query.
const maxFolded = 8

// folded breaks a text into lines of at most width cells, between words where there are any.
func folded(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && lipgloss.Width(line)+1+lipgloss.Width(word) <= width {
			line += " " + word
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		for line = word; lipgloss.Width(line) > width && len(lines) <= maxFolded; {
			head := []rune(line)
			head = head[:min(width, len(head))] // no character is narrower than a cell but those that have none
			for lipgloss.Width(string(head)) > width {
				head = head[:len(head)-1]
			}
			lines = append(lines, string(head))
			line = line[len(string(head)):]
		}
		if len(lines) > maxFolded {
			return append(lines[:maxFolded], "…")
		}
	}
	return append(lines, line)
}
