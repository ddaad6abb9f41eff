package read

import (
	"cmp"
	"iter"
	"slices"
	"time"

	"github.com/monthend/monthend/trace"
)

// Trace is one trace as a forest: a whole one has one root, the segment of whoever asked first.
type Trace struct {
	ID            string
	Start         time.Time // of the earliest document, UTC
	End           time.Time // of the latest document that has ended, never before Start
	Roots         []*Node   // by start, then id
	LimitExceeded bool      // X-Ray left documents off because the trace is too large
}

// Node is one segment or subsegment and what it led to.
type Node struct {
	Document trace.Document // without its subsegments
	Segment  bool           // a service's own segment, not a subsegment
	Partial  bool           // a root that names a parent which is not in the trace
	Children []*Node        // by start, then id
}

// Tree links documents into a trace: subsegments under what they are nested in, or under the parent they name when they
// came alone, and a segment under the subsegment of the caller. A document that comes twice counts once, the complete one;
// X-Ray's inferred segments are left out, they repeat the subsegment that made the call; a circle of parents is cut at its
// earliest document, which is then a Partial root.
func Tree(id string, segments []trace.Document) Trace {
	l := linker{nodes: map[string]*Node{}, parents: map[string]string{}}
	for _, d := range segments {
		l.add(d, d.ParentID, d.Type != "subsegment")
	}
	t := Trace{ID: id}
	nodes := l.sorted()
	for _, n := range nodes {
		if t.Start.IsZero() {
			t.Start, t.End = n.Document.Start(), n.Document.Start()
		}
		if end := n.Document.End(); end.After(t.End) {
			t.End = end
		}
		if p := l.parent(n); p != nil {
			p.Children = append(p.Children, n)
		} else {
			t.Roots = append(t.Roots, n)
		}
	}
	reached := map[*Node]bool{}
	for _, n := range t.Roots {
		n.Partial = l.parents[n.Document.ID] != ""
		reach(n, reached)
	}
	for _, n := range nodes {
		if reached[n] {
			continue
		}
		p := l.parent(n)
		p.Children = slices.DeleteFunc(p.Children, func(c *Node) bool { return c == n })
		n.Partial = true
		t.Roots = append(t.Roots, n)
		reach(n, reached)
	}
	slices.SortFunc(t.Roots, byStart)
	return t
}

// Nodes goes through a trace depth first, with each node's depth, 0 for a root.
func (t Trace) Nodes() iter.Seq2[*Node, int] {
	return func(yield func(*Node, int) bool) {
		var walk func(nodes []*Node, depth int) bool
		walk = func(nodes []*Node, depth int) bool {
			for _, n := range nodes {
				if !yield(n, depth) || !walk(n.Children, depth+1) {
					return false
				}
			}
			return true
		}
		walk(t.Roots, 0)
	}
}

func reach(n *Node, reached map[*Node]bool) {
	reached[n] = true
	for _, c := range n.Children {
		reach(c, reached)
	}
}

func byStart(a, b *Node) int {
	return cmp.Or(cmp.Compare(a.Document.StartTime, b.Document.StartTime), cmp.Compare(a.Document.ID, b.Document.ID))
}

type linker struct {
	nodes   map[string]*Node
	parents map[string]string // id → the parent's id, which need not be in the trace
}

func (l linker) add(d trace.Document, parent string, segment bool) {
	children := d.Subsegments
	d.Subsegments = nil
	if was, ok := l.nodes[d.ID]; !ok || was.Document.InProgress && !d.InProgress {
		l.nodes[d.ID] = &Node{Document: d, Segment: segment}
		l.parents[d.ID] = parent
	}
	for _, child := range children {
		l.add(child, d.ID, false)
	}
}

// sorted gives the nodes by start then id, without the inferred ones that stand below another.
func (l linker) sorted() []*Node {
	var nodes []*Node
	for _, n := range l.nodes {
		if !n.Document.Inferred || l.parent(n) == nil {
			nodes = append(nodes, n)
		}
	}
	slices.SortFunc(nodes, byStart)
	return nodes
}

// parent is the nearest ancestor that is not itself left out; nil for a root.
func (l linker) parent(n *Node) *Node {
	id := n.Document.ID
	for range l.nodes { // no way up is longer, unless it is a circle
		p := l.nodes[l.parents[id]]
		if p == nil || !p.Document.Inferred || l.nodes[l.parents[p.Document.ID]] == nil {
			return p
		}
		id = p.Document.ID
	}
	return nil
}
