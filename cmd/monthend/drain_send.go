package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/queue"
	"github.com/monthend/monthend/trace"
)

// drainSegment is what the segment of a message that a drain sends is called.
const drainSegment = "monthend-drain"

// errNothingSent says that the queue took none of the messages of a call.
var errNothingSent = errors.New("the queue takes nothing")

// send brings postings to the queue, ten to a call, and records each call's before the next: a crash in between repeats ten
// messages at the most, whose requests are known then. What is not recorded is due again by itself, and nothing is begun or goes
// on after that time: it may be another drain's.
func (d *drain) send(ctx context.Context, postings []ledger.Posting, picked time.Time) error {
	for batch := range slices.Chunk(postings, queue.MaxBatch) {
		if time.Since(picked) > d.turn.Held/2 {
			return nil
		}
		call, cancel := context.WithTimeout(ctx, d.turn.Held/2)
		messages, err := d.sendBatch(call, batch)
		cancel()
		d.sent.Add(int64(len(messages)))
		d.unsent.Add(int64(len(batch) - len(messages)))
		if len(messages) > 0 {
			// Sent is sent: that is recorded even while the process ends.
			record, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
			recorded := d.books.Sent(record, messages, d.lost)
			cancel()
			if recorded != nil {
				return recorded
			}
		}
		if err != nil && len(messages) == 0 {
			return fmt.Errorf("%w: %w", errNothingSent, err)
		}
		if err != nil {
			d.logger.WarnContext(ctx, "a message was not sent; it is tried again", "error", err)
		}
		if ctx.Err() != nil {
			return nil
		}
	}
	return nil
}

// sendBatch makes one call. It answers the message ids by request, and why others have none.
func (d *drain) sendBatch(ctx context.Context, batch []ledger.Posting) (messages map[string]string, err error) {
	letters := make([]letterTrace, len(batch))
	outgoing := make([]queue.Outgoing, len(batch))
	for i, p := range batch {
		letters[i] = d.begin(ctx, p)
		outgoing[i] = queue.Outgoing{Body: p.Body, TraceHeader: letters[i].header(p),
			SendOptions: queue.SendOptions{Group: p.Key.Group(), DeduplicationID: p.RequestID}}
	}
	messages = map[string]string{}
	for i, sent := range d.producer.SendBatch(ctx, outgoing) {
		letters[i].end(d, sent)
		if sent.Err != nil {
			err = fmt.Errorf("request %q: %w", batch[i].RequestID, sent.Err)
			continue
		}
		messages[batch[i].RequestID] = sent.MessageID
	}
	return messages, err
}

// letterTrace is how the sending of one message is told: a segment with the call in it, whichever trace the message is of.
type letterTrace struct {
	segment *trace.Segment
	call    *trace.Subsegment
}

// begin continues the trace of whoever posted p. One of a burst gets a trace of its own that names that one: a trace of
// thousands of runs is more than X-Ray holds.
func (d *drain) begin(ctx context.Context, p ledger.Posting) letterTrace {
	ctx, segment := d.tracer.Begin(ctx, drainSegment, p.TraceHeader, trace.BeginOptions{Apart: p.Apart, Path: "/" + p.Key.Report})
	segment.Annotate("report", p.Key.Report)
	if !p.Key.Period.IsZero() {
		segment.Annotate("period", p.Key.Period.String())
	}
	if p.Key.Tenant != "" {
		segment.Annotate("tenant", p.Key.Tenant)
	}
	_, call := trace.StartAWS(ctx, "SQS")
	return letterTrace{segment, call}
}

// header is the message's: the call as parent. Where nothing is traced here, what the poster said is handed on.
func (l letterTrace) header(p ledger.Posting) string {
	if l.segment == nil && !p.Apart {
		return p.TraceHeader
	}
	return l.call.Header()
}

func (l letterTrace) end(d *drain, sent queue.Sent) {
	block := map[string]any{"operation": "SendMessageBatch", "region": d.region, "queue_url": d.queueURL}
	if sent.MessageID != "" {
		block["message_id"] = sent.MessageID
	}
	l.call.SetAWS(block)
	l.call.End(sent.Err)
	l.segment.End(sent.Err)
}
