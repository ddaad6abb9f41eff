package trace

import (
	"context"
	"maps"
	"sync"
	"sync/atomic"
	"time"
	"unicode"

	"github.com/aws/aws-xray-sdk-go/v2/xray"
)

// Segment is the work of one job in this process, the root of all it tells. All methods are safe on nil and for concurrent
// use.
type Segment struct{ n *node }

// End closes the segment, flagged and explained by err as Class says. The first End counts, later ones do nothing.
// Subsegments still open are not waited for; they may be ended later.
func (s *Segment) End(err error) { s.close(err, nil) }

func (s *Segment) close(err error, stack []uintptr) {
	if s == nil || !s.n.conclude(err, stack) {
		return
	}
	seg := s.n.seg
	seg.Close(nil)
	// With a subsegment open the SDK leaves the sending to a goroutine of its own: sent here, it is queued when End returns.
	seg.Lock()
	defer seg.Unlock()
	s.n.rec.finish(seg)
}

// Discard closes the segment without telling of it: for work that turned out to be none. What its subsegments sent before
// stays sent, so nothing should be told until it is clear that there is something to tell; Past tells it then.
func (s *Segment) Discard() {
	if s == nil || !s.n.conclude(nil, nil) {
		return
	}
	s.n.rec.discard()
	s.n.seg.Close(nil)
	s.n.seg.Lock()
	defer s.n.seg.Unlock()
	s.n.rec.finish(s.n.seg)
}

// Annotate sets an annotation of the segment, as the function Annotate does.
func (s *Segment) Annotate(key string, value any) {
	if s != nil {
		s.n.annotate(key, value)
	}
}

// Metadata sets metadata of the segment, as the function Metadata does.
func (s *Segment) Metadata(key string, value any) {
	if s != nil {
		s.n.metadata(key, value)
	}
}

// SetHTTP tells of the request that the segment serves.
func (s *Segment) SetHTTP(h HTTP) {
	if s != nil {
		s.n.mu.Lock()
		defer s.n.mu.Unlock()
		s.n.http = h.fitting()
	}
}

// Header is the trace header with this segment as Parent, "" for nil.
func (s *Segment) Header() string {
	if s == nil {
		return ""
	}
	return s.n.header()
}

// Guard, deferred, ends the segment when the work panics, tells of the panic and lets it go on.
func (s *Segment) Guard() {
	value := recover()
	if value == nil {
		return
	}
	s.close(panicked{value}, callers())
	panic(value)
}

// TraceID is the trace that the segment belongs to, "" for nil.
func (s *Segment) TraceID() string {
	if s == nil {
		return ""
	}
	return s.n.seg.TraceID
}

// Sampled reports whether sampling keeps the trace, which is what others are told. Keep may have it kept all the same.
func (s *Segment) Sampled() bool { return s != nil && s.n.rec.head }

// node is one segment or subsegment: the SDK's half and what the SDK has no place for.
type node struct {
	seg    *xray.Segment
	rec    *recording
	parent *node // nil for the root
	ended  atomic.Bool

	mu      sync.Mutex
	sql     *SQL
	http    *HTTP
	aws     map[string]any
	cause   *Cause
	failed  []failure // of the children, for linking to; at most maxFailed
	running uintptr   // entry of the function that the subsegment spans, 0 when unknown

	began, over time.Time // of work in the past, else zero: the SDK knows the times
}

type nodeKey struct{}

// attach makes n the one that ctx's work belongs to.
func (n *node) attach(ctx context.Context) context.Context {
	return context.WithValue(ctx, nodeKey{}, n)
}

// current is the node that ctx's work belongs to, nil without one and below Silent.
func current(ctx context.Context) *node {
	n, _ := ctx.Value(nodeKey{}).(*node)
	return n
}

// Silent is ctx without its segment: for work that runs within a job but is no part of its story, such as heartbeats, polls
// and lease queries. Everything in this package does nothing under it.
func Silent(ctx context.Context) context.Context { return (*node)(nil).attach(ctx) }

// ID is the trace id of ctx's segment, "" without one.
func ID(ctx context.Context) string {
	if n := current(ctx); n != nil {
		return n.seg.TraceID
	}
	return ""
}

// Header is the trace header to send with what ctx's work asks of others, "" without a segment: the current subsegment as
// Parent, and Sampled=0 when sampling leaves the trace out, whatever is held or kept meanwhile.
func Header(ctx context.Context) string {
	if n := current(ctx); n != nil {
		return n.header()
	}
	return ""
}

func (n *node) header() string {
	return header{root: n.seg.TraceID, parent: n.seg.ID, sampled: n.decision(), lineage: n.rec.lineage}.String()
}

// document is n as it travels. The caller holds the SDK's lock on seg.
func (n *node) document() Document {
	seg := n.seg
	d := Document{
		Name: seg.Name, ID: seg.ID, TraceID: seg.TraceID, ParentID: seg.ParentID, Type: seg.Type,
		StartTime: seg.StartTime, EndTime: max(seg.StartTime, seg.EndTime), // the clock may have been set back
		Namespace: seg.Namespace, Origin: seg.Origin,
		Error: seg.Error, Fault: seg.Fault, Throttle: seg.Throttle,
		Annotations: seg.Annotations, Metadata: encoded(seg.Metadata),
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.began.IsZero() {
		d.StartTime = float64(n.began.UnixMicro()) / 1e6
		d.EndTime = max(d.StartTime, float64(n.over.UnixMicro())/1e6)
	}
	d.SQL, d.HTTP, d.Cause = n.sql, n.http, n.cause
	d.AWS = maps.Clone(n.aws)
	if n.parent == nil {
		d.AWS = maps.Clone(seg.AWS) // says which SDK this is
		if n.rec.rule != "" {
			d.AWS["xray"] = xray.SDK{Version: xray.SDKVersion, Type: xray.SDKType, RuleName: n.rec.rule}
		}
		d.Service = map[string]any{"runtime": seg.GetService().Runtime, "runtime_version": seg.GetService().RuntimeVersion}
		if n.rec.version != "" {
			d.Service["version"] = n.rec.version
		}
	}
	return d
}

// cleanName makes s a name that X-Ray takes: at most 200 bytes of letters, digits, spaces and some punctuation.
func cleanName(s string) string {
	if len(s) <= maxName && namePattern.MatchString(s) {
		return s
	}
	var clean []rune
	size := 0
	for _, r := range s {
		if r == unicode.ReplacementChar || !namePattern.MatchString(string(r)) {
			r = '_'
		}
		if size += len(string(r)); size > maxName {
			break
		}
		clean = append(clean, r)
	}
	if len(clean) == 0 {
		return "unnamed"
	}
	return string(clean)
}
