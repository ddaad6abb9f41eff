package xray

import (
	"cmp"
	"maps"
	"slices"
)

// serviceOutput is one node of the map with its edges, each from it to another.
type serviceOutput struct {
	ReferenceID           int `json:"ReferenceId"`
	Name                  string
	Names                 []string
	Root                  bool
	Type                  *string // null for a service that says nothing of its origin
	State                 string  // active, or unknown for a client
	StartTime, EndTime    float64
	Edges                 []edgeOutput
	SummaryStatistics     *summaryStatistics `json:",omitempty"`
	DurationHistogram     []histogramEntry   `json:",omitempty"`
	ResponseTimeHistogram []histogramEntry   `json:",omitempty"`
}

type edgeOutput struct {
	ReferenceID               int `json:"ReferenceId"` // of the callee
	StartTime, EndTime        float64
	SummaryStatistics         summaryStatistics
	ResponseTimeHistogram     []histogramEntry
	ReceivedEventAgeHistogram []histogramEntry
	Aliases                   []struct{}
	EdgeType                  string `json:",omitempty"` // "link" from a queue to its consumer
}

// graph is the map of several traces.
type graph map[service]*vertex

type vertex struct {
	statistic
	root  bool
	edges map[service]*connection
}

type connection struct {
	statistic
	queued bool
}

func (g graph) at(s service) *vertex {
	v := g[s]
	if v == nil {
		v = &vertex{edges: map[service]*connection{}}
		g[s] = v
	}
	return v
}

// add counts the parts and links of a trace that began within a time, [from, to) in seconds since 1970.
func (g graph) add(a anatomy, from, to float64) {
	within := func(start float64) bool { return start >= from && start < to }
	for _, p := range a.parts {
		if !within(p.document.StartTime) {
			continue
		}
		v := g.at(p.service)
		v.root = v.root || p.root
		if p.service.typ == typeClient {
			v.span(p.document) // a client is not measured
		} else {
			v.add(p.document)
		}
	}
	for _, l := range a.links {
		if !within(l.document.StartTime) {
			continue
		}
		caller, called := a.parts[l.from], a.parts[l.to]
		g.at(called.service).span(l.document) // it may have begun outside the time: then the edge must lead somewhere
		v := g.at(caller.service)
		v.span(l.document)
		e := v.edges[called.service]
		if e == nil {
			e = &connection{}
			v.edges[called.service] = e
		}
		e.queued = e.queued || l.queued
		e.add(l.document)
		if l.queued {
			count(&e.ages, l.age)
		}
	}
}

// services are the nodes, clients first, then by name and type; their places are their references.
func (g graph) services() []serviceOutput {
	order := slices.SortedFunc(maps.Keys(g), func(a, b service) int {
		client := func(s service) int {
			if s.typ == typeClient {
				return 0
			}
			return 1
		}
		return cmp.Or(cmp.Compare(client(a), client(b)), cmp.Compare(a.name, b.name), cmp.Compare(a.typ, b.typ))
	})
	reference := make(map[service]int, len(order))
	for i, s := range order {
		reference[s] = i
	}
	out := make([]serviceOutput, len(order))
	for i, s := range order {
		v := g[s]
		o := serviceOutput{
			ReferenceID: i, Name: s.name, Names: []string{s.name}, Root: v.root, State: "active",
			StartTime: v.start, EndTime: v.end, Edges: []edgeOutput{},
		}
		if s.typ != "" {
			o.Type = &s.typ
		}
		if s.typ == typeClient {
			o.State = "unknown"
		} else {
			o.SummaryStatistics = &v.summary
			o.DurationHistogram, o.ResponseTimeHistogram = entries(v.times), entries(v.times)
		}
		for called, e := range v.edges {
			o.Edges = append(o.Edges, e.output(reference[called]))
		}
		slices.SortFunc(o.Edges, func(a, b edgeOutput) int { return cmp.Compare(a.ReferenceID, b.ReferenceID) })
		out[i] = o
	}
	return out
}

func (e *connection) output(to int) edgeOutput {
	o := edgeOutput{
		ReferenceID: to, StartTime: e.start, EndTime: e.end, SummaryStatistics: e.summary, Aliases: []struct{}{},
		ResponseTimeHistogram: entries(e.times), ReceivedEventAgeHistogram: entries(e.ages),
	}
	if e.queued {
		o.EdgeType = "link"
	}
	return o
}
