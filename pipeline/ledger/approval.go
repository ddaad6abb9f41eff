package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/monthend/monthend/report"
)

// Approval is who approved a version; By is "" while it is awaited.
type Approval struct {
	By string
	At time.Time
}

// ApproveAnswer is what became of an approval.
type ApproveAnswer string

const (
	Approved          ApproveAnswer = "approved"
	ApprovedBefore    ApproveAnswer = "already"
	ApproveSuperseded ApproveAnswer = "superseded" // another version is current; nothing was written
	ApproveOwn        ApproveAnswer = "own"        // of a restatement, by whoever asked for it; nothing was written
)

// Approving is the answer to Approve.
type Approving struct {
	Answer   ApproveAnswer
	Approval     // that stands; By is "" where there is none
	Current  int // the version that is current
	Released int // deliveries that were held and are due now
}

// Approve records that somebody approves a version, and lets its deliveries go. It is an audit record: nobody proves here who he
// is. ErrNotFound: there is no such version.
func (s *Store) Approve(ctx context.Context, v report.VersionName, by string) (Approving, error) {
	if by = clip(by, maxName); by == "" {
		return Approving{}, errors.New("ledger: approve a version: nobody approves it")
	}
	a, err := repeat(ctx, func() (Approving, error) {
		var a Approving
		var at *time.Time
		var who *string
		var current *int
		err := s.pool.QueryRow(ctx, `SELECT answer, approved_by, approved_at, current, released FROM monthend.approve($1, $2, $3, $4, $5)`,
			v.Key.Report, v.Key.Tenant, v.Key.Period.String(), v.Number, by).Scan(&a.Answer, &who, &at, &current, &a.Released)
		a.By, a.At, a.Current = value(who), value(at).UTC(), value(current)
		return a, err
	})
	if err == nil && a.Answer == "unknown" {
		err = ErrNotFound
	}
	return a, wrapUnlessNil(err, "ledger: approve version %s", v)
}

// Approvals are the approvals given to, or awaited for, the versions that these runs published, by run.
func (s *Store) Approvals(ctx context.Context, runIDs ...string) (map[string]Approval, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT v.run_id, coalesce(a.approved_by, ''), a.approved_at
		  FROM monthend.approvals a JOIN monthend.versions v USING (report, tenant, period, version)
		 WHERE v.run_id = ANY($1)`, runIDs)
	if err != nil {
		return nil, fmt.Errorf("ledger: read approvals: %w", err)
	}
	approvals := map[string]Approval{}
	var run, by string
	var at *time.Time
	_, err = pgx.ForEachRow(rows, []any{&run, &by, &at}, func() error {
		approvals[run] = Approval{By: by, At: value(at).UTC()}
		return nil
	})
	return approvals, wrapUnlessNil(err, "ledger: read approvals")
}

// Redelivery is the answer to DeliverAgain.
type Redelivery struct {
	Answer  RedeliverAnswer
	Current int // the version that is current
	Begun   int // deliveries that are due now
}

// RedeliverAnswer is what became of asking for deliveries once more.
type RedeliverAnswer string

const (
	RedeliverDone       RedeliverAnswer = "done"
	RedeliverSuperseded RedeliverAnswer = "superseded"
	RedeliverHeld       RedeliverAnswer = "held" // somebody must approve the version first
	RedeliverNone       RedeliverAnswer = "none" // the version has no deliveries
)

// DeliverAgain has those deliveries of a version tried anew that failed; with everything, those too that were brought. They keep
// their idempotency keys. ErrNotFound: there is no such version.
func (s *Store) DeliverAgain(ctx context.Context, v report.VersionName, everything bool) (Redelivery, error) {
	r, err := repeat(ctx, func() (Redelivery, error) {
		var r Redelivery
		var current *int
		err := s.pool.QueryRow(ctx, `SELECT answer, current, begun FROM monthend.deliver_again($1, $2, $3, $4, $5)`,
			v.Key.Report, v.Key.Tenant, v.Key.Period.String(), v.Number, everything).Scan(&r.Answer, &current, &r.Begun)
		r.Current = value(current)
		return r, err
	})
	if err == nil && r.Answer == "unknown" {
		err = ErrNotFound
	}
	return r, wrapUnlessNil(err, "ledger: deliver version %s again", v)
}
