package otlp

import (
	"fmt"
	"strings"

	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/monthend/monthend/trace"
)

// event is an exception, with its stack as text, innermost first.
func event(e trace.Exception, at uint64) *tracepb.Span_Event {
	var about attributes
	about.text(semconv.ExceptionTypeKey, e.Type)
	about.text(semconv.ExceptionMessageKey, e.Message)
	var stack strings.Builder
	for _, f := range e.Stack {
		fmt.Fprintf(&stack, "%s\n\t%s:%d\n", f.Label, f.Path, f.Line)
	}
	if e.Truncated > 0 {
		fmt.Fprintf(&stack, "(%d more)\n", e.Truncated)
	}
	about.text(semconv.ExceptionStacktraceKey, stack.String())
	return &tracepb.Span_Event{Name: "exception", TimeUnixNano: at, Attributes: about}
}
