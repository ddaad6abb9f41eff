package read

import (
	"cmp"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"charm.land/lipgloss/v2"
)

// branch is one line of a drawn map: a service below one that calls it.
type branch struct {
	service int
	call    *Call // nil for a start
	last    []bool
	repeat  bool // drawn whole elsewhere: here only the call is told
}

// branches puts a map into lines. Each service is drawn whole once, below the caller that is farthest from the start, so that
// a chain reads from top to bottom; where others call it, the line says so and stops.
func branches(m Map) []branch {
	depth := depths(m)
	var lines []branch
	drawn := map[int]bool{}
	var walk func(s int, call *Call, last []bool, from int)
	walk = func(s int, call *Call, last []bool, from int) {
		repeat := drawn[s] || call != nil && depth[s] != depth[from]+1
		lines = append(lines, branch{s, call, last, repeat})
		if repeat {
			return
		}
		drawn[s] = true
		calls := slices.Clone(m.Services[s].Calls)
		slices.SortStableFunc(calls, func(a, b Call) int { // what leads on comes first, what is drawn elsewhere last
			rank := func(c Call) int {
				return 2*boolInt(depth[c.To] != depth[s]+1) + boolInt(len(m.Services[c.To].Calls) == 0)
			}
			return cmp.Compare(rank(a), rank(b))
		})
		for i := range calls {
			walk(calls[i].To, &calls[i], append(slices.Clone(last), i == len(calls)-1), s)
		}
	}
	called := map[int]bool{}
	for i, s := range m.Services {
		for _, c := range s.Calls {
			called[c.To] = called[c.To] || c.To != i
		}
	}
	for i := range m.Services {
		if !called[i] {
			walk(i, nil, nil, i)
		}
	}
	for i := range m.Services { // what only a circle leads to
		if !drawn[i] {
			walk(i, nil, nil, i)
		}
	}
	return lines
}

// depths are the longest ways from a start, without the calls that go back to where they came from.
func depths(m Map) []int {
	type edge struct{ from, to int }
	state, back := make([]int, len(m.Services)), map[edge]bool{}
	var order []int // each service after all that it leads to
	var visit func(s int)
	visit = func(s int) {
		state[s] = 1
		for _, c := range m.Services[s].Calls {
			switch state[c.To] {
			case 0:
				visit(c.To)
			case 1:
				back[edge{s, c.To}] = true
			}
		}
		state[s] = 2
		order = append(order, s)
	}
	for i := range m.Services {
		if state[i] == 0 {
			visit(i)
		}
	}
	depth := make([]int, len(m.Services))
	for _, s := range slices.Backward(order) {
		for _, c := range m.Services[s].Calls {
			if !back[edge{s, c.To}] {
				depth[c.To] = max(depth[c.To], depth[s]+1)
			}
		}
	}
	return depth
}

// Chart draws a map for a terminal, one line a service and below it what it calls, with how many requests there were and how
// they went. No line is wider than Width cells.
func Chart(w io.Writer, m Map, o Options) error {
	if o.Width == 0 {
		o.Width = 80
	}
	c := chart{Map: oneClient(m), brush: brush(o.Color), width: max(o.Width, 60)}
	c.lines = branches(c.Map)
	room := c.width - figureCells
	c.names = min(room, c.widest())
	var out strings.Builder
	c.title(&out)
	for _, line := range c.lines {
		c.line(&out, line)
	}
	c.legend(&out)
	if _, err := io.WriteString(w, out.String()); err != nil {
		return fmt.Errorf("draw the service map: %w", err)
	}
	return nil
}

// figureCells are the five columns of figures with the gaps before them.
const figureCells = 2 + 8 + 2 + 5 + 2 + 5 + 2 + 7 + 2 + 7

type chart struct {
	Map
	lines []branch
	names int
	width int
	brush brush
}

// oneClient draws all clients as one: X-Ray makes one up for each service that is called from outside.
func oneClient(m Map) Map {
	first := slices.IndexFunc(m.Services, func(s Service) bool { return s.Type == clientType })
	if first < 0 {
		return m
	}
	places, merged := make([]int, len(m.Services)), Map{From: m.From, To: m.To}
	for i, s := range m.Services {
		if s.Type == clientType && i != first {
			merged.Services[0].Calls = append(merged.Services[0].Calls, s.Calls...)
			continue
		}
		places[i] = len(merged.Services)
		s.Calls = slices.Clone(s.Calls)
		merged.Services = append(merged.Services, s)
	}
	merged.Services[0].Name = clientType
	for i := range merged.Services {
		for j := range merged.Services[i].Calls {
			merged.Services[i].Calls[j].To = places[merged.Services[i].Calls[j].To]
		}
	}
	return merged
}

// elsewhere stands behind the name of a service that is drawn whole in another line.
const elsewhere = " ↕"

// twig is what stands before the mark of a line.
func (b branch) twig() string {
	if b.call == nil {
		return ""
	}
	var s strings.Builder
	for _, last := range b.last[:len(b.last)-1] {
		s.WriteString(map[bool]string{true: "   ", false: "│  "}[last])
	}
	s.WriteString(map[bool]string{true: "└", false: "├"}[b.last[len(b.last)-1]])
	s.WriteString(map[bool]string{true: "▷ ", false: "▶ "}[b.call.Queued])
	return s.String()
}

// texts are the name of a line's service, and what kind it is.
func (c chart) texts(b branch) (name, kind string) {
	s := c.Services[b.service]
	name = clean(s.Name)
	if s.Type == "AWS::SQS::Queue" { // its name is a URL
		name = path.Base(name)
	}
	kind = kindOf(s.Type)
	if b.call != nil && b.call.Queued && b.call.WaitMS > 0 {
		kind = strings.TrimSpace(kind + " waited " + duration(milli(b.call.WaitMS)))
	}
	if b.repeat {
		return name, "" // it is told where it is drawn
	}
	return name, kind
}

func (c chart) widest() int {
	cells := len("Service")
	for _, b := range c.lines {
		name, kind := c.texts(b)
		cells = max(cells, lipgloss.Width(b.twig())+2+lipgloss.Width(name)+max(len(elsewhere), 1+lipgloss.Width(kind)))
	}
	return cells
}
