package read_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/trace"
	"github.com/monthend/monthend/trace/read"
)

// outline writes a trace as one line a node, indented by depth.
func outline(t read.Trace) string {
	var b strings.Builder
	for n, depth := range t.Nodes() {
		fmt.Fprintf(&b, "%s%s", strings.Repeat("  ", depth), n.Document.Name)
		if n.Partial {
			b.WriteString(" (partial)")
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// under makes d a segment below the document with the id.
func under(id string, d trace.Document) trace.Document {
	d.TraceID, d.ParentID = traceID, id
	return d
}

// alone makes d a subsegment that came on its own.
func alone(id string, d trace.Document) trace.Document {
	d = under(id, d)
	d.Type = "subsegment"
	return d
}

func TestTree(t *testing.T) {
	id := func(n int) string { return fmt.Sprintf("%016x", n) }
	open := under("", sub(1, "half", 0, 0))
	open.EndTime, open.InProgress = 0, true
	inferred := under(id(2), sub(3, "SQS inferred", 0, 1))
	inferred.Inferred = true
	for name, row := range map[string]struct {
		documents []trace.Document
		want      string
	}{
		"none":                          {nil, ""},
		"worker under the producer":     {[]trace.Document{under(id(2), sub(3, "worker", 2, 3)), under("", sub(1, "producer", 0, 1, sub(2, "SQS", 0, 1)))}, "producer\n  SQS\n    worker\n"},
		"a subsegment that came alone":  {[]trace.Document{alone(id(2), sub(3, "query", 1, 2)), under("", sub(1, "worker", 0, 3, sub(2, "stage", 1, 2)))}, "worker\n  stage\n    query\n"},
		"an orphan is a partial root":   {[]trace.Document{under("00000000000000ff", sub(3, "worker", 2, 3)), under("", sub(1, "other", 0, 1))}, "other\nworker (partial)\n"},
		"complete beats in progress":    {[]trace.Document{open, under("", sub(1, "whole", 0, 1)), open}, "whole\n"},
		"inferred is left out":          {[]trace.Document{under("", sub(1, "producer", 0, 1, sub(2, "SQS", 0, 1))), inferred, under(id(3), sub(4, "worker", 1, 2))}, "producer\n  SQS\n    worker\n"},
		"inferred without its caller":   {[]trace.Document{inferred, under(id(3), sub(4, "worker", 1, 2))}, "SQS inferred (partial)\n  worker\n"},
		"a circle":                      {[]trace.Document{alone(id(2), sub(1, "a", 3, 4)), alone(id(3), sub(2, "b", 2, 3)), alone(id(1), sub(3, "c", 1, 2))}, "c (partial)\n  b\n    a\n"},
		"its own parent":                {[]trace.Document{alone(id(1), sub(1, "a", 3, 4))}, "a (partial)\n"},
		"children by start, then by id": {[]trace.Document{under("", sub(1, "root", 0, 9, sub(4, "c", 2, 3), sub(3, "b", 1, 3), sub(2, "a", 1, 2)))}, "root\n  a\n  b\n  c\n"},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(row.want, outline(read.Tree(traceID, row.documents))); diff != "" {
				t.Errorf("tree (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTreeTimes(t *testing.T) {
	at := time.Date(2026, 11, 22, 10, 12, 35, 0, time.UTC)
	got := read.Tree(traceID, []trace.Document{working(), asking()})
	if !got.Start.Equal(at) || !got.End.Equal(at.Add(4210*time.Millisecond)) {
		t.Errorf("got %v to %v", got.Start, got.End)
	}
	late := trace.Document{ID: workerID, Name: "worker", StartTime: begin, InProgress: true}
	if got := read.Tree(traceID, []trace.Document{late}); !got.Start.Equal(at) || !got.End.Equal(at) {
		t.Errorf("in progress: got %v to %v", got.Start, got.End)
	}
}

func TestNodesStops(t *testing.T) {
	n := 0
	for range read.Tree(traceID, []trace.Document{asking(), working()}).Nodes() {
		if n++; n == 3 {
			break
		}
	}
	if n != 3 {
		t.Errorf("got %d nodes", n)
	}
}

func TestSpans(t *testing.T) {
	d := asking()
	d.Subsegments[0].Error = true
	d.Subsegments[0].Cause = &trace.Cause{Exceptions: []trace.Exception{{ID: askingID, Message: "no such queue"}}}
	worker := under(sentID, sub(0xb0, "monthend", 1, 2, query(0xb1, 1, 1.5, "select $1")))
	worker.Annotations = map[string]any{"attempt": 1.0}
	worker.Metadata = map[string]map[string]json.RawMessage{"default": {"rows": json.RawMessage("3")}}
	got, err := json.MarshalIndent(read.Tree(traceID, []trace.Document{d, worker}).Spans(), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "spans.json", append(got, '\n'))
	if got, err := json.Marshal(read.Trace{}.Spans()); err != nil || string(got) != "[]" {
		t.Errorf("no spans: got %s, %v", got, err)
	}
}
