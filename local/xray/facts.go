package xray

import (
	"maps"
	"math"

	"github.com/monthend/monthend/trace"
	"github.com/monthend/monthend/trace/read/filter"
)

// entry is the place of the first segment of a trace: the root, else the earliest; -1 when there is none.
func (a anatomy) entry() int {
	first := -1
	for i, p := range a.parts {
		switch {
		case p.inferred || p.service.typ == typeClient:
		case first < 0 || p.root && !a.parts[first].root:
			first = i
		}
	}
	return first
}

// facts are what a filter may ask about a trace. As a whole it has the flags of every segment that was sent, in whatever
// service: a failure behind a queue counts, one that a service met in a call and coped with does not. Its times and its
// request are those of the entry.
func facts(t assembled, a anatomy) filter.Trace {
	var f filter.Trace
	if i := a.entry(); i >= 0 {
		f.Facts = describe(a.parts[i].document)
		f.Error, f.Throttle, f.Fault = false, false, false
	}
	f.Users, f.Annotations = nil, map[string][]any{}
	for _, p := range a.parts {
		if p.service.typ == typeClient {
			continue
		}
		s := filter.Service{Name: p.service.name, Type: p.service.typ, Facts: describe(p.document)}
		s.Inferred, s.Root, s.First, s.Last, s.Remote = p.inferred, p.root, p.root || !p.called, !p.calling, p.service.typ == typeRemote
		f.Services = append(f.Services, s)
		if p.inferred {
			continue
		}
		f.Error, f.Throttle, f.Fault = f.Error || s.Error, f.Throttle || s.Throttle, f.Fault || s.Fault
		f.Users = append(f.Users, s.Users...)
		for key, values := range s.Annotations {
			f.Annotations[key] = append(f.Annotations[key], values...)
		}
	}
	for _, l := range a.links {
		from, to := a.parts[l.from].service, a.parts[l.to].service
		f.Edges = append(f.Edges, filter.Edge{
			From: filter.Service{Name: from.name, Type: from.typ}, To: filter.Service{Name: to.name, Type: to.typ}, Facts: describe(l.document),
		})
	}
	f.Partial, f.Duration, f.Root, f.First = a.partial, t.duration, true, true
	return f
}

// describe is what one document says of itself, its subsegments' annotations and users with it.
func describe(d trace.Document) filter.Facts {
	f := filter.Facts{
		Error: d.Error, Throttle: d.Throttle, Fault: d.Fault, Partial: d.InProgress, Annotations: map[string][]any{},
		ResponseTime: math.Max(0, d.EndTime-d.StartTime), Duration: math.Max(0, d.EndTime-d.StartTime),
	}
	if d.HTTP != nil && d.HTTP.Request != nil {
		r := d.HTTP.Request
		f.HTTPURL, f.HTTPMethod, f.HTTPAgent, f.HTTPIP = r.URL, r.Method, r.UserAgent, r.ClientIP
	}
	if d.HTTP != nil && d.HTTP.Response != nil {
		f.HTTPStatus = d.HTTP.Response.Status
	}
	var gather func(d trace.Document)
	gather = func(d trace.Document) {
		if d.User != "" {
			f.Users = append(f.Users, d.User)
		}
		for key, value := range maps.All(d.Annotations) {
			f.Annotations[key] = append(f.Annotations[key], value)
		}
		for _, sub := range d.Subsegments {
			gather(sub)
		}
	}
	gather(d)
	return f
}
