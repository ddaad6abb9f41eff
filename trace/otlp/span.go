package otlp

import (
	"encoding/hex"
	"strings"
	"time"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/monthend/monthend/trace"
)

const sampled = 1 // W3C's trace flag

// translate appends d and its subsegments as spans. What is in progress is left out: a span is sent once, when it is over.
func translate(spans []*tracepb.Span, d trace.Document, traceID, parentID string, root bool) []*tracepb.Span {
	if d.InProgress || d.EndTime == 0 {
		return spans
	}
	s := &tracepb.Span{
		TraceId:           traceBytes(traceID),
		SpanId:            spanBytes(d.ID),
		ParentSpanId:      spanBytes(parentID),
		Flags:             sampled,
		Name:              d.Name,
		Kind:              kind(d, root),
		StartTimeUnixNano: nanoseconds(d.Start()),
		EndTimeUnixNano:   nanoseconds(d.End()),
		Attributes:        attributesOf(d),
		Status:            status(d),
	}
	if d.Cause != nil {
		for _, e := range d.Cause.Exceptions {
			s.Events = append(s.Events, event(e, s.EndTimeUnixNano))
		}
	}
	for _, l := range d.Links {
		var about attributes
		about.all("", l.Attributes)
		s.Links = append(s.Links, &tracepb.Span_Link{TraceId: traceBytes(l.TraceID), SpanId: spanBytes(l.ID), Attributes: about})
	}
	spans = append(spans, s)
	for _, child := range d.Subsegments { // nesting is the truth, whatever the child says of its parent
		spans = translate(spans, child, traceID, d.ID, false)
	}
	return spans
}

// kind is SERVER for a segment that serves HTTP, CONSUMER for one that continues a message, PRODUCER for sending one,
// CLIENT for other calls.
func kind(d trace.Document, root bool) tracepb.Span_SpanKind {
	switch {
	case root && d.HTTP != nil:
		return tracepb.Span_SPAN_KIND_SERVER
	case root && d.ParentID != "":
		return tracepb.Span_SPAN_KIND_CONSUMER
	case d.Namespace == "aws" && sends(d):
		return tracepb.Span_SPAN_KIND_PRODUCER
	case d.Namespace != "":
		return tracepb.Span_SPAN_KIND_CLIENT
	}
	return tracepb.Span_SPAN_KIND_INTERNAL
}

// sends reports whether d sends messages.
func sends(d trace.Document) bool {
	operation, _ := d.AWS["operation"].(string)
	return d.Name == "SQS" && strings.HasPrefix(operation, "SendMessage")
}

// status is an error for a fault and for an error; what it says is the first exception's.
func status(d trace.Document) *tracepb.Status {
	if !d.Error && !d.Fault {
		return &tracepb.Status{}
	}
	s := &tracepb.Status{Code: tracepb.Status_STATUS_CODE_ERROR}
	if d.Cause != nil && len(d.Cause.Exceptions) > 0 {
		s.Message = d.Cause.Exceptions[0].Message
	}
	return s
}

// traceBytes is "1-" 8 hex "-" 24 hex without its dashes; the version is X-Ray's alone.
func traceBytes(id string) []byte {
	if !trace.IsTraceID(id) {
		return nil
	}
	return unhex(id[2:10] + id[11:])
}

func spanBytes(id string) []byte {
	if len(id) != 16 {
		return nil
	}
	return unhex(id)
}

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		return nil
	}
	return b
}

func nanoseconds(t time.Time) uint64 { return uint64(t.UnixNano()) }
