package sqs

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Kind is what a Fault does.
type Kind string

// The faults. Duplicate and Reorder strike what ReceiveMessage delivers from standard queues (a FIFO queue never does either);
// the others strike whole requests.
const (
	Duplicate   Kind = "duplicate"   // a delivered message is also delivered to the next receive, with its own receipt handle; deleting one leaves the other
	Reorder     Kind = "reorder"     // the oldest 100 visible messages are mixed before the receive takes any
	Throttle    Kind = "throttle"    // refused with RequestThrottled; nothing happened
	Unavailable Kind = "unavailable" // refused with HTTP 503; nothing happened
	Denied      Kind = "denied"      // refused with AccessDenied, as without the right to it; nothing happened
	Slow        Kind = "slow"        // it happened, and the answer comes after Delay
	Lost        Kind = "lost"        // it happened, and the connection is cut instead of an answer
)

// Fault is one thing that goes wrong on purpose. It counts the requests it fits (for Duplicate: the messages delivered by them)
// and strikes some.
type Fault struct {
	Kind        Kind
	Operation   string        // such as DeleteMessage; "" is every operation
	Queue       string        // a queue's name; "" is every queue, and requests that name none
	After       int           // the first ones to let pass
	Count       int           // how often it strikes at most; 0 is without end
	Probability float64       // of each strike, drawn from the server's seeded source; 0 is 1
	Delay       time.Duration // of a Slow answer
}

func (f Fault) check() error {
	delivery := f.Kind == Duplicate || f.Kind == Reorder
	_, known := operations[f.Operation]
	switch {
	case !slices.Contains([]Kind{Duplicate, Reorder, Throttle, Unavailable, Denied, Slow, Lost}, f.Kind):
		return fmt.Errorf("fault: kind %q is unknown", f.Kind)
	case f.Operation != "" && !known:
		return fmt.Errorf("fault %s: operation %q is unknown", f.Kind, f.Operation)
	case delivery && f.Operation != "" && f.Operation != "ReceiveMessage":
		return fmt.Errorf("fault %s: strikes ReceiveMessage, not %s", f.Kind, f.Operation)
	case f.Probability < 0 || f.Probability > 1:
		return fmt.Errorf("fault %s: probability %v is outside 0 to 1", f.Kind, f.Probability)
	case f.After < 0 || f.Count < 0:
		return fmt.Errorf("fault %s: a count is negative", f.Kind)
	case (f.Kind == Slow) != (f.Delay > 0):
		return fmt.Errorf("fault %s: a delay belongs to slow, and slow needs one", f.Kind)
	}
	return nil
}

// Injection is a Fault in force.
type Injection struct {
	fault        Fault
	server       *Server
	seen, struck int
}

// Inject puts a fault in force from the next request on.
func (s *Server) Inject(f Fault) (*Injection, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i := &Injection{fault: f, server: s}
	s.injections = append(s.injections, i)
	return i, nil
}

// Remove ends the fault.
func (i *Injection) Remove() {
	i.server.mu.Lock()
	defer i.server.mu.Unlock()
	i.server.injections = slices.DeleteFunc(i.server.injections, func(other *Injection) bool { return other == i })
}

// Struck is how often the fault struck so far.
func (i *Injection) Struck() int {
	i.server.mu.Lock()
	defer i.server.mu.Unlock()
	return i.struck
}

// strikes says whether any fault of this kind hits now, and counts; s.mu is held.
func (s *Server) strikes(kind Kind, operation, queue string) (Fault, bool) {
	for _, i := range s.injections {
		f := i.fault
		if f.Kind != kind || f.Operation != "" && f.Operation != operation || f.Queue != "" && f.Queue != queue {
			continue
		}
		i.seen++
		if i.seen <= f.After || f.Count > 0 && i.struck >= f.Count {
			continue
		}
		if f.Probability > 0 && s.random.Float64() >= f.Probability {
			continue
		}
		i.struck++
		return f, true
	}
	return Fault{}, false
}

// strike is what goes wrong with one request.
type strike struct {
	throttled, unavailable, denied, lost bool

	delay time.Duration
}

func (s *Server) strike(operation string, body []byte) strike {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.injections) == 0 {
		return strike{}
	}
	var in queueURL
	_ = json.Unmarshal(body, &in) // a body that is not JSON is refused later, by the operation
	queue := in.QueueUrl[strings.LastIndex(in.QueueUrl, "/")+1:]
	var hit strike
	if _, hit.throttled = s.strikes(Throttle, operation, queue); hit.throttled {
		return hit
	}
	if _, hit.unavailable = s.strikes(Unavailable, operation, queue); hit.unavailable {
		return hit
	}
	if _, hit.denied = s.strikes(Denied, operation, queue); hit.denied {
		return hit
	}
	slow, _ := s.strikes(Slow, operation, queue)
	hit.delay = slow.Delay
	_, hit.lost = s.strikes(Lost, operation, queue)
	return hit
}

// refusal is the error to answer with before anything happens, or nil.
func (h strike) refusal() error {
	switch {
	case h.throttled:
		return failure(http.StatusBadRequest, "RequestThrottled", "The request was denied due to request throttling.")
	case h.unavailable:
		return failure(http.StatusServiceUnavailable, "ServiceUnavailable", "The service is temporarily unavailable.")
	case h.denied: // before any parameter is looked at
		return &apiError{shape: "AccessDeniedException", code: "AccessDenied", status: http.StatusForbidden,
			message: "The caller is not authorized to perform this action, because no policy allows it."}
	}
	return nil
}

// reorder mixes a standard queue where a fault says so.
func (s *Server) reorder(q *queue) {
	l, ok := q.shelf.(*loose)
	if !ok {
		return
	}
	if _, hit := s.strikes(Reorder, "ReceiveMessage", q.name); hit {
		l.shuffle(s.now(), s.random)
	}
}

// duplicate leaves a second copy of a delivered message, as if one of SQS's servers had not heard of the receive.
func (s *Server) duplicate(q *queue, m *message) {
	if q.fifo {
		return
	}
	if _, hit := s.strikes(Duplicate, "ReceiveMessage", q.name); !hit {
		return
	}
	twin := *m
	twin.visible, twin.received, twin.placement = m.received, time.Time{}, nil
	q.add(s, &twin)
}
