package faults_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/monthend/monthend/local/sqs"
)

// counts are what a chaos did.
type counts struct {
	kills, freezes, terminations, cuts, queueFaults, restarts atomic.Int64
	repeats, restatements, poisons                            atomic.Int64
}

func (n *counts) String() string {
	return fmt.Sprintf("%d kills, %d freezes, %d terminations, %d cuts, %d queue faults, %d restarts; %d repeats, %d restatements, %d poisons",
		n.kills.Load(), n.freezes.Load(), n.terminations.Load(), n.cuts.Load(), n.queueFaults.Load(), n.restarts.Load(),
		n.repeats.Load(), n.restatements.Load(), n.poisons.Load())
}

// slot is a place where one worker process runs after another, over the same wires, as a supervisor would have it.
type slot struct {
	chaos  *chaos
	worker *Worker // the life of now
}

func (c *chaos) newSlot(number int) *slot {
	w := c.NewWorker(fmt.Sprintf("worker %d", number))
	w.Env["MONTHEND_CRASH_LIMIT"] = "1000000" // what is killed here is not to blame
	w.Env["MONTHEND_CONCURRENCY"] = fmt.Sprint(1 + number%2)
	w.Start()
	return &slot{chaos: c, worker: w}
}

// restart starts the next life if this one is over.
func (s *slot) restart() {
	select {
	case <-s.worker.done:
	default:
		return
	}
	old := s.worker
	s.worker = &Worker{
		tb: old.tb, stack: old.stack, name: old.name, Env: old.Env, Ledger: old.Ledger, Source: old.Source, SQS: old.SQS, S3: old.S3,
		log: newJournal(), done: make(chan struct{}),
	}
	s.worker.Start()
	s.chaos.count.restarts.Add(1)
}

// calm waits, and restarts what ends meanwhile.
func (s *slot) calm(ctx context.Context, d time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	for {
		select {
		case <-s.worker.done:
			s.restart()
			pause(ctx, 100*time.Millisecond) // one that cannot start is not started a thousand times
		case <-ctx.Done():
			return
		}
	}
}

// keep lets a worker live, whatever ends it, until ctx ends.
func (s *slot) keep(ctx context.Context) {
	for ctx.Err() == nil {
		s.calm(ctx, time.Minute)
	}
}

// disturb hits the slot's worker with one thing after another until ctx ends, and leaves it whole.
func (s *slot) disturb(ctx context.Context, r *rand.Rand) {
	n := &s.chaos.count
	for {
		s.calm(ctx, between(r, 500*time.Millisecond, 3500*time.Millisecond))
		if ctx.Err() != nil {
			return
		}
		switch draw := r.IntN(100); {
		case draw < 50:
			s.worker.Kill()
			n.kills.Add(1)
		case draw < 70:
			s.killAt(ctx, s.point(r))
		case draw < 78:
			// Long enough, at times, for the lease to pass to another worker.
			s.worker.Freeze()
			n.freezes.Add(1)
			pause(ctx, between(r, time.Second, 20*time.Second))
			s.worker.Thaw()
		case draw < 85:
			s.worker.Terminate()
			n.terminations.Add(1)
			s.calm(ctx, between(r, 100*time.Millisecond, time.Second))
		default:
			s.cut(ctx, r)
			n.cuts.Add(1)
		}
	}
}

// point draws a point that the worker is sure to pass.
func (s *slot) point(r *rand.Rand) Point {
	points := []Point{Received, Claimed, Extracting, Generating, Uploaded, Published, Deleting}
	if s.worker.S3 != nil {
		points = append(points, Uploading)
	}
	return points[r.IntN(len(points))]
}

// killAt kills the worker at a point, if it comes there soon. A trap that is not sprung then cuts a wire of a later life.
func (s *slot) killAt(ctx context.Context, point Point) {
	victim := s.worker
	victim.At(point, func() Verdict {
		select {
		case <-victim.done:
			s.chaos.count.cuts.Add(1)
		default:
			s.chaos.count.kills.Add(1)
		}
		return victim.Killed()
	})
	select {
	case <-victim.done:
	case <-time.After(4 * time.Second):
	case <-ctx.Done():
	}
}

// cut disturbs one of the worker's wires: an instant, some seconds without a connection, or some in which nothing comes
// through.
func (s *slot) cut(ctx context.Context, r *rand.Rand) {
	wire := s.worker.Ledger
	if r.IntN(3) == 0 {
		wire = s.worker.Source
	}
	long := between(r, 500*time.Millisecond, 8*time.Second)
	switch r.IntN(5) {
	case 0:
		wire.Cut()
	case 1:
		wire.Refuse()
		wire.Cut()
		s.calm(ctx, long)
		wire.Accept()
	case 2:
		wire.Stall()
		s.calm(ctx, 2*long) // at times past the fence
		wire.Flow()
	case 3:
		s.worker.SQS.Refuse()
		s.calm(ctx, long)
		s.worker.SQS.Accept()
	default:
		// An answer that never comes, of whatever is asked next.
		texts := []string{"monthend.claim(", "monthend.renew(", "monthend.allocate(", "monthend.publish("}
		s.worker.Ledger.Set(Trap{Text: texts[r.IntN(len(texts))], Answer: true, Do: Drop})
		if s.worker.S3 != nil {
			s.worker.S3.Set(Trap{Text: "PutObject", Skip: r.IntN(10), Answer: r.IntN(2) == 0, Do: Drop})
		}
	}
}

// spoilQueue has the queue itself go wrong, in one way after another, for all workers.
func (c *chaos) spoilQueue(ctx context.Context, r *rand.Rand) {
	kinds := []sqs.Kind{sqs.Throttle, sqs.Unavailable, sqs.Lost, sqs.Slow, sqs.Duplicate, sqs.Reorder}
	// Not SendMessage to the queue itself: what was accepted must be known.
	operations := []string{"ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility", "ChangeMessageVisibilityBatch"}
	for pause(ctx, between(r, 200*time.Millisecond, 3*time.Second)) {
		fault := sqs.Fault{Kind: kinds[r.IntN(len(kinds))], Queue: queueName, Operation: operations[r.IntN(len(operations))], Probability: 0.5}
		switch {
		case fault.Kind == sqs.Duplicate || fault.Kind == sqs.Reorder:
			fault.Operation = "ReceiveMessage"
		case fault.Kind == sqs.Slow:
			fault.Delay = between(r, 50*time.Millisecond, 3*time.Second)
		case r.IntN(8) == 0:
			fault.Queue, fault.Operation = deadName, "SendMessage"
		}
		injection, err := c.SQS.Inject(fault)
		if err != nil {
			c.tb.Error(err)
			return
		}
		pause(ctx, between(r, 500*time.Millisecond, 5*time.Second))
		injection.Remove()
		c.count.queueFaults.Add(int64(injection.Struck()))
	}
}
