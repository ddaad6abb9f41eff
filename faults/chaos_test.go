package faults_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

// The chaos to be had: a short one with every `go test`, a long one by `make chaos`.
var (
	chaosTime    = flag.Duration("chaos", 15*time.Second, "how long the random faults of TestChaos go on")
	chaosWorkers = flag.Int("chaos-workers", 3, "how many worker processes they hit")
	chaosSeed    = flag.Uint64("chaos-seed", 1, "what the faults are drawn from; 0 draws a seed")
)

// settling bounds how long the end of the last job may take once nothing disturbs any more.
const settling = 5 * time.Minute

// chaos is a stack, its workers, and whoever sends to them and disturbs them. Each actor draws from a source of its own, so
// that the seed fixes what each does and in which order; what meets what is left to the machine.
type chaos struct {
	*Stack
	tb    testing.TB
	seed  uint64
	slots []*slot
	count counts
	known []Sent // what the stream asked for; its own
}

// TestChaos lets workers and jobs run under random faults for a time, then heals everything and looks for the invariant.
func TestChaos(t *testing.T) {
	if *chaosTime <= 0 || *chaosWorkers < 1 {
		t.Fatal("-chaos and -chaos-workers must be above 0")
	}
	c := &chaos{tb: t, seed: *chaosSeed}
	if c.seed == 0 {
		c.seed = rand.Uint64()
	}
	// An odd seed publishes to a directory, an even one to S3.
	onS3 := c.seed%2 == 0
	fmt.Fprintf(t.Output(), "chaos for %s, %d workers, seed %d, S3 %t\n", *chaosTime, *chaosWorkers, c.seed, onS3)
	c.Stack = NewStack(t, StackConfig{S3: onS3})
	c.openMoving()
	c.cleaner()
	for number := range *chaosWorkers {
		c.slots = append(c.slots, c.newSlot(number))
	}

	began := time.Now()
	ctx, stop := context.WithTimeout(t.Context(), *chaosTime)
	defer stop()
	var actors sync.WaitGroup
	for number, slot := range c.slots {
		actors.Go(func() { slot.disturb(ctx, c.source(100+number)) })
	}
	actors.Go(func() { c.stream(ctx, c.source(1)) })
	actors.Go(func() { c.restate(ctx, c.source(2)) })
	actors.Go(func() { c.spoilQueue(ctx, c.source(3)) })
	actors.Wait()
	stormed := time.Since(began)

	settled, end := context.WithTimeout(t.Context(), settling)
	defer end()
	var kept sync.WaitGroup
	for _, slot := range c.slots {
		kept.Go(func() { slot.keep(settled) })
	}
	c.settle(settled)
	settledIn := time.Since(began) - stormed
	end()
	kept.Wait()
	tally := c.Tally()
	for _, problem := range tally.Problems {
		t.Error(problem)
	}
	fmt.Fprintf(t.Output(), "%s; settled in %s; %d orphans, %d stale\n", c.count.String(), settledIn.Round(time.Second), tally.Orphans, tally.Stale)
	fmt.Fprintln(t.Output(), tally)
	if tally.Published == 0 || c.count.kills.Load() == 0 {
		t.Error("nothing was published, or nothing was killed: the chaos shows nothing")
	}
}

// source is an actor's own.
func (c *chaos) source(actor int) *rand.Rand { return rand.New(rand.NewPCG(c.seed, uint64(actor))) }

// settle waits until every request has its outcome and the queue is empty. The clocks are hurried on: a lease whose owner is
// dead, or a message that waits for its next try, perhaps for a quarter of an hour, waits for nothing that is still to come.
func (c *chaos) settle(ctx context.Context) {
	c.tb.Helper()
	c.Expire()
	for !c.settled(ctx) {
		if !pause(ctx, time.Second) {
			c.tb.Errorf("not settled after %s: %d waiting, %d in flight, %d delayed", settling,
				c.Depth(c.tb.Context()).Waiting, c.Depth(c.tb.Context()).InFlight, c.Depth(c.tb.Context()).Delayed)
			return
		}
		c.SQS.Advance(time.Minute)
	}
}

func (c *chaos) settled(ctx context.Context) bool {
	if d := c.Depth(ctx); d.Waiting+d.InFlight+d.Delayed > 0 {
		return false
	}
	for _, sent := range c.Sent() {
		if request, err := c.Ledger.Request(ctx, sent.RequestID); err != nil || request.Outcome == "" {
			return false
		}
	}
	return true
}

// pause waits; false when ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// between draws a time from low up to high.
func between(r *rand.Rand, low, high time.Duration) time.Duration {
	return low + time.Duration(r.Int64N(int64(high-low)))
}
