package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/monthend/monthend/report"
)

// Answered is what there is of a key without asking anew.
type Answered string

// What Backfill and Answered answer. Only AnsweredPosted has put a message into the outbox.
const (
	AnsweredPublished Answered = "published"
	AnsweredRunning   Answered = "running" // or put back, and waiting for a worker
	AnsweredAsked     Answered = "asked"   // on its way to a worker
	AnsweredMissing   Answered = "missing"
	AnsweredPosted    Answered = "posted"
	AnsweredUnended   Answered = "unended" // the period goes on, by the database's clock
)

// Answered says what there is of key.
func (s *Store) Answered(ctx context.Context, key report.Key) (Answered, error) {
	var answered Answered
	err := s.pool.QueryRow(ctx, `SELECT monthend.answered($1, $2, $3)`, key.Report, key.Tenant, key.Period.String()).Scan(&answered)
	return answered, wrapUnlessNil(err, "ledger: look up %s", key)
}

// Backfill promises the message of p unless there is something of its key already, or its period goes on until ends. A second
// one of the same request id writes nothing.
func (s *Store) Backfill(ctx context.Context, p Posting, ends time.Time) (Answered, error) {
	if err := p.check(); err != nil {
		return "", fmt.Errorf("ledger: backfill %s: %w", p.Key, err)
	}
	answered, err := repeat(ctx, func() (Answered, error) {
		var answered Answered
		err := s.pool.QueryRow(ctx, `SELECT monthend.backfill($1, $2, $3, $4, $5, $6, $7)`,
			p.Key.Report, p.Key.Tenant, p.Key.Period.String(), ends, p.RequestID, string(p.Body), p.TraceHeader).Scan(&answered)
		return answered, err
	})
	return answered, wrapUnlessNil(err, "ledger: backfill %s", p.Key)
}
