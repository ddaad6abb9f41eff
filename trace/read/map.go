package read

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"
)

// clientType is the type of the node that stands for whoever called a first service.
const clientType = "client"

// Map is who called whom within a time.
type Map struct {
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	Services []Service `json:"services"` // clients first, then by name and type
}

// Service is one node: a service of ours, or a database, a queue, a store that one of ours called.
type Service struct {
	Name  string `json:"name"`
	Type  string `json:"type,omitempty"` // "client", "Database::SQL", "AWS::SQS::Queue", …; "" where the service does not say
	Entry bool   `json:"entry"`          // a client calls it
	Load
	Calls []Call `json:"calls"` // by the place of the callee in Services
}

// Call is an edge: from the service it stands in to another.
type Call struct {
	To     int  `json:"to"`     // place in Services
	Queued bool `json:"queued"` // through a queue, from which it was received later
	Load
	WaitMS float64 `json:"wait_p50_ms,omitempty"` // how long half of the messages had waited at the most

	waits histogram
}

// Load is how many requests there were and how they went, each counted once. Times are milliseconds.
type Load struct {
	Requests  int64   `json:"requests"`
	OK        int64   `json:"ok"`
	Errors    int64   `json:"errors"`
	Throttles int64   `json:"throttles"`
	Faults    int64   `json:"faults"`
	AverageMS float64 `json:"average_ms"`
	P50MS     float64 `json:"p50_ms"`
	P95MS     float64 `json:"p95_ms"`

	seconds float64
	times   histogram
}

// Status is the worst that happened: "fault", "throttle", "error" or "ok".
func (l Load) Status() string {
	switch {
	case l.Faults > 0:
		return "fault"
	case l.Throttles > 0:
		return "throttle"
	case l.Errors > 0:
		return "error"
	}
	return "ok"
}

// Map reads the service map of a time, [from, to).
func (c *Client) Map(ctx context.Context, from, to time.Time) (Map, error) {
	a := atlas{}
	err := windows(ctx, from, to, func(from, to time.Time) (bool, error) {
		var all []types.Service
		pages := xray.NewGetServiceGraphPaginator(c.xray, &xray.GetServiceGraphInput{StartTime: &from, EndTime: &to})
		for page := 0; pages.HasMorePages() && page < maxPages; page++ {
			out, err := pages.NextPage(ctx)
			if err != nil {
				return false, asking("read the service map", err)
			}
			all = append(all, out.Services...)
		}
		a.add(all)
		return true, nil
	})
	if err != nil {
		return Map{}, err
	}
	m := a.draw()
	m.From, m.To = from.UTC(), to.UTC()
	return m, nil
}

// identity tells services apart across answers, whose references are their own.
type identity struct{ name, typ string }

// atlas puts the maps of several times together.
type atlas map[identity]*place

type place struct {
	entry bool
	load  Load
	calls map[identity]*Call
}

func (a atlas) at(id identity) *place {
	p := a[id]
	if p == nil {
		p = &place{calls: map[identity]*Call{}}
		a[id] = p
	}
	return p
}

func (a atlas) add(services []types.Service) {
	byReference := map[int32]identity{}
	for _, s := range services {
		byReference[aws.ToInt32(s.ReferenceId)] = identity{aws.ToString(s.Name), aws.ToString(s.Type)}
	}
	for _, s := range services {
		p := a.at(identity{aws.ToString(s.Name), aws.ToString(s.Type)})
		p.entry = p.entry || aws.ToBool(s.Root)
		if u := s.SummaryStatistics; u != nil {
			p.load.add(load(u.OkCount, u.ErrorStatistics, u.FaultStatistics, u.TotalCount, u.TotalResponseTime, s.ResponseTimeHistogram))
		}
		for _, e := range s.Edges {
			to, known := byReference[aws.ToInt32(e.ReferenceId)]
			if !known { // on another page, or nowhere
				continue
			}
			call := p.calls[to]
			if call == nil {
				call = &Call{}
				p.calls[to] = call
			}
			call.Queued = call.Queued || aws.ToString(e.EdgeType) == "link"
			call.waits.add(e.ReceivedEventAgeHistogram)
			if u := e.SummaryStatistics; u != nil {
				call.add(load(u.OkCount, u.ErrorStatistics, u.FaultStatistics, u.TotalCount, u.TotalResponseTime, e.ResponseTimeHistogram))
			}
		}
	}
}

// draw gives every service its place.
func (a atlas) draw() Map {
	var order []identity
	for id := range a {
		order = append(order, id)
	}
	slices.SortFunc(order, func(x, y identity) int {
		return cmp.Or(-cmp.Compare(boolInt(x.typ == clientType), boolInt(y.typ == clientType)), cmp.Compare(x.name, y.name), cmp.Compare(x.typ, y.typ))
	})
	m := Map{Services: make([]Service, len(order))}
	for i, id := range order {
		p := a[id]
		s := Service{Name: id.name, Type: id.typ, Entry: p.entry, Load: p.load.measured(), Calls: []Call{}}
		for to, call := range p.calls {
			c := *call
			c.Load, c.To, c.WaitMS = call.measured(), slices.Index(order, to), milliseconds(call.waits.quantile(0.5))
			s.Calls = append(s.Calls, c)
		}
		slices.SortFunc(s.Calls, func(x, y Call) int { return cmp.Compare(x.To, y.To) })
		m.Services[i] = s
	}
	return m
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
