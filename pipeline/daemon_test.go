package pipeline_test

import (
	"context"
	"net"
	"strings"
	"testing"

	"github.com/monthend/monthend/pipeline"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/trace"
)

// What becomes of the trace changes nothing of the run: nobody listens, nobody reads, no such host (fault 22).
func TestRunWithoutADaemon(t *testing.T) {
	deaf, err := net.ListenPacket("udp4", "127.0.0.1:0") // takes what fits into its buffer and is never read
	if err != nil {
		t.Fatal(err)
	}
	defer deaf.Close()
	gone, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	for name, address := range map[string]string{
		"Deaf": deaf.LocalAddr().String(), "Gone": gone.LocalAddr().String(), "NoSuchHost": "no-such-host.invalid:2000",
	} {
		t.Run(name, func(t *testing.T) {
			tracer, err := trace.New(trace.Config{Address: address})
			if err != nil {
				t.Fatal(err)
			}
			w := newWorld(t, worldConfig{definitions: definition(short, short), alter: func(c *pipeline.Config) { c.Tracer = tracer }})
			if result := w.run(report.Job{Report: "small", Period: "2026-03"}); result.Outcome != report.Published || result.TraceID == "" {
				t.Errorf("got %q in trace %q, %v; want published", result.Outcome, result.TraceID, result.Err)
			}
			tracer.Close(context.Background()) // tells of what is left, which the counters do too
			c := tracer.Counters()
			if c.Sent+c.Dropped() < 6 || name != "Deaf" && c.Unreachable+c.Refused+c.AfterClose == 0 {
				t.Errorf("counters: %+v", c)
			}
		})
	}
}

// A header that is missing, malformed or far too long begins a new trace, and one that cannot be read says so (fault 23).
func TestRunWithAnyHeader(t *testing.T) {
	w := newWorld(t, worldConfig{definitions: definition(short, short)})
	for name, row := range map[string]struct {
		header  string
		invalid any
	}{
		"Absent":    {"", nil},
		"Malformed": {"Root=not-a-trace-id;Parent=zz;Sampled=0", "invalid"},
		"Oversized": {"Root=1-6b02c013-53f32a3152d7d7da8d74ae88;Junk=" + strings.Repeat("x", 100_000), "invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			asking := w.asking(report.Job{Report: "small", Period: "2026-03", Tenant: name})
			asking.Trace = row.header
			result := w.runner.Run(t.Context(), asking)
			if result.Outcome != report.Published || result.TraceID == "1-6b02c013-53f32a3152d7d7da8d74ae88" {
				t.Fatalf("got %q in trace %q, %v; want published in a new one", result.Outcome, result.TraceID, result.Err)
			}
			segment := w.segments(result.TraceID, 1)[0]
			if segment.ParentID != "" || segment.Annotations["trace_parent"] != row.invalid {
				t.Errorf("got parent %q and annotations %v", segment.ParentID, segment.Annotations)
			}
		})
	}
}
