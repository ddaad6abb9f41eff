package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/monthend/monthend/report"
)

// Request is one asking as it was recorded. Report, Period and Tenant of a refused one may be no names at all.
type Request struct {
	RequestID   string
	RunID       string // its own, the one it joined, or the one it is a duplicate of; "" for none (yet)
	Report      string
	Tenant      string
	Period      string
	Restate     bool
	Reason      string
	RequestedBy string
	Schedule    string
	MessageID   string
	Retry       string
	Waits       int            // deliveries that met another's lease
	Outcome     report.Outcome // "" while it waits or is worked
	Error       string
	CreatedAt   time.Time
	EndedAt     time.Time // zero while there is no outcome
}

// For reports whether this request asks for the month of this report and tenant: a message may have taken the id of another
// request. A period that is no YYYY-MM could be any, and a request that was cancelled before a worker met it has no key yet.
func (r Request) For(name, tenant, period string) bool {
	if r.Outcome == report.Cancelled && r.Report == "" && r.Period == "" {
		return true
	}
	if _, err := report.ParsePeriod(period); err == nil && r.Period != period {
		return false
	}
	return r.Report == name && r.Tenant == tenant
}

const selectRequests = `
	SELECT request_id, coalesce(run_id, ''), report, tenant, period, restate, reason, requested_by, schedule, message_id, retry,
	       waits, coalesce(outcome, ''), error, created_at, ended_at
	  FROM monthend.requests `

// Request reads one request. ErrNotFound: no worker has seen it yet.
func (s *Store) Request(ctx context.Context, id string) (Request, error) {
	requests, err := s.requests(ctx, `WHERE request_id = $1`, id)
	if err == nil && len(requests) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Request{}, fmt.Errorf("ledger: read request %q: %w", id, err)
	}
	return requests[0], nil
}

// Requests are those that led to the run, joined it or are duplicates of it, oldest first.
func (s *Store) Requests(ctx context.Context, runID string) ([]Request, error) {
	requests, err := s.requests(ctx, `WHERE run_id = $1 ORDER BY created_at, request_id`, runID)
	return requests, wrapUnlessNil(err, "ledger: read the requests of run %q", runID)
}

func (s *Store) requests(ctx context.Context, where string, args ...any) ([]Request, error) {
	rows, err := s.pool.Query(ctx, selectRequests+where, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Request, error) {
		var r Request
		var ended *time.Time
		err := row.Scan(&r.RequestID, &r.RunID, &r.Report, &r.Tenant, &r.Period, &r.Restate, &r.Reason, &r.RequestedBy, &r.Schedule,
			&r.MessageID, &r.Retry, &r.Waits, &r.Outcome, &r.Error, &r.CreatedAt, &ended)
		r.CreatedAt, r.EndedAt = r.CreatedAt.UTC(), value(ended).UTC()
		return r, err
	})
}

// wrapUnlessNil says what was being done when err happened.
func wrapUnlessNil(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), err)
}
