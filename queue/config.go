package queue

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// The limits of SQS.
const (
	maxWait       = 20 * time.Second
	maxVisibility = 12 * time.Hour
	maxBatch      = 10
)

// The bounds that are not settings.
const (
	callTimeout   = 5 * time.Second        // one call that answers at once: renew, delete, send
	pollGrace     = 10 * time.Second       // what a long poll may take beyond its wait
	pollLinger    = 200 * time.Millisecond // what an answer under way is waited for when the poll is to end
	settleTimeout = 30 * time.Second       // one settlement with its retries
	handlerGrace  = 2 * time.Second        // from the cancelled context to the handler's return
	releaseBound  = 2 * time.Second        // the last releases before Run returns
	noQueueDelay  = time.Hour              // a message that should be dead-lettered and cannot be
)

// ConsumerConfig says what to consume and how. Only Client and QueueURL are needed.
type ConsumerConfig struct {
	// Client should carry no tracing: polls and renewals are not work. Its own retries are not used.
	Client   *sqs.Client
	QueueURL string

	// DeadLetterURL is where DeadLetter sends; "" = the queue that the redrive policy of QueueURL names.
	DeadLetterURL string

	Concurrency int           // messages worked on, and held, at once; 0 = 1
	Visibility  time.Duration // set on receive and on renewal, whole seconds; 0 = 15 s
	Heartbeat   time.Duration // between renewals, less than Visibility; 0 = a third of it
	Wait        time.Duration // of one long poll, whole seconds, 1 to 20; 0 = 20 s
	Drain       time.Duration // how long handlers may go on after Run's context ended; 0 = 25 s
	Stall       time.Duration // a poll loop silent for longer is reported; 0 = twice (Wait + 10 s)

	Logger *slog.Logger     // nil = silent
	Now    func() time.Time // nil = time.Now
	Rand   func() float64   // for jitter, in [0, 1); nil = math/rand

	// Tick is called from the poll loop each time around, whatever became of the poll, and every Heartbeat while all
	// workers are busy: the sign of life, also in an outage. A reader should take it for dead after Stall. It must not block.
	Tick func(time.Time)

	// OnReceive is called when receiving begins to fail, with the first error, and with nil once it works again.
	OnReceive func(error)

	// OnSettle is called after each settlement, from the goroutine of the message, with the error that kept it from being
	// done. Such a message is delivered again.
	OnSettle func(Message, Settlement, error)

	// OnStall is called once for each time that the poll loop has not ticked for longer than Stall.
	OnStall func(silent time.Duration)
}

// complete fills the defaults in and checks the rest.
func (c *ConsumerConfig) complete() error {
	c.Concurrency = orDefault(c.Concurrency, 1)
	c.Visibility = orDefault(c.Visibility, 15*time.Second)
	c.Heartbeat = orDefault(c.Heartbeat, c.Visibility/3)
	c.Wait = orDefault(c.Wait, maxWait)
	c.Drain = orDefault(c.Drain, 25*time.Second)
	c.Stall = orDefault(c.Stall, 2*(c.Wait+pollGrace))
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Rand == nil {
		c.Rand = rand.Float64
	}
	switch {
	case c.Client == nil:
		return errors.New("no SQS client")
	case c.Concurrency < 1:
		return fmt.Errorf("concurrency %d is below 1", c.Concurrency)
	case !wholeSeconds(c.Visibility, maxVisibility):
		return fmt.Errorf("visibility %s is not a whole number of seconds from 1 s to %s", c.Visibility, maxVisibility)
	case c.Heartbeat < 0 || c.Heartbeat >= c.Visibility:
		return fmt.Errorf("heartbeat %s is not between 0 and the visibility of %s", c.Heartbeat, c.Visibility)
	case !wholeSeconds(c.Wait, maxWait):
		// A wait of 0 is never sent by the SDK: the queue's own default would hold, whatever it is.
		return fmt.Errorf("wait %s is not a whole number of seconds from 1 s to %s", c.Wait, maxWait)
	case c.Drain < 0:
		return fmt.Errorf("drain %s is negative", c.Drain)
	case c.Stall <= c.Wait:
		// The loop rightly says nothing while it waits.
		return fmt.Errorf("stall %s is not longer than the wait of %s", c.Stall, c.Wait)
	}
	return nil
}

func orDefault[T int | time.Duration](value, otherwise T) T {
	if value == 0 {
		return otherwise
	}
	return value
}

func wholeSeconds(d, most time.Duration) bool {
	return d >= time.Second && d <= most && d%time.Second == 0
}

// seconds is d in whole seconds, rounded up: never sooner than asked.
func seconds(d time.Duration) int32 { return int32((d + time.Second - 1) / time.Second) }
