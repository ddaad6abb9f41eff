package queue

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// The message attributes that a dead letter of ours carries beside those of the message.
const (
	ReasonAttribute  = "dead_letter_reason"     // why; at most 1,024 bytes
	MessageAttribute = "dead_letter_message_id" // the id that the message had; SQS gives the dead letter a new one
)

const (
	maxReason     = 1024
	maxAttributes = 10
)

var errNoDeadLetterQueue = errors.New("the queue has no dead-letter queue")

// deadLetterQueue is where dead letters go, looked up when the first one is due.
type deadLetterQueue struct {
	mu  sync.Mutex
	url string
}

// bury sends the message to the dead-letter queue and then deletes it; in the other order a crash would lose it. Its heart
// goes on beating meanwhile. When it cannot be sent at all, it is put off for an hour rather than lost.
func (c *Consumer) bury(ctx context.Context, d *delivery, reason string) error {
	if err := c.send(ctx, d, reason); err != nil {
		if ctx.Err() != nil {
			return err
		}
		if err := c.retry(ctx, d, noQueueDelay); err != nil {
			return err
		}
		return fmt.Errorf("dead-letter message %q: put off for %s: %w", d.message.ID, noQueueDelay, err)
	}
	return c.delete(ctx, d)
}

// send copies the message to the dead-letter queue: body, trace header, attributes, reason. A copy that SQS refuses for
// what it carries is sent bare.
func (c *Consumer) send(ctx context.Context, d *delivery, reason string) error {
	var url string
	err := c.persist(ctx, hopeless, func(ctx context.Context) (err error) {
		url, err = c.deadLetterURL(ctx)
		return err
	})
	if err != nil {
		return err
	}
	full, bare := letter(url, d, reason, c.queue.fifo), letter(url, &delivery{message: d.message}, reason, c.queue.fifo)
	full.MessageSystemAttributes = traceHeader(d.message.TraceHeader)
	for _, input := range []*sqs.SendMessageInput{full, bare} {
		err = c.persist(ctx, refused, func(ctx context.Context) error {
			_, err := c.cfg.Client.SendMessage(ctx, input, once)
			if err != nil {
				return fmt.Errorf("send to the dead-letter queue: %w", err)
			}
			return nil
		})
		if err == nil || !refused(err) {
			return err
		}
	}
	return err
}

// letter is the message as the dead-letter queue gets it. On a FIFO queue it keeps its group, and its deduplication id is
// the message's id, so that a second sending within five minutes is swallowed.
func letter(url string, d *delivery, reason string, fifo bool) *sqs.SendMessageInput {
	body := string(d.message.Body)
	input := &sqs.SendMessageInput{QueueUrl: &url, MessageBody: &body}
	if fifo {
		input.MessageGroupId = aws.String(d.message.Group)
		input.MessageDeduplicationId = aws.String(d.message.ID)
	}
	room := MaxBytes - len(body)
	attributes := make(map[string]types.MessageAttributeValue, maxAttributes)
	put := func(name string, value types.MessageAttributeValue) {
		_, present := attributes[name]
		size := len(name) + len(text(value.DataType)) + len(text(value.StringValue)) + len(value.BinaryValue)
		// What does not fit is left out: the body goes before the attributes, the reason before the sender's own.
		if !present && len(attributes) < maxAttributes && size <= room {
			attributes[name] = value
			room -= size
		}
	}
	put(ReasonAttribute, stringValue(clean(reason, maxReason)))
	put(MessageAttribute, stringValue(d.message.ID))
	for _, name := range slices.Sorted(maps.Keys(d.attributes)) {
		put(name, d.attributes[name])
	}
	input.MessageAttributes = attributes
	return input
}

func traceHeader(header string) map[string]types.MessageSystemAttributeValue {
	if header == "" {
		return nil
	}
	return map[string]types.MessageSystemAttributeValue{
		string(types.MessageSystemAttributeNameForSendsAWSTraceHeader): {DataType: aws.String("String"), StringValue: &header},
	}
}

func stringValue(s string) types.MessageAttributeValue {
	return types.MessageAttributeValue{DataType: aws.String("String"), StringValue: &s}
}

// clean cuts s to the given bytes at a rune's edge, drops what SQS refuses in a text, and never answers with nothing: an
// empty attribute is refused as well.
func clean(s string, bytes int) string {
	s = strings.Map(func(r rune) rune {
		if !allowedRune(r) {
			return utf8.RuneError
		}
		return r
	}, s)
	for len(s) > bytes {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	if s == "" {
		return "no reason given"
	}
	return s
}

// deadLetterURL is the configured queue, or the one that the redrive policy names, asked for once. That there is none is
// not remembered: somebody may be setting it up.
func (c *Consumer) deadLetterURL(ctx context.Context) (string, error) {
	c.dlq.mu.Lock()
	defer c.dlq.mu.Unlock()
	if c.dlq.url != "" {
		return c.dlq.url, nil
	}
	d, err := Inspect(ctx, c.cfg.Client, c.queue.url)
	if err != nil {
		return "", err
	}
	if d.DeadLetterARN == "" {
		return "", fmt.Errorf("queue %q: %w", c.queue.label, errNoDeadLetterQueue)
	}
	url, err := lookUp(ctx, c.cfg.Client, d.DeadLetterARN)
	if err != nil {
		return "", err
	}
	c.dlq.url = url
	return url, nil
}

// hopeless reports whether asking again for the dead-letter queue within one settlement cannot help.
func hopeless(err error) bool { return errors.Is(err, errNoDeadLetterQueue) || refused(err) }
