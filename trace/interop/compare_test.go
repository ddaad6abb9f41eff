package interop_test

import (
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/pdata/ptrace"
)

// published is the tree of the month that was published, with what was told of each; calls that depend on how long others took
// are not in it.
var published = []string{
	"monthend-trigger report=monthly-financials",
	"  SQS",
	"    monthend report=monthly-financials outcome=published",
	"      claim",
	"      data_extraction",
	"      data_validation",
	"      report_generation",
	"      publish",
}

// compare holds both exits to one another: the same spans with the same ids, parents, names, times and verdicts.
func compare(t *testing.T, byXRay, byOTLP map[string]ptrace.Span) {
	t.Helper()
	if got, want := sorted(byXRay), sorted(byOTLP); !slices.Equal(got, want) || len(got) < 20 {
		t.Fatalf("by X-Ray %d spans, by OTLP %d", len(got), len(want))
	}
	for id, x := range byXRay {
		o := byOTLP[id]
		if x.TraceID() != o.TraceID() || x.ParentSpanID() != o.ParentSpanID() || x.Name() != o.Name() {
			t.Errorf("span %s: X-Ray %s %q below %s, OTLP %s %q below %s", id,
				x.TraceID(), x.Name(), x.ParentSpanID(), o.TraceID(), o.Name(), o.ParentSpanID())
		}
		if x.Status().Code() != o.Status().Code() && (x.Status().Code() == ptrace.StatusCodeError || o.Status().Code() == ptrace.StatusCodeError) {
			t.Errorf("span %s %q: X-Ray %s, OTLP %s", id, x.Name(), x.Status().Code(), o.Status().Code())
		}
		if difference := x.StartTimestamp().AsTime().Sub(o.StartTimestamp().AsTime()); difference.Abs().Microseconds() > 1 {
			t.Errorf("span %s %q begins %s apart", id, x.Name(), difference)
		}
		if x.Events().Len() != o.Events().Len() {
			t.Errorf("span %s %q: X-Ray %d events, OTLP %d", id, x.Name(), x.Events().Len(), o.Events().Len())
		}
		for key, value := range x.Attributes().All() { // annotations have one name by either way
			if key == "aws.xray.annotations" || strings.HasPrefix(key, "aws.xray.metadata") {
				continue // a list in any order, JSON in any form
			}
			if other, ok := o.Attributes().Get(key); ok && other.AsString() != value.AsString() {
				t.Errorf("span %s %q: %s is %s by X-Ray, %s by OTLP", id, x.Name(), key, value.AsString(), other.AsString())
			}
		}
	}
}

// tree draws the trace of a report's month: roots, what is below them, no SQL and no files.
func tree(all map[string]ptrace.Span, report string) []string {
	var lines []string
	var draw func(parent, indent string)
	draw = func(parent, indent string) {
		var children []ptrace.Span
		for _, span := range all {
			if span.ParentSpanID().String() == parent {
				children = append(children, span)
			}
		}
		slices.SortFunc(children, func(a, b ptrace.Span) int { return int(a.StartTimestamp()) - int(b.StartTimestamp()) })
		for _, span := range children {
			if parent == "" && text(span.Attributes(), "report") != report || strings.Contains(span.Name(), "@") || len(indent) > 6 {
				continue
			}
			line := indent + span.Name()
			for _, key := range []string{"report", "outcome"} {
				if value := text(span.Attributes(), key); value != "" {
					line += " " + key + "=" + value
				}
			}
			lines = append(lines, line)
			draw(span.SpanID().String(), indent+"  ")
		}
	}
	draw("", "")
	return lines
}

// failed holds the run of the broken report to what went wrong in it: the query says so, with its text and where, and the
// spans above it are failed too.
func failed(t *testing.T, exit string, all map[string]ptrace.Span) {
	t.Helper()
	var query, phase, job ptrace.Span
	found := 0
	for _, span := range all {
		if span.Status().Code() != ptrace.StatusCodeError {
			continue
		}
		switch {
		case strings.Contains(span.Name(), "@"):
			query = span
			found++
		case span.Name() == "data_extraction":
			phase = span
			found++
		case span.Name() == "monthend":
			job = span
			found++
		default:
			t.Errorf("%s: %q failed", exit, span.Name())
		}
	}
	if found != 3 {
		t.Fatalf("%s: %d spans failed, want the query, its phase and the job", exit, found)
	}
	if query.ParentSpanID() != phase.SpanID() || phase.ParentSpanID() != job.SpanID() {
		t.Errorf("%s: query, phase and job do not lie in one another", exit)
	}
	if query.Kind() != ptrace.SpanKindClient {
		t.Errorf("%s: the query is %s", exit, query.Kind())
	}
	statement := text(query.Attributes(), "db.query.text") + text(query.Attributes(), "db.statement")
	if !strings.Contains(statement, "finance.no_such_table") || strings.Contains(statement, "2026") {
		t.Errorf("%s: the query's text is %q", exit, statement)
	}
	exceptions := 0
	for _, event := range query.Events().All() {
		if message := text(event.Attributes(), "exception.message"); event.Name() == "exception" && strings.Contains(message, "no_such_table") {
			exceptions++
		}
	}
	if exceptions != 1 || text(job.Attributes(), "outcome") != "failed" {
		t.Errorf("%s: %d exceptions, outcome %q", exit, exceptions, text(job.Attributes(), "outcome"))
	}
}
