package queue

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// Letter is a message in a dead-letter queue. Its ID is the one that it has there, its SentAt when it came there; where SQS
// itself moved it, both are still those of the message.
type Letter struct {
	Message
	attributes map[string]types.MessageAttributeValue // as they came, for sending them on
}

// Reason is why the message is here, as a Consumer wrote it down, or what SQS counted.
func (l Letter) Reason() string {
	switch reason, ok := l.Attributes[ReasonAttribute]; {
	case ok:
		return reason
	case l.DeadLetterOf != "":
		return "received too often"
	}
	return ""
}

// OriginalID is the id that the message had in its own queue.
func (l Letter) OriginalID() string {
	if id := l.Attributes[MessageAttribute]; id != "" {
		return id
	}
	return l.ID
}

// ErrForeign says that SQS moved the letter here from another queue, which this one shares its dead letters with.
var ErrForeign = errors.New("the dead letter is another queue's")

// Redrive sends body, the letter's own or what is to stand for it, to the queue of the dead letters and returns the new
// message id. The trace header, the group and the sender's own attributes go along; what made it a dead letter stays
// behind. On a FIFO queue deduplicationID must differ from the message's first one, which SQS swallows for five minutes.
// The letter itself stays where it is: its looker answers Remove once it is sent.
func (d *DeadLetters) Redrive(ctx context.Context, l Letter, body []byte, deduplicationID string) (string, error) {
	if err := d.ours(l); err != nil {
		return "", fmt.Errorf("redrive dead letter %q: %w", l.ID, err)
	}
	content := string(body)
	input := &sqs.SendMessageInput{
		QueueUrl:                &d.home.url,
		MessageBody:             &content,
		MessageSystemAttributes: traceHeader(l.TraceHeader),
		MessageAttributes:       maps.Clone(l.attributes),
	}
	delete(input.MessageAttributes, ReasonAttribute)
	delete(input.MessageAttributes, MessageAttribute)
	if l.Group != "" {
		input.MessageGroupId = &l.Group
	}
	if d.home.fifo {
		input.MessageDeduplicationId = &deduplicationID
	}
	out, err := d.client.SendMessage(ctx, input)
	if err != nil {
		return "", fmt.Errorf("redrive dead letter %q: send to queue %q: %w", l.ID, d.home.label, explain(ctx, d.client, err))
	}
	return text(out.MessageId), nil
}

// ours refuses what cannot go to the queue at hand.
func (d *DeadLetters) ours(l Letter) error {
	switch {
	case d.home.url == "":
		return errors.New("no queue to send it to")
	case l.DeadLetterOf != "" && l.DeadLetterOf != d.homeARN:
		return fmt.Errorf("%w: it came from %q", ErrForeign, l.DeadLetterOf)
	case d.home.fifo != d.queue.fifo:
		return errors.New("one of the two queues is a FIFO queue, the other is not")
	}
	return nil
}
