package queue

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

var errSettleTimeout = fmt.Errorf("settling took longer than %s", settleTimeout)

// settle carries the settlement out, trying again until settleTimeout. What cannot be settled is logged and comes back.
func (c *Consumer) settle(ctx context.Context, d *delivery, s Settlement) error {
	ctx, cancel := context.WithTimeoutCause(ctx, settleTimeout, errSettleTimeout)
	defer cancel()
	var err error
	switch s.kind {
	case remove:
		// The heart goes on beating: while a delete is tried again nobody else should get the message.
		err = c.delete(ctx, d)
		c.counters.settled(&c.counters.deleted, err)
	case retry:
		err = c.retry(ctx, d, s.after)
		c.counters.settled(&c.counters.retried, err)
	case bury:
		err = c.bury(ctx, d, s.reason)
		c.counters.settled(&c.counters.deadLettered, err)
	default:
		d.heart.stop()
		c.counters.settled(&c.counters.left, nil)
	}
	if err != nil {
		c.cfg.Logger.Error("the message is not settled and will come back", "queue", c.queue.label,
			"message", d.message.ID, "settlement", s.String(), "reason", s.reason, "error", err)
	}
	return err
}

// delete takes the message off the queue. One that is gone already answers as deleted, on standard queues.
func (c *Consumer) delete(ctx context.Context, d *delivery) error {
	return c.persist(ctx, lost, func(ctx context.Context) error {
		_, err := c.cfg.Client.DeleteMessage(ctx, &sqs.DeleteMessageInput{
			QueueUrl:      &c.queue.url,
			ReceiptHandle: &d.message.ReceiptHandle,
		}, once)
		if err != nil {
			return fmt.Errorf("delete message %q: %w", d.message.ID, err)
		}
		return nil
	})
}

// retry makes the message receivable after the given time. The heart stops first: a later renewal would shorten the delay.
func (c *Consumer) retry(ctx context.Context, d *delivery, after time.Duration) error {
	d.heart.stop()
	return c.persist(ctx, lost, func(ctx context.Context) error {
		return c.changeVisibility(ctx, d, c.allowed(d, after))
	})
}

// allowed cuts a delay to what SQS still accepts: it counts the 12 hours from the receive, not from the call, and refuses
// anything beyond them. The minute is for the clocks.
func (c *Consumer) allowed(d *delivery, after time.Duration) time.Duration {
	left := maxVisibility - c.cfg.Now().Sub(d.message.ReceivedAt) - time.Minute
	return max(0, min(after, left))
}

// release makes messages receivable at once, in one call for ten of them, in one attempt: what fails comes back by itself
// after the visibility timeout.
func (c *Consumer) release(ctx context.Context, deliveries []*delivery) {
	for len(deliveries) > 0 {
		batch := deliveries[:min(len(deliveries), maxBatch)]
		deliveries = deliveries[len(batch):]
		entries := make([]types.ChangeMessageVisibilityBatchRequestEntry, len(batch))
		for i, d := range batch {
			id := strconv.Itoa(i)
			entries[i] = types.ChangeMessageVisibilityBatchRequestEntry{Id: &id, ReceiptHandle: &d.message.ReceiptHandle}
		}
		out, err := c.cfg.Client.ChangeMessageVisibilityBatch(ctx, &sqs.ChangeMessageVisibilityBatchInput{
			QueueUrl: &c.queue.url,
			Entries:  entries,
		}, once)
		if err != nil {
			c.cfg.Logger.Warn("messages are not released and come back after their visibility timeout",
				"queue", c.queue.label, "messages", len(batch), "error", err)
			continue
		}
		c.counters.released.Add(int64(len(out.Successful)))
		for _, failed := range out.Failed {
			c.cfg.Logger.Warn("a message is not released and comes back after its visibility timeout",
				"queue", c.queue.label, "code", text(failed.Code), "error", text(failed.Message))
		}
	}
}
