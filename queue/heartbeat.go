package queue

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// heart renews the visibility of one message until it is stopped.
type heart struct {
	quit   chan struct{}
	once   sync.Once
	cancel context.CancelFunc
	done   chan struct{}
}

// stop lets a renewal under way finish: were it cut off, SQS might still carry it out after the settlement's own
// ChangeMessageVisibility, and undo it.
func (h *heart) stop() {
	h.once.Do(func() { close(h.quit) })
	<-h.done
	h.cancel()
}

// cut stops without waiting for SQS.
func (h *heart) cut() {
	h.cancel()
	h.stop()
}

// beat starts the heart of d.
func (c *Consumer) beat(ctx context.Context, d *delivery) *heart {
	ctx, cancel := context.WithCancel(ctx)
	h := &heart{quit: make(chan struct{}), cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(h.done)
		c.renewAll(ctx, h.quit, d)
	}()
	return h
}

// renewAll renews every Heartbeat, sooner after a failure. A failure is counted and cancels nothing: losing the visibility
// costs a redelivery, which finds the work under its lease in the ledger.
func (c *Consumer) renewAll(ctx context.Context, quit <-chan struct{}, d *delivery) {
	log := c.cfg.Logger.With("queue", c.queue.label, "message", d.message.ID)
	timer := time.NewTimer(c.cfg.Heartbeat)
	defer timer.Stop()
	failures := 0
	for {
		select {
		case <-ctx.Done():
			return
		case <-quit:
			return
		case <-timer.C:
		}
		err := c.changeVisibility(ctx, d, c.cfg.Visibility)
		if ctx.Err() != nil {
			return
		}
		next := c.cfg.Heartbeat
		switch {
		case err == nil:
			c.counters.renewed.Add(1)
			if failures > 0 {
				log.Info("visibility renewed again", "failures", failures)
			}
			failures = 0
		case lost(err):
			c.counters.renewalFailures.Add(1)
			log.Warn("the message's visibility is lost, the work goes on", "error", err)
			return
		default:
			c.counters.renewalFailures.Add(1)
			if failures++; failures == 1 {
				log.Warn("renewing the visibility fails, trying again with backoff", "error", err)
			}
			next = min(next, c.backoff.Delay(failures))
		}
		timer.Reset(next)
	}
}

// changeVisibility makes the message receivable again after d from now, in one attempt.
func (c *Consumer) changeVisibility(ctx context.Context, m *delivery, d time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, err := c.cfg.Client.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{
		QueueUrl:          &c.queue.url,
		ReceiptHandle:     &m.message.ReceiptHandle,
		VisibilityTimeout: seconds(d),
	}, once)
	if err != nil {
		return fmt.Errorf("change visibility of message %q: %w", m.message.ID, err)
	}
	return nil
}
