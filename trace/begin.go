package trace

import (
	"context"
	"strconv"
	"time"

	sdkheader "github.com/aws/aws-xray-sdk-go/v2/header"
	"github.com/aws/aws-xray-sdk-go/v2/xray"

	"github.com/monthend/monthend/trace/sampling"
)

// maxTraceAge is how old a trace id may be and still be continued. X-Ray takes documents for a trace for 7 days; a day is left
// for the job itself.
const maxTraceAge = 6 * 24 * time.Hour

// BeginOptions are what the beginner of a segment knows of it.
type BeginOptions struct {
	ForceSample bool // a person asked: keep it unless the header says no
	Brief       bool // keep the phases and what went wrong, no other SQL or AWS calls: for the fifth attempt and later

	// Apart begins a trace of its own even though the header could be continued, with the header's ids as the annotations
	// parent_trace and parent_id: for one of so many jobs of one asking that no trace could hold them all.
	Apart bool

	// What sampling rules match beside the segment's name; "" matches every rule.
	Host   string // of an HTTP request
	Method string // of an HTTP request
	Path   string // of an HTTP request, or "/" and the name of a report
}

// Begin begins a segment, called name or else Config.Name, that continues the trace of header ("" when nobody sent one). A
// header that is not valid begins a new trace with the annotation trace_parent = "invalid"; one whose trace is older than
// six days begins a new trace with its ids as the annotations parent_trace and parent_id, and its decision still stands.
//
// The segment lives in the context returned and must be ended by its End. It is apart from ctx's cancellation: work cut off
// is told as well. With tracing off ctx comes back as it was, and the nil Segment may be used all the same.
func (t *Tracer) Begin(ctx context.Context, name, header string, opts BeginOptions) (context.Context, *Segment) {
	if t.off() {
		return ctx, nil
	}
	from, invalid := incoming(header)
	asker := from
	if from.root != "" && (opts.Apart || t.tooOld(from.root)) {
		from.root, from.parent = "", ""
	}
	if name == "" {
		name = t.name
	}

	r := newRecording(t.out)
	r.brief = opts.Brief
	r.partial = from.sampled == "0"
	r.lineage = from.lineage
	r.version = t.version
	// Cancelled, the SDK would send the unfinished root again with each subsegment that closes.
	apart := context.WithValue(context.WithoutCancel(ctx), xray.RecorderContextKey{}, sdkConfig(r))
	_, seg := xray.NewSegmentFromHeader(apart, cleanName(name), anyRequest(), &sdkheader.Header{
		TraceID: from.root, ParentID: from.parent, SamplingDecision: sdkheader.Sampled,
	})
	r.head, r.rule = t.decide(from.sampled, seg.TraceID, seg.Name, opts)

	n := r.node(seg, nil)
	s := &Segment{n}
	if invalid != nil {
		s.Annotate("trace_parent", "invalid")
		s.Metadata("trace_parent", invalid.Error())
	}
	if asker.root != from.root {
		s.Annotate("parent_trace", asker.root)
		if asker.parent != "" {
			s.Annotate("parent_id", asker.parent)
		}
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

// decide is the sampling decision, and the rule that made it: the sender's, else the person's, else the rate's, else the rules'.
func (t *Tracer) decide(sampled, traceID, name string, opts BeginOptions) (keep bool, rule string) {
	switch {
	case sampled != "":
		return sampled == "1", ""
	case opts.ForceSample:
		return true, ""
	case t.rate != nil:
		return chance(traceID) < *t.rate, ""
	case t.sampler == nil:
		return true, ""
	}
	d := t.sampler.Sample(sampling.Request{
		Service: name, Host: opts.Host, Method: opts.Method, Path: opts.Path, Chance: chance(traceID),
	})
	return d.Sample, d.Rule
}

// chance is a number from 0 up to 1 that the random part of a trace id holds: every process with one rate decides the same
// for one trace.
func chance(traceID string) float64 {
	random, err := strconv.ParseUint(traceID[len(traceID)-8:], 16, 32)
	if err != nil { // not reached: the id is the SDK's or was checked
		return 0
	}
	return float64(random) / (1 << 32)
}

// tooOld reports whether the time in a valid trace id lies more than maxTraceAge ago.
func (t *Tracer) tooOld(traceID string) bool {
	seconds, err := strconv.ParseInt(traceID[2:10], 16, 64)
	return err == nil && t.now().Sub(time.Unix(seconds, 0)) > maxTraceAge
}
