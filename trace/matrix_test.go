package trace_test

import (
	"context"
	"strings"
	"testing"

	"github.com/monthend/monthend/trace"
)

// TestHeaderMatrix has a row for each kind of header that a sender may make, and says for each what the SDK alone gets wrong in some
// of them: who decides, what is continued, what is handed on.
func TestHeaderMatrix(t *testing.T) {
	const both = "Root=" + root + ";Parent=" + parent
	for _, row := range []struct {
		header    string
		asked     bool // the rules decide, which say yes here
		sampled   bool
		continued bool
		parent    string
		handedOn  string // beside Root, Parent and Sampled
		invalid   bool
	}{
		{header: both + ";Sampled=1", sampled: true, continued: true, parent: parent},
		{header: both + ";Sampled=0", continued: true, parent: parent},
		{header: both + ";Sampled=?", asked: true, sampled: true, continued: true, parent: parent},
		{header: both, asked: true, sampled: true, continued: true, parent: parent},
		{header: "Self=1-67891234-12456789abcdef012345678a;" + both + ";Sampled=1;Lineage=a:1", sampled: true, continued: true, parent: parent, handedOn: ";Lineage=a:1"},
		{header: "Self=1-67891234-12456789abcdef012345678a;" + both + ";Sampled=0;Lineage=a:1", continued: true, parent: parent, handedOn: ";Lineage=a:1"},
		{header: "garbage", asked: true, sampled: true, invalid: true},
		{header: "", asked: true, sampled: true},
		{header: ";;;=;", asked: true, sampled: true, invalid: true},
		{header: "Root=not-a-trace-id;Parent=zz;Sampled=1", asked: true, sampled: true, invalid: true},
		{header: "root=" + root + ";sampled=1", asked: true, sampled: true, invalid: true},
		{header: both + ";Sampled=1;Padding=" + strings.Repeat("x", 70_000), asked: true, sampled: true, invalid: true},
	} {
		t.Run(row.header[:min(60, len(row.header))], func(t *testing.T) {
			d := listen(t)
			rules := &recorded{}
			tracer := newTracer(t, trace.Config{Address: d.addr(), Sampler: rules, Now: day})
			ctx, seg := tracer.Begin(context.Background(), "worker", row.header, trace.BeginOptions{})
			own := seg.Header()
			seg.End(nil)
			if got := len(rules.asked) == 1; got != row.asked {
				t.Errorf("the rules were asked %d times, want %v", len(rules.asked), row.asked)
			}
			if got := seg.Sampled(); got != row.sampled {
				t.Errorf("sampled %v, want %v", got, row.sampled)
			}
			if got := trace.ID(ctx) == root; got != row.continued {
				t.Errorf("trace %s: continued %v, want %v", trace.ID(ctx), got, row.continued)
			}
			fields := strings.SplitN(own, ";", 4)
			decision := map[bool]string{true: "Sampled=1", false: "Sampled=0"}[row.sampled]
			if fields[0] != "Root="+trace.ID(ctx) || fields[2] != decision || strings.Join(append([]string{""}, fields[3:]...), ";") != row.handedOn {
				t.Errorf("handed on: %s", own)
			}
			if !row.sampled {
				if all := d.documents(tracer); len(all) != 0 {
					t.Errorf("%d documents of what is not sampled", len(all))
				}
				return
			}
			doc := d.one(tracer)
			if doc.ParentID != row.parent || doc.TraceID != trace.ID(ctx) {
				t.Errorf("document: trace %s, parent %q", doc.TraceID, doc.ParentID)
			}
			if got := doc.Annotations["trace_parent"] == "invalid"; got != row.invalid {
				t.Errorf("annotations: %v", doc.Annotations)
			}
		})
	}
}
