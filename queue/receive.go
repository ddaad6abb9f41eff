package queue

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// poll receives until ctx ends, handing each message to start in a goroutine of its own. It never asks for more than there
// are free workers.
func (c *Consumer) poll(ctx, calls context.Context, start func(*delivery)) {
	var failures, hurries int
	var since time.Time
	for {
		free := c.reserve(ctx)
		if free == 0 {
			return
		}
		c.tick()
		asked := time.Now() // not Now: measured against a wait that really passes
		deliveries, err := c.receive(ctx, free)
		// Tokens for messages that did not come go back before anything else can return.
		unused := free - min(len(deliveries), free)
		for range unused {
			c.free <- struct{}{}
		}
		if ctx.Err() != nil {
			c.giveBack(calls, deliveries, free-unused)
			return
		}
		if err != nil {
			if failures++; failures == 1 {
				since = c.cfg.Now()
				c.receiving(err, 0)
			}
			c.counters.pollFailures.Add(1)
			pause(ctx, c.backoff.Delay(failures))
			continue
		}
		if failures > 0 {
			c.receiving(nil, c.cfg.Now().Sub(since))
			failures = 0
		}
		// An endpoint that answers "nothing" without waiting would be asked thousands of times a second.
		if len(deliveries) == 0 && time.Since(asked) < c.cfg.Wait/2 {
			hurries++
			pause(ctx, c.backoff.Delay(hurries))
			continue
		}
		hurries = 0
		// More than was asked for has no worker to wait for it; it is for another process.
		c.giveBack(calls, deliveries[min(len(deliveries), free):], 0)
		for _, d := range deliveries[:min(len(deliveries), free)] {
			c.flight.add(d)
			d.heart = c.beat(calls, d)
			go start(d)
		}
	}
}

// reserve takes the tokens of the workers to receive for: at least one, waiting for it, and as many as one receive may fill.
// It returns 0 when ctx ends first. While all workers are busy the loop still ticks.
func (c *Consumer) reserve(ctx context.Context) int {
	if ctx.Err() != nil {
		return 0
	}
	busy := time.NewTicker(c.cfg.Heartbeat)
	defer busy.Stop()
	for taken := false; !taken; {
		select {
		case <-c.free:
			taken = true
		case <-busy.C:
			c.tick()
		case <-ctx.Done():
			return 0
		}
	}
	most := maxBatch
	if c.queue.fifo {
		// Several messages of one group would come together, and the second must not run beside the first.
		most = 1
	}
	for n := 1; n < most; n++ {
		select {
		case <-c.free:
		default:
			return n
		}
	}
	return most
}

// receive makes one long poll for up to n messages. When ctx ends, an answer that is already on its way is still taken, so
// that its messages can be released rather than lie invisible for a visibility timeout.
func (c *Consumer) receive(ctx context.Context, n int) ([]*delivery, error) {
	call, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.cfg.Wait+pollGrace)
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		pause(call, pollLinger)
		cancel()
	})()
	out, err := c.cfg.Client.ReceiveMessage(call, &sqs.ReceiveMessageInput{
		QueueUrl:                    &c.queue.url,
		MaxNumberOfMessages:         int32(n),
		WaitTimeSeconds:             seconds(c.cfg.Wait),
		VisibilityTimeout:           seconds(c.cfg.Visibility),
		MessageSystemAttributeNames: systemAttributes,
		MessageAttributeNames:       []string{"All"},
	}, once)
	if err != nil {
		return nil, fmt.Errorf("receive from %q: %w", c.queue.label, err)
	}
	at := c.cfg.Now()
	deliveries := make([]*delivery, len(out.Messages))
	for i, raw := range out.Messages {
		deliveries[i] = &delivery{message: read(raw, at), attributes: raw.MessageAttributes, done: make(chan struct{})}
	}
	c.counters.received.Add(int64(len(deliveries)))
	return deliveries, nil
}

// giveBack releases messages that were never begun, and the tokens that were taken for them.
func (c *Consumer) giveBack(ctx context.Context, deliveries []*delivery, tokens int) {
	bound, cancel := context.WithTimeout(ctx, releaseBound)
	defer cancel()
	c.release(bound, deliveries)
	for range tokens {
		c.free <- struct{}{}
	}
}

// receiving tells once of each change between receiving and not: an outage of an hour is two lines, not a thousand.
func (c *Consumer) receiving(err error, outage time.Duration) {
	if err != nil {
		c.cfg.Logger.Warn("receiving fails, trying again with backoff", "queue", c.queue.label, "error", err)
	} else {
		c.cfg.Logger.Info("receiving again", "queue", c.queue.label, "outage", outage)
	}
	if c.cfg.OnReceive != nil {
		c.cfg.OnReceive(err)
	}
}

// work is the life of one message: its handler, then its settlement.
func (c *Consumer) work(ctx, calls context.Context, handler Handler, d *delivery) {
	defer func() {
		d.heart.stop()
		c.flight.remove(d)
		c.free <- struct{}{}
		close(d.done)
	}()
	settlement := c.handle(ctx, handler, d)
	if !d.take() {
		return // released at the end of the drain
	}
	err := c.settle(calls, d, settlement)
	if c.cfg.OnSettle != nil {
		c.cfg.OnSettle(d.message, settlement, err)
	}
}

// handle calls the handler and turns a panic into Retry: one bad message must not end the process, and the queue's redrive
// policy takes a message that panics for ever.
func (c *Consumer) handle(ctx context.Context, handler Handler, d *delivery) (s Settlement) {
	returned := false
	defer func() {
		if returned {
			return
		}
		c.counters.panics.Add(1)
		s = Retry(c.again.Delay(d.message.ReceiveCount))
		c.cfg.Logger.Error("the handler panicked", "queue", c.queue.label, "message", d.message.ID,
			"panic", fmt.Sprint(recover()), "settlement", s.String(), "stack", string(debug.Stack()))
	}()
	s = handler(ctx, d.message)
	returned = true
	return s
}
