package queue

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// Description is a queue as SQS describes it. The numbers of messages are approximate.
type Description struct {
	ARN             string
	FIFO            bool
	ContentDedup    bool          // FIFO: deduplicates by content where no id is given
	Visibility      time.Duration // the queue's default; a Consumer sets its own
	Retention       time.Duration
	DeadLetterARN   string // "" = no redrive policy
	MaxReceiveCount int    // 0 = no redrive policy

	Waiting, InFlight, Delayed int
}

// Inspect asks SQS for the queue. Errors wrap ErrNoQueue, ErrDenied or ErrUnreachable where they apply. It waits as long as
// ctx and the client's retries do.
func Inspect(ctx context.Context, client *sqs.Client, queueURL string) (Description, error) {
	queue, err := parseAddress(queueURL)
	if err != nil {
		return Description{}, fmt.Errorf("inspect queue: %w", err)
	}
	out, err := client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl:       &queue.url,
		AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll},
	})
	if err != nil {
		return Description{}, fmt.Errorf("inspect queue %q: %w", queue.label, explain(ctx, client, err))
	}
	attribute := func(name types.QueueAttributeName) string { return out.Attributes[string(name)] }
	number := func(name types.QueueAttributeName) int {
		n, _ := strconv.Atoi(attribute(name)) // absent is 0
		return n
	}
	d := Description{
		ARN:          attribute(types.QueueAttributeNameQueueArn),
		FIFO:         attribute(types.QueueAttributeNameFifoQueue) == "true",
		ContentDedup: attribute(types.QueueAttributeNameContentBasedDeduplication) == "true",
		Visibility:   time.Duration(number(types.QueueAttributeNameVisibilityTimeout)) * time.Second,
		Retention:    time.Duration(number(types.QueueAttributeNameMessageRetentionPeriod)) * time.Second,
		Waiting:      number(types.QueueAttributeNameApproximateNumberOfMessages),
		InFlight:     number(types.QueueAttributeNameApproximateNumberOfMessagesNotVisible),
		Delayed:      number(types.QueueAttributeNameApproximateNumberOfMessagesDelayed),
	}
	if policy := attribute(types.QueueAttributeNameRedrivePolicy); policy != "" {
		if d.DeadLetterARN, d.MaxReceiveCount, err = readPolicy(policy); err != nil {
			return Description{}, fmt.Errorf("inspect queue %q: redrive policy: %w", queue.label, err)
		}
	}
	return d, nil
}

// readPolicy reads a redrive policy; its count comes as a number or as a string, depending on who wrote it.
func readPolicy(policy string) (arn string, count int, err error) {
	var p struct {
		Target string          `json:"deadLetterTargetArn"`
		Count  json.RawMessage `json:"maxReceiveCount"`
	}
	if err := json.Unmarshal([]byte(policy), &p); err != nil {
		return "", 0, err
	}
	if digits := strings.Trim(string(p.Count), `"`); digits != "" {
		if count, err = strconv.Atoi(digits); err != nil {
			return "", 0, fmt.Errorf("max receive count %q is no number", digits)
		}
	}
	return p.Target, count, nil
}

// lookUp finds the URL of the queue with the given ARN, arn:partition:sqs:region:account:name.
func lookUp(ctx context.Context, client *sqs.Client, arn string) (string, error) {
	parts := strings.Split(arn, ":")
	if len(parts) != 6 || parts[2] != "sqs" {
		return "", fmt.Errorf("%q is not the ARN of a queue", arn)
	}
	out, err := client.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: &parts[5], QueueOwnerAWSAccountId: &parts[4]})
	if err != nil {
		return "", fmt.Errorf("look up queue %q: %w", arn, explain(ctx, client, err))
	}
	return text(out.QueueUrl), nil
}
