package queue

import (
	"context"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
)

// MaxBatch is how many messages one call takes; MaxBytes bounds all of them together.
const MaxBatch = maxBatch

// Outgoing is one message of a batch.
type Outgoing struct {
	Body        []byte
	TraceHeader string // sent as AWSTraceHeader; "" leaves it to the client's tracing, if it has any
	SendOptions
}

// Sent is what became of one message of a batch. An error means that it is not known to be on the queue; sending it again is
// then as safe as its receiver makes it.
type Sent struct {
	MessageID string
	Err       error // as Send's
}

// SendBatch puts messages on the queue, MaxBatch and MaxBytes to a call and in their order, and answers for each of them: one
// that SQS refuses, or that is refused here for what Send would refuse it for, keeps no other back. A call without an answer
// is an error of each of its messages, and those after it are tried all the same.
func (p *Producer) SendBatch(ctx context.Context, messages []Outgoing) []Sent {
	sent := make([]Sent, len(messages))
	var batch []int // into messages
	size := 0
	flush := func() {
		if len(batch) > 0 {
			p.sendBatch(ctx, messages, batch, sent)
		}
		batch, size = batch[:0], 0
	}
	for i, m := range messages {
		if err := p.check(m.Body, m.SendOptions); err != nil {
			sent[i].Err = fmt.Errorf("send to queue %q: %w", p.queue.label, err)
			continue
		}
		if len(batch) == MaxBatch || size+len(m.Body) > MaxBytes {
			flush()
		}
		batch, size = append(batch, i), size+len(m.Body)
	}
	flush()
	return sent
}

// sendBatch makes one call for the messages that batch names.
func (p *Producer) sendBatch(ctx context.Context, messages []Outgoing, batch []int, sent []Sent) {
	input := &sqs.SendMessageBatchInput{QueueUrl: &p.queue.url}
	for _, i := range batch {
		input.Entries = append(input.Entries, p.entry(strconv.Itoa(i), messages[i]))
	}
	out, err := p.client.SendMessageBatch(ctx, input)
	if err != nil {
		err = fmt.Errorf("send to queue %q: %w", p.queue.label, explain(ctx, p.client, err))
		for _, i := range batch {
			sent[i].Err = err
		}
		return
	}
	for _, i := range batch {
		sent[i].Err = fmt.Errorf("send to queue %q: the answer says nothing of the message", p.queue.label)
	}
	for _, entry := range out.Successful {
		if i, ok := position(entry.Id, batch); ok {
			sent[i] = Sent{MessageID: text(entry.MessageId)}
		}
	}
	for _, entry := range out.Failed {
		if i, ok := position(entry.Id, batch); ok {
			refusal := &smithy.GenericAPIError{Code: text(entry.Code), Message: text(entry.Message)}
			if !entry.SenderFault {
				refusal.Fault = smithy.FaultServer
			}
			sent[i].Err = fmt.Errorf("send to queue %q: %w", p.queue.label, explain(ctx, p.client, refusal))
		}
	}
}

// position reads the id of an entry back.
func position(id *string, batch []int) (int, bool) {
	i, err := strconv.Atoi(text(id))
	return i, err == nil && i >= batch[0] && i <= batch[len(batch)-1]
}

func (p *Producer) entry(id string, m Outgoing) types.SendMessageBatchRequestEntry {
	body := string(m.Body)
	entry := types.SendMessageBatchRequestEntry{Id: &id, MessageBody: &body, DelaySeconds: seconds(m.Delay)}
	if m.Group != "" {
		entry.MessageGroupId = &m.Group
	}
	if p.queue.fifo && m.DeduplicationID != "" {
		entry.MessageDeduplicationId = &m.DeduplicationID
	}
	entry.MessageSystemAttributes = traceHeader(m.TraceHeader)
	return entry
}
