package xray_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/local/xray"
	"github.com/monthend/monthend/trace"
)

// part is a subsegment sent on its own.
func part(id, parent, name string, start, end float64) string {
	return segment(id, name, start, end, fmt.Sprintf(`,"type":"subsegment","parent_id":%q`, parent))
}

// child is a subsegment nested in a document, with the SDK's wrong parent_id.
func child(id, name string, start float64, more string) string {
	return fmt.Sprintf(`{"trace_id":%q,"id":%q,"name":%q,"parent_id":%q,"start_time":%v%s,"Dummy":false}`, traceID, id, name, rootID, start, more)
}

func TestTree(t *testing.T) {
	const a, b, c = "000000000000000a", "000000000000000b", "000000000000000c"
	open := fmt.Sprintf(`{"trace_id":%q,"id":%q,"name":"worker","start_time":1,"in_progress":true}`, traceID, rootID)
	whole := segment(rootID, "worker", 1, 9, "")
	for name, row := range map[string]struct {
		sent []string
		want string
	}{
		"nesting is trusted, parent_id is not": {
			[]string{segment(rootID, "worker", 1, 9, `,"subsegments":[`+child(a, "extract", 2, `,"end_time":3,"subsegments":[`+child(b, "query", 2, `,"end_time":3`)+`]`)+`]`)},
			"worker\n  extract\n    query\n",
		},
		"streamed before and after their parents": {
			[]string{part(b, a, "query", 2, 3), part(a, rootID, "extract", 2, 4), whole, part(c, a, "count", 3, 4)},
			"worker\n  extract\n    query\n    count\n",
		},
		"no parent yet": {
			[]string{part(b, a, "query", 2, 3)},
			"query (subsegment)\n",
		},
		"complete beats in progress":        {[]string{open, whole}, "worker\n"},
		"in progress never comes back":      {[]string{whole, open}, "worker\n"},
		"in progress alone":                 {[]string{open}, "worker (in progress)\n"},
		"longer beats shorter":              {[]string{whole, segment(rootID, "worker-with-more", 1, 9, "")}, "worker-with-more\n"},
		"shorter does not beat longer":      {[]string{segment(rootID, "worker-with-more", 1, 9, ""), whole}, "worker-with-more\n"},
		"a segment stands on its own":       {[]string{whole, segment(a, "downstream", 2, 3, `,"parent_id":"`+rootID+`"`)}, "worker\ndownstream\n"},
		"children repeated in one document": {[]string{segment(rootID, "worker", 1, 9, `,"subsegments":[`+child(a, "x", 2, `,"in_progress":true`)+`,`+child(a, "x", 2, `,"end_time":3`)+`,`+child(a, "x", 2, `,"end_time":3`)+`]`)}, "worker\n  x\n"},
		"a child streamed and nested":       {[]string{part(a, rootID, "x", 2, 3), segment(rootID, "worker", 1, 9, `,"subsegments":[`+child(a, "x", 2, `,"in_progress":true`)+`]`)}, "worker\n  x\n"},
		"parents in a circle":               {[]string{part(a, b, "x", 2, 3), part(b, c, "y", 3, 4), part(c, a, "z", 4, 5)}, "x (subsegment)\n  z\n    y\n"},
		"its own parent":                    {[]string{part(a, a, "x", 2, 3)}, "x (subsegment)\n"},
		"siblings by start, then id":        {[]string{part(c, rootID, "third", 3, 4), part(b, rootID, "second", 2, 4), part(a, rootID, "first", 2, 9), whole}, "worker\n  first\n  second\n  third\n"},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, xray.Config{})
			send(t, s, row.sent...)
			arrive(t, s, int64(len(row.sent)))
			got, ok := s.Trace(traceID)
			if diff := cmp.Diff(row.want, outline(got)); !ok || diff != "" {
				t.Errorf("trace (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDeepStreamsAreCut(t *testing.T) {
	s := start(t, xray.Config{})
	n := trace.MaxDocumentDepth + 10
	for i := range n {
		send(t, s, part(fmt.Sprintf("%016x", i+1), fmt.Sprintf("%016x", i), "x", 1, 2))
		arrive(t, s, int64(i+1))
	}
	got, _ := s.Trace(traceID)
	if len(got) != 2 || strings.Count(outline(got[1:]), "x") != 10 {
		t.Errorf("got %d entries:\n%s", len(got), outline(got))
	}
}

func TestWhatIsHandedOutIsClean(t *testing.T) {
	s := start(t, xray.Config{})
	send(t, s, segment(rootID, "worker", 1, 9, `,"parent_id":"c06db729838ae591"`), part("000000000000000a", rootID, "extract", 2, 3))
	arrive(t, s, 2)
	got, _ := s.Trace(traceID)
	want := []trace.Document{{
		TraceID: traceID, ID: rootID, Name: "worker", ParentID: "c06db729838ae591", StartTime: 1, EndTime: 9,
		Subsegments: []trace.Document{{ID: "000000000000000a", Name: "extract", StartTime: 2, EndTime: 3}},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("trace (-want +got):\n%s", diff)
	}
	if found := s.Violations(); found != nil {
		t.Errorf("violations: %v", found)
	}
}

func TestViolations(t *testing.T) {
	s := start(t, xray.Config{})
	open := fmt.Sprintf(`{"trace_id":%q,"id":%q,"name":"worker","start_time":1,"in_progress":true}`, traceID, rootID)
	whole := segment(rootID, "worker", 1, 2, `,"annotations":{"a key":1}`)
	for i, d := range []string{open, open, whole, whole, open} {
		send(t, s, d)
		arrive(t, s, int64(i+1))
	}
	var got []string
	for _, v := range s.Violations() {
		got = append(got, v.Path+": "+v.Message)
	}
	key := "annotations.a key: a key is 1 to 500 of A-Z, a-z, 0-9 and _"
	want := []string{
		"document: sent in progress twice", key, key, "document: sent again after it was complete",
		"document: sent in progress after it was complete",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("violations (-want +got):\n%s", diff)
	}
}

func TestRetention(t *testing.T) {
	id := func(i int) string { return fmt.Sprintf("1-6b02c013-%024x", i) }
	in := func(i int) string { return strings.Replace(segment(rootID, "worker", 1, 2, ""), traceID, id(i), 1) }
	size := int64(len(`{"name":"worker","id":"00000000000000aa","start_time":1,"end_time":2}`))
	for name, c := range map[string]xray.Config{"traces": {MaxTraces: 2}, "bytes": {MaxBytes: 2 * size}} {
		t.Run(name, func(t *testing.T) {
			s := start(t, c)
			for i, n := range []int{1, 2, 1, 3} { // the repeat of 1 makes 2 the oldest
				send(t, s, in(n))
				arrive(t, s, int64(i+1))
			}
			if diff := cmp.Diff([]string{id(1), id(3)}, s.TraceIDs()); diff != "" {
				t.Errorf("kept (-want +got):\n%s", diff)
			}
			if got := s.Counters().Dropped; got != 1 {
				t.Errorf("dropped: got %d, want 1", got)
			}
		})
	}
}

func TestFullTraceRefuses(t *testing.T) {
	s := start(t, xray.Config{MaxTraceBytes: 100})
	send(t, s, segment(rootID, "worker", 1, 2, ""), segment("000000000000000a", "second", 1, 2, ""))
	arrive(t, s, 2)
	got, _ := s.Trace(traceID)
	if outline(got) != "worker\n" || s.Counters().Refused != 1 {
		t.Errorf("got %s and %+v", outline(got), s.Counters())
	}
	want := "trace " + traceID + ": 000000000000000a: document: the trace is full: 69 bytes kept of at most 100"
	if found := s.Violations(); len(found) != 1 || found[0].String() != want {
		t.Errorf("violations: got %v, want %s", found, want)
	}
}
