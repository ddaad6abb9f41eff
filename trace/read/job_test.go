package read_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/monthend/monthend/trace"
)

// TestJobFromEmitterToTree sends a real job's documents over UDP and reads them back over HTTP: the asker's segment, its SQS
// call, and below that the worker's segment of another tracer.
func TestJobFromEmitterToTree(t *testing.T) {
	server, client := connect(t)
	start := func(name string) *trace.Tracer {
		tracer, err := trace.New(trace.Config{Address: server.UDPAddr(), Name: name})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := tracer.Close(context.WithoutCancel(t.Context())); err != nil {
				t.Error(err)
			}
		})
		return tracer
	}
	asker, worker := start("monthend-trigger"), start("")

	ctx, asked := asker.Begin(t.Context(), "", "", trace.BeginOptions{ForceSample: true})
	_, call := trace.StartAWS(ctx, "SQS")
	call.SetAWS(map[string]any{"operation": "SendMessage", "queue_url": "http://127.0.0.1:9324/000000000000/monthend-jobs"})
	header := call.Header()
	call.End(nil)
	asked.End(nil)

	ctx, job := worker.Begin(t.Context(), "", header, trace.BeginOptions{})
	job.Annotate("queue_wait_ms", 12)
	broken := errors.New("unexpected end of rows")
	err := trace.Span(ctx, "data_extraction", func(ctx context.Context) error {
		_, query := trace.StartRemote(ctx, "ledger@localhost")
		query.SetSQL(trace.SQL{SanitizedQuery: "SELECT id FROM finance.transactions WHERE booked_at >= $1"})
		query.End(broken)
		return broken
	})
	job.End(err)

	within, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err = server.Wait(within, job.TraceID(), func(segments []trace.Document) bool {
		return len(segments) == 2 && len(segments[0].Subsegments) == 1 && len(segments[1].Subsegments) == 1 &&
			len(segments[1].Subsegments[0].Subsegments) == 1
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := client.Trace(t.Context(), job.TraceID())
	if err != nil {
		t.Fatal(err)
	}
	want := "monthend-trigger\n  SQS\n    monthend\n      data_extraction\n        ledger@localhost\n"
	if outline(got) != want {
		t.Errorf("got\n%swant\n%s", outline(got), want)
	}
	spans := got.Spans()
	if s := spans[4]; s.Status != "fault" || s.Message != "unexpected end of rows" || s.Query != "SELECT id FROM finance.transactions WHERE booked_at >= $1" {
		t.Errorf("query: got %+v", s)
	}
	if s := spans[2]; s.Status != "fault" || s.Annotations["queue_wait_ms"] != 12.0 || s.Kind != "segment" {
		t.Errorf("worker: got %+v", s)
	}
	if found := server.Violations(); found != nil {
		t.Errorf("violations: %v", found)
	}
}
