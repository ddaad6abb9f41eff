package queue

import "sync/atomic"

// Counters are what a Consumer has done so far.
type Counters struct {
	Received           int64 // deliveries
	Deleted            int64
	Retried            int64
	DeadLettered       int64
	Left               int64
	Released           int64 // given back with visibility 0, unbegun or cut short
	Renewed            int64 // visibility renewals
	RenewalFailures    int64
	SettlementFailures int64 // deliveries that could not be settled; they come back
	PollFailures       int64
	Panics             int64 // of handlers
	Stalls             int64 // of the poll loop
}

type counters struct {
	received, deleted, retried, deadLettered, left, released atomic.Int64
	renewed, renewalFailures, settlementFailures             atomic.Int64
	pollFailures, panics, stalls                             atomic.Int64
}

// settled counts one settlement: under done, or as failed.
func (c *counters) settled(done *atomic.Int64, err error) {
	if err != nil {
		done = &c.settlementFailures
	}
	done.Add(1)
}

// Counters may be called at any time.
func (c *Consumer) Counters() Counters {
	n := &c.counters
	return Counters{
		Received: n.received.Load(), Deleted: n.deleted.Load(), Retried: n.retried.Load(),
		DeadLettered: n.deadLettered.Load(), Left: n.left.Load(), Released: n.released.Load(),
		Renewed: n.renewed.Load(), RenewalFailures: n.renewalFailures.Load(),
		SettlementFailures: n.settlementFailures.Load(), PollFailures: n.pollFailures.Load(),
		Panics: n.panics.Load(), Stalls: n.stalls.Load(),
	}
}
