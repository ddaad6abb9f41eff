package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/monthend/monthend/report"
)

// FanoutState is how far a parent is. It follows its children: what was partial is done when a retry has mended the rest.
type FanoutState string

const (
	FanoutOpen    FanoutState = "open"
	FanoutDone    FanoutState = "done"    // every child is published, a duplicate or unchanged
	FanoutPartial FanoutState = "partial" // some are
	FanoutFailed  FanoutState = "failed"  // none is
)

// Fanout is one asking for all tenants of a report: the parent of a request a tenant, and no run itself.
type Fanout struct {
	RequestID   string
	Report      string
	Period      report.Period
	Restate     bool
	Reason      string
	RequestedBy string
	Schedule    string
	State       FanoutState
	Outcome     report.Outcome // of the parent's request: set when all children had ended the first time
	Tenants     int
	Children    map[report.Outcome]int // how many by outcome; "" are open
	Rounds      int                    // the asking, and each retry of what failed
	CancelAsked bool
	TraceID     string // of the delivery that fanned out
	Overview    string // path of the document over all tenants below the output root; "" for none (yet)
	// OverviewCurrent: it is of the last closing.
	OverviewCurrent bool
	Closing         int // how often it was closed
	CreatedAt       time.Time
	EndedAt         time.Time // when it was last closed; zero while it is open
}

// Ended is how many children have an outcome.
func (f Fanout) Ended() int { return f.Tenants - f.Children[""] }

// Good is how many children have a version to show.
func (f Fanout) Good() int {
	return f.Children[report.Published] + f.Children[report.Duplicate] + f.Children[report.Unchanged]
}

const selectFanouts = `
	SELECT f.request_id, r.report, r.period, r.restate, r.reason, r.requested_by, r.schedule, f.state, coalesce(r.outcome, ''), f.tenants,
	       (SELECT jsonb_object_agg(coalesce(c.outcome, ''), c.n)
	          FROM (SELECT c.outcome::text, count(*) AS n FROM monthend.children c WHERE c.parent = f.request_id GROUP BY 1) c),
	       f.rounds, f.cancel_asked_at IS NOT NULL, f.trace_id, f.overview, f.overview_of = f.closings AND f.overview <> '', f.closings, f.created_at, f.ended_at
	  FROM monthend.fanouts f JOIN monthend.requests r USING (request_id) `

// Fanout reads one parent. ErrNotFound: the request is none.
func (s *Store) Fanout(ctx context.Context, requestID string) (Fanout, error) {
	fanouts, err := s.fanouts(ctx, `WHERE f.request_id = $1`, requestID)
	if err == nil && len(fanouts) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Fanout{}, fmt.Errorf("ledger: read the tenants of request %q: %w", requestID, err)
	}
	return fanouts[0], nil
}

// Fanouts are the parents that f picks, newest first. A filter by tenant picks none: a parent has all.
func (s *Store) Fanouts(ctx context.Context, f Filter) ([]Fanout, error) {
	if f.Limit <= 0 {
		f.Limit = defaultLimit
	}
	period := ""
	if !f.Period.IsZero() {
		period = f.Period.String()
	}
	fanouts, err := s.fanouts(ctx, `
		WHERE (@report = '' OR r.report = @report) AND (@period = '' OR r.period = @period) AND @tenant = ''
		ORDER BY f.created_at DESC, f.request_id DESC LIMIT @limit`,
		pgx.NamedArgs{"report": f.Report, "period": period, "tenant": f.Tenant, "limit": f.Limit})
	return fanouts, wrapUnlessNil(err, "ledger: list what was asked for all tenants")
}

func (s *Store) fanouts(ctx context.Context, where string, args ...any) ([]Fanout, error) {
	rows, err := s.pool.Query(ctx, selectFanouts+where, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Fanout, error) {
		var f Fanout
		var period string
		var ended *time.Time
		err := row.Scan(&f.RequestID, &f.Report, &period, &f.Restate, &f.Reason, &f.RequestedBy, &f.Schedule, &f.State, &f.Outcome, &f.Tenants,
			&f.Children, &f.Rounds, &f.CancelAsked, &f.TraceID, &f.Overview, &f.OverviewCurrent, &f.Closing, &f.CreatedAt, &ended)
		if err != nil {
			return f, err
		}
		f.CreatedAt, f.EndedAt = f.CreatedAt.UTC(), value(ended).UTC()
		f.Period, err = report.ParsePeriod(period)
		return f, err
	})
}

// CloseFanouts gives a state to every parent whose last child has ended, and its outcome to the request if it has none yet. It
// answers which. Whoever ends children calls it now and then: no child writes to its parent, or thousands would wait for one
// another.
func (s *Store) CloseFanouts(ctx context.Context) ([]string, error) {
	closed, err := repeat(ctx, func() ([]string, error) {
		rows, err := s.pool.Query(ctx, `SELECT monthend.close_fanouts()`)
		if err != nil {
			return nil, err
		}
		return pgx.CollectRows(rows, pgx.RowTo[string])
	})
	return closed, wrapUnlessNil(err, "ledger: close what was asked for all tenants")
}

// CancelFanout asks for the end of every child of a parent that has none, in the name of by. What another open parent waits for as
// well goes on for that one. ErrNotFound: the request is no parent. Repeating it is safe, and needed after an error.
func (s *Store) CancelFanout(ctx context.Context, requestID, by string) (CancelAnswer, error) {
	answer, err := s.cancelFanout(ctx, requestID, clip(by, maxName))
	return answer, wrapUnlessNil(err, "ledger: cancel all tenants of request %q", requestID)
}

func (s *Store) cancelFanout(ctx context.Context, requestID, by string) (CancelAnswer, error) {
	met, err := repeat(ctx, func() ([]*string, error) {
		var met []*string
		err := s.long(ctx, func(tx pgx.Tx) error {
			rows, err := tx.Query(ctx, `SELECT monthend.cancel_fanout($1, $2)`, requestID, by)
			if err != nil {
				return err
			}
			met, err = pgx.CollectRows(rows, pgx.RowTo[*string])
			return err
		})
		return met, err
	})
	if err != nil {
		return "", err
	}
	if len(met) == 0 {
		if _, err := s.Fanout(ctx, requestID); err != nil {
			return "", err
		}
		return CancelLate, nil
	}
	for _, child := range met {
		if child == nil {
			continue
		}
		// One by one: each takes the lock of its key, and a transaction should hold few of them.
		if _, err := s.cancelWord(ctx, `SELECT monthend.cancel_child($1, $2, $3)`, requestID, *child, by); err != nil {
			return "", err
		}
	}
	if _, err := s.CloseFanouts(ctx); err != nil {
		return "", err
	}
	fanout, err := s.Fanout(ctx, requestID)
	if err != nil {
		return "", err
	}
	if fanout.State == FanoutOpen {
		return CancelAsked, nil
	}
	return CancelDone, nil
}
