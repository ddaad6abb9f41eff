package queue

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"
)

// Right is whether one action on a queue is allowed.
type Right struct {
	Action  string // as IAM writes it, without "sqs:"
	Allowed bool
	Err     error // why it is not known, wrapping ErrNoQueue or ErrUnreachable where they apply
}

// probe is what no queue ever gave as a receipt handle.
const probe = "monthend-doctor"

// Try finds out what the caller may do with a queue by asking for what SQS refuses anyway, so that nothing is sent, received,
// hidden or deleted: receive asks for 11 messages where 10 are the most, send has an empty body and a delay beyond the limit,
// delete and change visibility bring a receipt handle that is none. A caller without the right is told AccessDenied, one with
// it that the parameter is wrong. AWS does not promise to look at rights first: Allowed means "not denied".
func Try(ctx context.Context, client *sqs.Client, queueURL string) ([]Right, error) {
	queue, err := parseAddress(queueURL)
	if err != nil {
		return nil, fmt.Errorf("try the queue: %w", err)
	}
	send := &sqs.SendMessageInput{QueueUrl: &queue.url, MessageBody: aws.String(""), DelaySeconds: 901}
	if queue.fifo {
		send.MessageGroupId, send.MessageDeduplicationId = aws.String(probe), aws.String(probe)
	}
	handle := aws.String(probe)
	tries := []struct {
		action string
		ask    func() error
	}{
		{"ReceiveMessage", func() error {
			_, err := client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &queue.url, MaxNumberOfMessages: 11})
			return err
		}},
		{"DeleteMessage", func() error {
			_, err := client.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &queue.url, ReceiptHandle: handle})
			return err
		}},
		{"ChangeMessageVisibility", func() error {
			_, err := client.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{QueueUrl: &queue.url, ReceiptHandle: handle})
			return err
		}},
		{"SendMessage", func() error {
			_, err := client.SendMessage(ctx, send)
			return err
		}},
	}
	var rights []Right
	for _, try := range tries {
		rights = append(rights, judge(ctx, client, try.action, try.ask()))
	}
	return rights, nil
}

// judge reads a right out of how a request that cannot succeed was refused.
func judge(ctx context.Context, client *sqs.Client, action string, err error) Right {
	right := Right{Action: action}
	refusal := smithy.APIError(nil)
	switch {
	case err == nil:
		right.Err = errors.New("SQS took a request that breaks its own rules")
	case classify(err) == ErrDenied:
	case invalidParameter(err):
		right.Allowed = true
	case errors.As(err, &refusal) && strings.Contains(refusal.ErrorCode(), "ReceiptHandleIsInvalid"):
		right.Allowed = true
	default:
		right.Err = explain(ctx, client, err)
		if errors.Is(right.Err, ErrDenied) { // no usable credentials
			right.Err = nil
		}
	}
	return right
}
