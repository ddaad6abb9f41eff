package filter

// Facts are what an expression may ask about a trace as a whole, about one segment in it, or about one call between two.
type Facts struct {
	Error, Throttle, Fault bool
	Partial                bool // something of it is still in progress, or missing
	Inferred               bool // made up for a called service that sent nothing itself
	First, Last            bool // nothing called it; it called nothing
	Remote                 bool // reached over HTTP, outside of AWS
	Root                   bool // the entry of its trace

	ResponseTime float64 // seconds until it answered
	Duration     float64 // seconds, with everything that it led to

	HTTPStatus                             int // 0 when there is none
	HTTPURL, HTTPMethod, HTTPAgent, HTTPIP string

	Users       []string
	Annotations map[string][]any // string, float64 or bool
}

// Service is one segment, sent or inferred, by the names of the service that it belongs to.
type Service struct {
	Facts
	Name, Type, AccountID string
}

// Edge is one call from a service to another.
type Edge struct {
	Facts
	From, To Service // their facts are not asked for
}

// Trace is what an expression is matched against.
type Trace struct {
	Facts
	Services []Service
	Edges    []Edge
}
