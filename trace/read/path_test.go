package read_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/trace"
	"github.com/monthend/monthend/trace/read"
)

func TestSlowestPath(t *testing.T) {
	open := under("", sub(1, "open", 0, 0, sub(2, "done", 0, 1), sub(3, "rest", 1, 1.5)))
	open.EndTime, open.InProgress = 0, true
	open.Subsegments[1].EndTime, open.Subsegments[1].InProgress = 0, true
	for name, row := range map[string]struct {
		documents []trace.Document
		want      string
	}{
		"none":                         {nil, ""},
		"the longer of two":            {[]trace.Document{under("", sub(1, "a", 0, 3, sub(2, "b", 0, 1), sub(3, "c", 1, 3)))}, "a c"},
		"a node's own time":            {[]trace.Document{under("", sub(1, "a", 0, 9, sub(2, "b", 0, 1), sub(3, "c", 1, 3)))}, "a"},
		"what goes on after its asker": {[]trace.Document{under("", sub(1, "a", 0, 1, sub(2, "SQS", 0, 0.1), sub(3, "b", 0.1, 1))), under("0000000000000002", sub(4, "worker", 2, 9))}, "a SQS worker"},
		"the root that ends last":      {[]trace.Document{under("", sub(1, "a", 0, 5)), under("", sub(2, "b", 4, 6))}, "b"},
		"what is not over":             {[]trace.Document{open, under("", sub(9, "z", 0, 2))}, "open done"},
	} {
		var got []string
		for _, s := range read.Tree(traceID, row.documents).Spans() {
			if s.SlowestPath {
				got = append(got, s.Name)
			}
		}
		if diff := cmp.Diff(row.want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
