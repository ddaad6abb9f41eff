package main

import (
	"context"
	"crypto/rand"
	"os/user"
	"strings"

	"github.com/monthend/monthend/queue"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/trace"
)

// asked is one request on its way.
type asked struct {
	RequestID string `json:"request_id"`
	MessageID string `json:"message_id"`
	TraceID   string `json:"trace_id,omitempty"`
}

// askSegment is what the segment of whoever asks is called.
const askSegment = "monthend-trigger"

// ask sends job through the queue, inside the segment of whoever asks, so that the worker's segment continues it.
func ask(ctx context.Context, tracer *trace.Tracer, producer *queue.Producer, t traceSettings, job report.Job) (sent asked, err error) {
	body, err := job.Encode()
	if err != nil {
		return sent, err
	}
	ctx, segment := tracer.Begin(ctx, askSegment, t.Header, trace.BeginOptions{ForceSample: t.forced(), Path: "/" + job.Report})
	defer func() { segment.End(err) }()
	trace.Annotate(ctx, "report", job.Report)
	trace.Annotate(ctx, "period", job.Period)
	key := report.Key{Report: job.Report, Tenant: job.Tenant}
	id, err := producer.Send(ctx, body, queue.SendOptions{Group: key.Group(), DeduplicationID: job.RequestID})
	return asked{RequestID: job.RequestID, MessageID: id, TraceID: trace.ID(ctx)}, err
}

// newRequestID is a new id of a request; whoever sends it twice asks once.
func newRequestID() string { return "req_" + strings.ToLower(rand.Text()) }

// whoAsks is the account that typed the command, for the record.
func whoAsks() string {
	u, err := user.Current()
	if err != nil {
		return ""
	}
	return u.Username
}
