package xray

import (
	"container/list"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/monthend/monthend/trace"
)

const maxViolations = 1000

// store keeps every segment and subsegment as a record of its own, whether it came nested or alone, and builds the trees
// when asked (see tree.go): so a document that comes twice, in parts or in the wrong order makes no difference.
type store struct {
	config Config

	mu         sync.Mutex
	traces     map[string]*kept
	order      *list.List // of *kept, the one that changed last at the back
	bytes      int64      // of all records
	counters   Counters
	violations []trace.Violation
	changed    chan struct{} // closed and replaced at each change
	queued     struct{ packets, bytes int }
}

// kept is one trace.
type kept struct {
	id       string
	records  map[string]record // by segment or subsegment id
	bytes    int64
	exceeded bool // a document was refused
	updated  time.Time
	revision int // how many documents came
	place    *list.Element
}

// record is one segment or subsegment without its children.
type record struct {
	document trace.Document
	parent   string // the document it was nested in, else its parent_id
	segment  bool
	size     int // bytes of its JSON
}

func newStore(c Config) *store {
	return &store{config: c, traces: map[string]*kept{}, order: list.New(), changed: make(chan struct{})}
}

// put keeps a document. The error is for a trace that is full.
func (s *store) put(d trace.Document) error {
	broken := trace.Validate(d)
	records, size := flatten(d)

	s.mu.Lock()
	defer s.mu.Unlock()
	s.report(broken...)
	t := s.traces[d.TraceID]
	if t == nil {
		t = &kept{id: d.TraceID, records: map[string]record{}}
		t.place = s.order.PushBack(t)
		s.traces[d.TraceID] = t
	}
	s.order.MoveToBack(t.place)
	defer s.signal()
	if t.bytes+size > s.config.MaxTraceBytes {
		t.exceeded = true
		s.counters.Refused++
		err := fmt.Errorf("the trace is full: %d bytes kept of at most %d", t.bytes, s.config.MaxTraceBytes)
		s.report(trace.Violation{TraceID: d.TraceID, ID: d.ID, Path: "document", Message: err.Error()})
		return err
	}
	if was, ok := t.records[d.ID]; ok && (d.InProgress || !was.document.InProgress) {
		s.report(trace.Violation{TraceID: d.TraceID, ID: d.ID, Path: "document", Message: repeat(was.document, d)})
	}
	for _, r := range records {
		was, ok := t.records[r.document.ID]
		if ok && !better(r, was) {
			continue
		}
		t.records[r.document.ID] = r
		t.bytes += int64(r.size - was.size)
		s.bytes += int64(r.size - was.size)
	}
	s.counters.Documents++
	t.updated = s.config.Now()
	t.revision++
	for len(s.traces) > s.config.MaxTraces || s.bytes > s.config.MaxBytes && len(s.traces) > 1 {
		s.drop(s.order.Front().Value.(*kept))
	}
	return nil
}

// repeat says how a document came more often than X-Ray allows: at most once in progress, then at most once complete.
func repeat(was, now trace.Document) string {
	switch {
	case !now.InProgress:
		return "sent again after it was complete"
	case was.InProgress:
		return "sent in progress twice"
	}
	return "sent in progress after it was complete"
}

// better: complete beats in progress, then longer beats shorter, then the one that came first stays.
func better(now, was record) bool {
	if now.document.InProgress != was.document.InProgress {
		return was.document.InProgress
	}
	return now.size > was.size
}

// flatten takes a document apart, parents before children, and gives the bytes of all parts.
func flatten(d trace.Document) (records []record, size int64) {
	var walk func(d trace.Document, parent string, segment bool)
	walk = func(d trace.Document, parent string, segment bool) {
		children := d.Subsegments
		d.Subsegments, d.TraceID, d.ParentID, d.Type = nil, "", "", ""
		encoded, _ := json.Marshal(d) // only its length matters, and what was parsed can be encoded
		records = append(records, record{document: d, parent: parent, segment: segment, size: len(encoded)})
		size += int64(len(encoded))
		for _, child := range children {
			walk(child, d.ID, false)
		}
	}
	walk(d, d.ParentID, d.Type != "subsegment")
	return records, size
}

// drop forgets a trace. The lock is held.
func (s *store) drop(t *kept) {
	s.order.Remove(t.place)
	delete(s.traces, t.id)
	s.bytes -= t.bytes
	s.counters.Dropped++
}

// report keeps violations up to a bound. The lock is held.
func (s *store) report(found ...trace.Violation) {
	room := maxViolations - len(s.violations)
	s.violations = append(s.violations, found[:min(room, len(found))]...)
}

// signal wakes whoever waits for a change. The lock is held.
func (s *store) signal() {
	close(s.changed)
	s.changed = make(chan struct{})
}
