package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/monthend/monthend/trace/read"
)

// pickup sends one job at a time to a worker that waits in its long poll, and reads back from X-Ray when its segment began.
// The rival is a bare SDK client in its long poll on another queue: sent → received. Both clocks start before the call that
// sends, so the sending counts.
func pickup(ctx context.Context, b *bench) error {
	c, err := b.startCloud(ctx)
	if err != nil {
		return err
	}
	defer c.close()
	bare, err := c.queue(ctx, "bare")
	if err != nil {
		return err
	}
	queue := c.env["MONTHEND_QUEUE_URL"]
	worker, err := c.work(ctx, queue)
	if err != nil {
		return err
	}
	defer worker.stop()

	var worked, received []float64
	samples := cmp.Or(b.rounds, 100)
	for n := range samples + 1 {
		took, err := c.pickUp(ctx, queue, fmt.Sprintf("pickup-%d", n))
		if err != nil {
			return err
		}
		alone, err := c.pickUpBare(ctx, bare)
		if err != nil {
			return err
		}
		if n == 0 {
			continue // connections are made, caches are filled
		}
		worked, received = append(worked, ms(took)), append(received, ms(alone))
	}
	b.pair("ms", worked, received)
	fmt.Fprintf(b.out, "p95: monthend %s ms, rival %s ms\n", short(percentile(worked, 95)), short(percentile(received, 95)))
	b.verdict("pickup_p95_ms", percentile(worked, 95), "<=50")
	return nil
}

// idle gives both pollers time to be waiting again, never in step with anything.
func idle() { time.Sleep(100*time.Millisecond + rand.N(100*time.Millisecond)) }

// pickUp is the time from the sending of a job to the beginning of its segment.
func (c *cloud) pickUp(ctx context.Context, queueURL, request string) (time.Duration, error) {
	body, err := job("small", request)
	if err != nil {
		return 0, err
	}
	idle()
	header, id := traceHeader()
	sent := time.Now()
	if err := c.send(ctx, queueURL, body, header); err != nil {
		return 0, err
	}
	var began time.Time
	err = until(ctx, 20*time.Millisecond, func(ctx context.Context) (bool, error) {
		found, err := c.traces.Trace(ctx, id)
		if errors.Is(err, read.ErrNotFound) {
			return false, nil
		}
		if err != nil || len(found.Roots) == 0 || found.Roots[0].Document.InProgress {
			return false, err
		}
		began = found.Roots[0].Document.Start()
		return true, nil
	})
	return began.Sub(sent), err
}

// pickUpBare is the time from the sending of a message to its receipt by a bare long poll.
func (c *cloud) pickUpBare(ctx context.Context, queueURL string) (time.Duration, error) {
	type receipt struct {
		at  time.Time
		out *sqs.ReceiveMessageOutput
		err error
	}
	got := make(chan receipt, 1)
	go func() {
		out, err := c.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &queueURL, WaitTimeSeconds: 20})
		got <- receipt{time.Now(), out, err}
	}()
	idle()
	sent := time.Now()
	if err := c.send(ctx, queueURL, "bare", ""); err != nil {
		return 0, err
	}
	r := <-got
	if r.err != nil {
		return 0, r.err
	}
	if len(r.out.Messages) != 1 {
		return 0, fmt.Errorf("the bare poll brought %d messages", len(r.out.Messages))
	}
	_, err := c.sqs.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &queueURL, ReceiptHandle: r.out.Messages[0].ReceiptHandle})
	return r.at.Sub(sent), err
}
