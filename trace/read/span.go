package read

import (
	"encoding/json"
	"time"
)

// Span is one row of a trace as JSON; rows come depth first, so Depth alone draws the tree.
type Span struct {
	TraceID     string                                `json:"trace_id"`
	ID          string                                `json:"id"`
	ParentID    string                                `json:"parent_id,omitempty"` // of the span above it, or of the one that is missing
	Depth       int                                   `json:"depth"`               // 0 for a root
	Kind        string                                `json:"kind"`                // "segment" or "subsegment"
	Name        string                                `json:"name"`
	Namespace   string                                `json:"namespace,omitempty"` // "aws", "remote" or ""
	Operation   string                                `json:"operation,omitempty"` // of an AWS call
	Query       string                                `json:"query,omitempty"`     // SQL with placeholders
	Start       time.Time                             `json:"start"`               // RFC 3339, UTC
	DurationMS  float64                               `json:"duration_ms"`         // 0 while in progress
	Status      string                                `json:"status"`              // "ok", "error", "fault" or "throttle"
	Message     string                                `json:"message,omitempty"`   // of the exception that was recorded first
	InProgress  bool                                  `json:"in_progress,omitempty"`
	Partial     bool                                  `json:"partial,omitempty"`      // its parent is not in the trace
	SlowestPath bool                                  `json:"slowest_path,omitempty"` // on the way from the root that took longest
	Annotations map[string]any                        `json:"annotations,omitempty"`
	Metadata    map[string]map[string]json.RawMessage `json:"metadata,omitempty"`
}

// Spans gives the rows of a trace; empty, not nil, when there are none.
func (t Trace) Spans() []Span {
	spans := []Span{}
	above, path := map[*Node]string{}, slowest(t)
	for n, depth := range t.Nodes() {
		d := n.Document
		for _, c := range n.Children {
			above[c] = d.ID
		}
		s := Span{
			TraceID: t.ID, ID: d.ID, ParentID: above[n], Depth: depth, Kind: "subsegment", Name: d.Name, Namespace: d.Namespace,
			Operation: operation(n), Start: d.Start(), DurationMS: float64(d.Duration().Microseconds()) / 1000,
			Status: d.Status(), Message: message(n), InProgress: d.InProgress, Partial: n.Partial, SlowestPath: path[n], Annotations: d.Annotations, Metadata: d.Metadata,
		}
		if n.Segment {
			s.Kind = "segment"
		}
		if n.Partial {
			s.ParentID = d.ParentID
		}
		if d.SQL != nil {
			s.Query = d.SQL.SanitizedQuery
		}
		spans = append(spans, s)
	}
	return spans
}

func operation(n *Node) string {
	s, _ := n.Document.AWS["operation"].(string)
	return s
}

func message(n *Node) string {
	if c := n.Document.Cause; c != nil && len(c.Exceptions) > 0 {
		return c.Exceptions[0].Message
	}
	return ""
}
