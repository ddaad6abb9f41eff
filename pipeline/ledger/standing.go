package ledger

import (
	"context"
	"fmt"
	"time"
)

// Standing is what is open in the ledger at one moment.
type Standing struct {
	Held     int           // runs under a live lease
	Expired  int           // runs whose lease ran out and that nobody has claimed again
	Waiting  int           // runs that were given back and wait for their next claim
	ClaimAge time.Duration // since the oldest attempt under a live lease began; 0: there is none

	OutboxPending     int           // messages that are due and were never taken by the queue
	OutboxAge         time.Duration // of the oldest of those
	DeliveriesWaiting int           // to be brought to somebody outside
	DeliveriesHeld    int           // waiting for an approval
	DeliveriesFailed  int           // given up
}

// Standing looks once, through indexes that hold what is open and nothing else. Failed deliveries are counted for a day.
func (s *Store) Standing(ctx context.Context) (Standing, error) {
	var n Standing
	err := s.pool.QueryRow(ctx, `
		SELECT r.held, r.expired, r.waiting, r.age, o.pending, o.age, d.waiting, d.held, d.failed
		  FROM (SELECT count(*) FILTER (WHERE lease_until > clock_timestamp()) AS held,
		               count(*) FILTER (WHERE lease_until <= clock_timestamp()) AS expired,
		               count(*) FILTER (WHERE owner IS NULL) AS waiting,
		               coalesce(max(clock_timestamp() - started_at) FILTER (WHERE lease_until > clock_timestamp()), '0') AS age
		          FROM monthend.runs WHERE ended_at IS NULL) r,
		       (SELECT count(*) AS pending, coalesce(max(clock_timestamp() - created_at), '0') AS age
		          FROM monthend.outbox WHERE done_at IS NULL AND sent_at IS NULL) o,
		       (SELECT count(*) FILTER (WHERE state = 'waiting') AS waiting, count(*) FILTER (WHERE state = 'held') AS held,
		               count(*) FILTER (WHERE state = 'failed') AS failed
		          FROM monthend.deliveries
		         WHERE state IN ('held', 'waiting') OR state = 'failed' AND ended_at > clock_timestamp() - interval '1 day') d`).
		Scan(&n.Held, &n.Expired, &n.Waiting, &n.ClaimAge, &n.OutboxPending, &n.OutboxAge, &n.DeliveriesWaiting, &n.DeliveriesHeld, &n.DeliveriesFailed)
	if err != nil {
		return Standing{}, fmt.Errorf("ledger: see what is open: %w", err)
	}
	return n, nil
}
