package xray

import (
	"fmt"

	"github.com/monthend/monthend/trace/read/filter"
)

type traceSummariesInput struct {
	StartTime, EndTime float64
	TimeRangeType      string // TraceId, Event or Service; "" is TraceId
	FilterExpression   string
	NextToken          string
}

type traceSummariesOutput struct {
	TraceSummaries       []traceSummary
	ApproximateTime      float64
	TracesProcessedCount int
	NextToken            string `json:",omitempty"`
}

// traceSummary is a trace in short; times are seconds since 1970.
type traceSummary struct {
	ID                 string `json:"Id"`
	StartTime          float64
	Duration           float64
	ResponseTime       float64
	HasError, HasFault bool
	HasThrottle        bool
	IsPartial          bool
	HTTP               *httpSummary `json:"Http,omitempty"`
	Annotations        map[string][]annotationValue
	Users              []userSummary
	ServiceIDs         []serviceID `json:"ServiceIds"`
	EntryPoint         *serviceID  `json:",omitempty"`
	Revision           int
	MatchedEventTime   float64
}

type httpSummary struct {
	HTTPURL    string `json:"HttpURL,omitempty"`
	HTTPStatus int    `json:"HttpStatus,omitempty"`
	HTTPMethod string `json:"HttpMethod,omitempty"`
	UserAgent  string `json:",omitempty"`
	ClientIP   string `json:"ClientIp,omitempty"`
}

type serviceID struct {
	Name  string
	Names []string
	Type  *string `json:",omitempty"`
}

type userSummary struct {
	UserName   string
	ServiceIDs []serviceID `json:"ServiceIds"`
}

// annotationValue is one value of a key, in the one field that fits it.
type annotationValue struct {
	AnnotationValue struct {
		StringValue  *string  `json:",omitempty"`
		NumberValue  *float64 `json:",omitempty"`
		BooleanValue *bool    `json:",omitempty"`
	}
	ServiceIDs []serviceID `json:"ServiceIds"`
}

// traceSummaries finds traces by time and filter, the oldest first. Sampling is not looked at: all that fit are given.
func (s *Server) traceSummaries(in *traceSummariesInput) (any, error) {
	if err := checkTimes(in.StartTime, in.EndTime, maxSummaryHours); err != nil {
		return nil, err
	}
	when, ok := ranges[in.TimeRangeType]
	if !ok {
		return nil, fmt.Errorf("TimeRangeType %.20q: not TraceId, Event or Service", in.TimeRangeType)
	}
	expression, err := filter.Parse(in.FilterExpression)
	if err != nil {
		return nil, err
	}
	after, err := parseToken(in.NextToken)
	if err != nil {
		return nil, err
	}
	out := traceSummariesOutput{TraceSummaries: []traceSummary{}, ApproximateTime: epoch(s.config.Now())}
	for _, t := range s.store.all() {
		at, ok := when(t, in.StartTime, in.EndTime)
		if !ok || !after.before(t) {
			continue
		}
		out.TracesProcessedCount++
		a := dissect(t.segments)
		if !expression.Match(facts(t, a)) {
			continue
		}
		if len(out.TraceSummaries) == s.config.PageSize {
			out.NextToken = tokenAfter(out.TraceSummaries[s.config.PageSize-1])
			break
		}
		out.TraceSummaries = append(out.TraceSummaries, summarize(t, a, at))
	}
	return out, nil
}

// ranges say when a trace counts as having been, [from, to) in seconds since 1970, and whether that is so.
var ranges = map[string]func(t assembled, from, to float64) (at float64, ok bool){
	"":        startedWithin,
	"TraceId": startedWithin,
	"Event": func(t assembled, from, to float64) (float64, bool) {
		return t.updated, t.updated >= from && t.updated < to
	},
	"Service": func(t assembled, from, to float64) (float64, bool) {
		for _, d := range t.segments {
			if d.EndTime >= from && d.EndTime < to {
				return d.EndTime, true
			}
		}
		return 0, false
	},
}

func startedWithin(t assembled, from, to float64) (float64, bool) {
	return t.start, t.start >= from && t.start < to
}

// summarize puts a trace in short.
func summarize(t assembled, a anatomy, at float64) traceSummary {
	f := facts(t, a)
	sum := traceSummary{
		ID: t.id, StartTime: t.start, Duration: t.duration, ResponseTime: f.ResponseTime, HasError: f.Error, HasFault: f.Fault,
		HasThrottle: f.Throttle, IsPartial: f.Partial, Annotations: map[string][]annotationValue{}, Users: []userSummary{},
		ServiceIDs: []serviceID{}, Revision: t.revision, MatchedEventTime: at,
	}
	if f.HTTPURL != "" || f.HTTPStatus != 0 || f.HTTPMethod != "" {
		sum.HTTP = &httpSummary{f.HTTPURL, f.HTTPStatus, f.HTTPMethod, f.HTTPAgent, f.HTTPIP}
	}
	seen := map[service]bool{}
	for i, p := range a.parts {
		if p.service.typ == typeClient {
			continue
		}
		id := identify(p.service)
		if i == a.entry() {
			sum.EntryPoint = &id
		}
		if !seen[p.service] {
			seen[p.service] = true
			sum.ServiceIDs = append(sum.ServiceIDs, id)
		}
		if !p.inferred {
			sum.annotate(p.document, id)
		}
	}
	return sum
}

func identify(s service) serviceID {
	id := serviceID{Name: s.name, Names: []string{s.name}}
	if s.typ != "" {
		id.Type = &s.typ
	}
	return id
}
