package trace

import (
	"context"
	"strconv"
	"time"

	sdkheader "github.com/aws/aws-xray-sdk-go/v2/header"
	"github.com/aws/aws-xray-sdk-go/v2/xray"
)

// maxTraceAge is how old a trace id may be and still be continued. X-Ray takes documents for a trace for 7 days; a day is left
// for the job itself.
const maxTraceAge = 6 * 24 * time.Hour

// BeginOptions are what the beginner of a segment knows of it.
type BeginOptions struct {
	ForceSample bool // a person asked: keep it unless the header says no
	Brief       bool // keep the phases and what went wrong, no other SQL or AWS calls: for the fifth attempt and later
}

// Begin begins a segment, called name or else Config.Name, that continues the trace of header ("" when nobody sent one). A
// header that is not valid begins a new trace with the annotation trace_parent = "invalid"; one whose trace is older than
// six days begins a new trace with that id as the annotation parent_trace, and its decision still stands.
//
// The segment lives in the context returned and must be ended by its End. It is apart from ctx's cancellation: work cut off
// is told as well. With tracing off ctx comes back as it was, and the nil Segment may be used all the same.
func (t *Tracer) Begin(ctx context.Context, name, header string, opts BeginOptions) (context.Context, *Segment) {
	if t == nil || t.sender == nil || xray.SdkDisabled() {
		return ctx, nil
	}
	from, invalid := incoming(header)
	parentTrace := ""
	if from.root != "" && t.tooOld(from.root) {
		parentTrace = from.root
		from.root, from.parent = "", ""
	}
	if name == "" {
		name = t.name
	}

	r := newRecording(t.sender, t.count)
	r.brief = opts.Brief
	r.lineage = from.lineage
	r.version = t.version
	// Cancelled, the SDK would send the unfinished root again with each subsegment that closes.
	apart := context.WithValue(context.WithoutCancel(ctx), xray.RecorderContextKey{}, sdkConfig(r))
	_, seg := xray.NewSegmentFromHeader(apart, cleanName(name), anyRequest(), &sdkheader.Header{
		TraceID: from.root, ParentID: from.parent, SamplingDecision: sdkheader.Sampled,
	})
	r.keep = t.decide(from.sampled, seg.TraceID, opts)

	n := r.node(seg, nil)
	s := &Segment{n}
	if invalid != nil {
		s.Annotate("trace_parent", "invalid")
		s.Metadata("trace_parent", invalid.Error())
	}
	if parentTrace != "" {
		s.Annotate("parent_trace", parentTrace)
	}
	return n.attach(context.WithValue(ctx, xray.ContextKey, seg)), s
}

// incoming is the header, or the zero header and why it is not valid.
func incoming(text string) (header, error) {
	if text == "" {
		return header{}, nil
	}
	return parseHeader(text)
}

// decide is the sampling decision: the sender's, else the person's, else the rate's.
func (t *Tracer) decide(sampled, traceID string, opts BeginOptions) bool {
	switch {
	case sampled != "":
		return sampled == "1"
	case opts.ForceSample:
		return true
	}
	// The random part of the id decides, so that every process with the same rate decides the same for one trace.
	random, err := strconv.ParseUint(traceID[len(traceID)-8:], 16, 32)
	return err != nil || float64(random) < t.rate*(1<<32)
}

// tooOld reports whether the time in a valid trace id lies more than maxTraceAge ago.
func (t *Tracer) tooOld(traceID string) bool {
	seconds, err := strconv.ParseInt(traceID[2:10], 16, 64)
	return err == nil && t.now().Sub(time.Unix(seconds, 0)) > maxTraceAge
}
