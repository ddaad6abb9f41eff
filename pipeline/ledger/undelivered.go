package ledger

import (
	"context"
	"time"
)

// Undelivered is how much has not come to those outside.
type Undelivered struct {
	Held    int64         // for somebody's approval
	Waiting int64         // for a try, or under way
	Failed  int64         // of current versions, and alerts of the last seven days
	Oldest  time.Duration // how long the longest waiting one has been due; 0 without one
}

// Undelivered counts deliveries by their states.
func (s *Store) Undelivered(ctx context.Context) (Undelivered, error) {
	var u Undelivered
	err := s.pool.QueryRow(ctx, `
		SELECT count(*) FILTER (WHERE d.state = 'held'), count(*) FILTER (WHERE d.state = 'waiting'),
		       count(*) FILTER (WHERE d.state = 'failed' AND (c.version IS NOT NULL OR d.kind = 'alert' AND d.ended_at > clock_timestamp() - interval '7 days')),
		       coalesce(max(clock_timestamp() - coalesce(d.first_at, d.next_at)) FILTER (WHERE d.state = 'waiting' AND coalesce(d.first_at, d.next_at) <= clock_timestamp()), '0')
		  FROM monthend.deliveries d
		  LEFT JOIN monthend.current c ON (c.report, c.tenant, c.period, c.version) = (d.report, d.tenant, d.period, d.version)
		 WHERE d.state IN ('held', 'waiting', 'failed')`).Scan(&u.Held, &u.Waiting, &u.Failed, &u.Oldest)
	return u, wrapUnlessNil(err, "ledger: count what is not delivered")
}
