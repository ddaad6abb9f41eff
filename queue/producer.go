package queue

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

const maxDelay = 15 * time.Minute

// ProducerConfig says where to send. Both fields are needed.
type ProducerConfig struct {
	// Client may carry tracing: its middleware puts the trace header into the message. Its retries are used; a message may
	// then be sent twice where an answer was lost, which the receiver's request ids absorb.
	Client   *sqs.Client
	QueueURL string
}

// Producer sends messages to one queue.
type Producer struct {
	client *sqs.Client
	queue  address
}

// NewProducer checks the configuration. It does not talk to SQS.
func NewProducer(cfg ProducerConfig) (*Producer, error) {
	if cfg.Client == nil {
		return nil, errors.New("set up producer: no SQS client")
	}
	queue, err := parseAddress(cfg.QueueURL)
	if err != nil {
		return nil, fmt.Errorf("set up producer: %w", err)
	}
	return &Producer{client: cfg.Client, queue: queue}, nil
}

// SendOptions are what travels beside the body. The zero value will do on a standard queue.
type SendOptions struct {
	Group           string        // message group, at most 128 characters; needed on FIFO queues
	DeduplicationID string        // FIFO: the same id within 5 minutes is swallowed; standard queues have none, it is not sent
	Delay           time.Duration // until the first delivery, 0 to 15 min, whole seconds rounded up; not on FIFO queues
}

// FIFO reports whether the queue keeps the order of its groups.
func (p *Producer) FIFO() bool { return p.queue.fifo }

// Send puts one message on the queue and returns its message id. What SQS would refuse is refused here: a body that is
// empty, larger than MaxBytes or no text, a FIFO message without a group. Errors wrap ErrNoQueue, ErrDenied or
// ErrUnreachable where they apply.
func (p *Producer) Send(ctx context.Context, body []byte, o SendOptions) (string, error) {
	if err := p.check(body, o); err != nil {
		return "", fmt.Errorf("send to queue %q: %w", p.queue.label, err)
	}
	content := string(body)
	input := &sqs.SendMessageInput{QueueUrl: &p.queue.url, MessageBody: &content, DelaySeconds: seconds(o.Delay)}
	if o.Group != "" {
		input.MessageGroupId = &o.Group
	}
	if p.queue.fifo && o.DeduplicationID != "" {
		input.MessageDeduplicationId = &o.DeduplicationID
	}
	out, err := p.client.SendMessage(ctx, input)
	if err != nil {
		return "", fmt.Errorf("send to queue %q: %w", p.queue.label, explain(ctx, p.client, err))
	}
	return text(out.MessageId), nil
}

func (p *Producer) check(body []byte, o SendOptions) error {
	switch {
	case len(body) == 0:
		return errors.New("the body is empty")
	case len(body) > MaxBytes:
		return fmt.Errorf("the body of %d bytes is larger than the %d that SQS takes", len(body), MaxBytes)
	case p.queue.fifo && o.Group == "":
		return errors.New("a FIFO queue needs a message group")
	case p.queue.fifo && o.Delay != 0:
		return errors.New("a FIFO queue has no delay for a single message")
	case o.Delay < 0 || o.Delay > maxDelay:
		return fmt.Errorf("delay %s is not between 0 and %s", o.Delay, maxDelay)
	}
	for i := 0; i < len(body); {
		r, size := utf8.DecodeRune(body[i:])
		if (r == utf8.RuneError && size == 1) || !allowedRune(r) {
			return fmt.Errorf("the body is not text that SQS takes: byte %d", i)
		}
		i += size
	}
	return nil
}

// allowedRune reports whether SQS takes r in a body or an attribute: the characters of XML 1.0.
func allowedRune(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || r >= 0x20 && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000
}
