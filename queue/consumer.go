package queue

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// Consumer receives messages, renews their visibility while a Handler works on them, and settles them. It holds no more
// messages than it has workers; each is worked on from the moment it arrives. On FIFO queues it takes one message a receive,
// so that the order of a group is SQS's to keep: nothing of a group is delivered while its head is in flight or in Retry.
type Consumer struct {
	cfg     ConsumerConfig
	queue   address
	dlq     deadLetterQueue
	backoff Backoff // between tries of one call
	again   Backoff // between deliveries of a message whose handler panicked

	free     chan struct{} // one token a free worker
	flight   flight
	started  atomic.Bool
	abort    sync.Once
	aborted  chan struct{}
	lastTick atomic.Pointer[time.Time] // written by the poll loop, read by the watchdog
	counters counters
}

// NewConsumer checks the configuration. It does not talk to SQS.
func NewConsumer(cfg ConsumerConfig) (*Consumer, error) {
	if err := cfg.complete(); err != nil {
		return nil, fmt.Errorf("set up consumer: %w", err)
	}
	queue, err := parseAddress(cfg.QueueURL)
	if err != nil {
		return nil, fmt.Errorf("set up consumer: %w", err)
	}
	if cfg.DeadLetterURL != "" {
		if _, err := parseAddress(cfg.DeadLetterURL); err != nil {
			return nil, fmt.Errorf("set up consumer: dead letters: %w", err)
		}
	}
	c := &Consumer{
		cfg:     cfg,
		queue:   queue,
		dlq:     deadLetterQueue{url: cfg.DeadLetterURL},
		backoff: Backoff{Rand: cfg.Rand},
		again:   Backoff{Base: 5 * time.Second, Cap: 15 * time.Minute, Rand: cfg.Rand},
		free:    make(chan struct{}, cfg.Concurrency),
		aborted: make(chan struct{}),
	}
	for range cfg.Concurrency {
		c.free <- struct{}{}
	}
	return c, nil
}

// Run receives and works until ctx ends, then stops receiving at once and lets the handlers go on for up to Drain. What is
// then left has its context cancelled, and what does not return after that is released with visibility 0.
//
// It returns nil when everything it held was settled by its handlers, and an error that wraps ErrDrained or ErrAborted when
// work had to be cut short. An outage is no reason to return: Run goes on trying, with backoff, and recovers by itself.
// A Consumer runs once.
func (c *Consumer) Run(ctx context.Context, handler Handler) error {
	if handler == nil {
		return fmt.Errorf("consume %q: no handler", c.queue.label)
	}
	if !c.started.CompareAndSwap(false, true) {
		return fmt.Errorf("consume %q: a consumer runs once", c.queue.label)
	}
	var background sync.WaitGroup
	defer background.Wait()

	// Four lives, each outlasting the one before: receiving, the handlers' work, the calls that settle it, and base. The
	// handlers' one must not end with ctx: a SIGTERM is a reason to take no more, not to drop what is half done.
	base := context.WithoutCancel(ctx)
	polling, stopPolling := context.WithCancel(ctx)
	defer stopPolling()
	work, stopWork := context.WithCancelCause(base)
	defer stopWork(nil)
	calls, stopCalls := context.WithCancel(base)
	defer stopCalls()

	aborting, abort := context.WithCancelCause(base)
	defer abort(nil)
	background.Go(func() {
		select {
		case <-c.aborted:
			abort(ErrAborted)
			stopPolling()
		case <-aborting.Done():
		}
	})
	watching, stopWatching := context.WithCancel(base)
	defer stopWatching()
	c.tick()
	background.Go(func() { c.watch(watching) })

	c.poll(polling, calls, func(d *delivery) { c.work(work, calls, handler, d) })
	stopWatching()

	patience, cancel := context.WithTimeoutCause(aborting, c.cfg.Drain, ErrDrained)
	defer cancel()
	if c.flight.wait(patience) {
		return nil
	}
	cause := context.Cause(patience)
	stopWork(cause)
	return fmt.Errorf("consume %q: %w: %s", c.queue.label, cause, c.finish(base, stopCalls))
}

// Abort ends Run without the patience of a drain: it stops receiving, cancels the handlers' contexts with ErrAborted, and
// releases what they do not settle. It may be called at any time, more than once and from any goroutine.
func (c *Consumer) Abort() { c.abort.Do(func() { close(c.aborted) }) }

// finish gives the cancelled handlers their grace, releases what they still hold and says what it did.
func (c *Consumer) finish(base context.Context, stopCalls func()) string {
	grace, cancel := context.WithTimeout(base, handlerGrace)
	defer cancel()
	if c.flight.wait(grace) {
		return "all handlers returned"
	}
	bound, cancel := context.WithTimeout(base, releaseBound)
	defer cancel()
	stuck := c.flight.takeAll()
	c.release(bound, stuck)
	// The other deliveries have returned and are being settled. They get what is left of the bound; without their context they end at once.
	c.flight.wait(bound)
	stopCalls()
	c.flight.wait(base)
	return fmt.Sprintf("%d handlers did not return, their messages are released", len(stuck))
}

// once keeps the SDK from retrying underneath: every retry here is ours, with one backoff and one deadline to reason about.
func once(o *sqs.Options) { o.Retryer = aws.NopRetryer{} }

// persist repeats call with backoff until it succeeds, fails for good, or ctx ends; it then returns the last error of call.
func (c *Consumer) persist(ctx context.Context, final func(error) bool, call func(context.Context) error) error {
	for failures := 1; ; failures++ {
		attempt, cancel := context.WithTimeout(ctx, callTimeout)
		err := call(attempt)
		cancel()
		if err == nil || final(err) {
			return err
		}
		if ctx.Err() != nil || !pause(ctx, c.backoff.Delay(failures)) {
			return fmt.Errorf("%w (given up: %w)", err, context.Cause(ctx))
		}
	}
}
