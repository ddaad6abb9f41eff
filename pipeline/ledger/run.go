package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/monthend/monthend/report"
)

// Run is one run as the ledger knows it now.
type Run struct {
	RunID            string
	Key              report.Key
	Restate          bool
	Reason           string
	RequestedBy      string
	Attempt          int
	Token            int64
	Owner            string         // who holds the lease; "" when released or ended
	LeaseUntil       time.Time      // zero without an owner
	Running          bool           // the lease is live, by the database's clock
	CancelAsked      bool           // somebody asked for its end
	Version          int            // allocated; published only if Outcome says so; 0 for none
	TraceID          string         // of the last attempt
	Stage            string         // as of the last renewal
	Progress         int64          // rows, as of the last renewal
	Outcome          report.Outcome // "" while unended
	Error            string
	RecordsExtracted int64
	RecordsRejected  int64
	CreatedAt        time.Time
	StartedAt        time.Time // of the last attempt
	EndedAt          time.Time // zero while unended
}

// Attempt is one attempt of a run.
type Attempt struct {
	Number           int
	Token            int64
	Owner            string
	Alone            bool
	TraceID          string
	DefinitionDigest string
	StartedAt        time.Time
	EndedAt          time.Time      // zero while it lasts
	Outcome          report.Outcome // "" while it lasts, when released and when crashed
	Crashed          bool           // its lease ran out, and its owner was not heard of again
	Error            string
}

// Filter picks runs; a zero field picks all.
type Filter struct {
	Report string
	Period report.Period
	Tenant string
	Limit  int // 0 is 50
}

const defaultLimit = 50

const selectRuns = `
	SELECT run_id, report, tenant, period, restate, reason, requested_by, attempt, token, coalesce(owner, ''), lease_until,
	       coalesce(lease_until > clock_timestamp(), false), cancel_asked_at IS NOT NULL, coalesce(version, 0), trace_id, stage,
	       progress, coalesce(outcome, ''), error, records_extracted, records_rejected, created_at, started_at, ended_at
	  FROM monthend.runs `

// Run reads one run. ErrNotFound: there is none of that id.
func (s *Store) Run(ctx context.Context, id string) (Run, error) {
	runs, err := s.runs(ctx, `WHERE run_id = $1`, id)
	if err == nil && len(runs) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Run{}, fmt.Errorf("ledger: read run %q: %w", id, err)
	}
	return runs[0], nil
}

// Unended is the run of key that has not ended, and whether there is one. At most one ever is.
func (s *Store) Unended(ctx context.Context, key report.Key) (Run, bool, error) {
	runs, err := s.runs(ctx, `WHERE report = $1 AND tenant = $2 AND period = $3 AND ended_at IS NULL`,
		key.Report, key.Tenant, key.Period.String())
	if err != nil || len(runs) == 0 {
		return Run{}, false, wrapUnlessNil(err, "ledger: read the unended run of %s", key)
	}
	return runs[0], true, nil
}

// Runs are those that f picks, newest first.
func (s *Store) Runs(ctx context.Context, f Filter) ([]Run, error) {
	if f.Limit <= 0 {
		f.Limit = defaultLimit
	}
	period := ""
	if !f.Period.IsZero() {
		period = f.Period.String()
	}
	runs, err := s.runs(ctx, `
		WHERE (@report = '' OR report = @report) AND (@period = '' OR period = @period) AND (@tenant = '' OR tenant = @tenant)
		ORDER BY created_at DESC, run_id DESC LIMIT @limit`,
		pgx.NamedArgs{"report": f.Report, "period": period, "tenant": f.Tenant, "limit": f.Limit})
	return runs, wrapUnlessNil(err, "ledger: list runs")
}

func (s *Store) runs(ctx context.Context, where string, args ...any) ([]Run, error) {
	rows, err := s.pool.Query(ctx, selectRuns+where, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Run, error) {
		var r Run
		var period string
		var lease, started, ended *time.Time
		err := row.Scan(&r.RunID, &r.Key.Report, &r.Key.Tenant, &period, &r.Restate, &r.Reason, &r.RequestedBy, &r.Attempt, &r.Token,
			&r.Owner, &lease, &r.Running, &r.CancelAsked, &r.Version, &r.TraceID, &r.Stage, &r.Progress, &r.Outcome, &r.Error,
			&r.RecordsExtracted, &r.RecordsRejected, &r.CreatedAt, &started, &ended)
		if err != nil {
			return Run{}, err
		}
		r.LeaseUntil, r.CreatedAt = value(lease).UTC(), r.CreatedAt.UTC()
		r.StartedAt, r.EndedAt = value(started).UTC(), value(ended).UTC()
		r.Key.Period, err = report.ParsePeriod(period)
		return r, err
	})
}

// Attempts are the attempts of a run, oldest first.
func (s *Store) Attempts(ctx context.Context, runID string) ([]Attempt, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT attempt, token, owner, alone, trace_id, definition_digest, started_at, ended_at, coalesce(outcome, ''), crashed, error
		  FROM monthend.attempts WHERE run_id = $1 ORDER BY attempt`, runID)
	if err != nil {
		return nil, fmt.Errorf("ledger: read the attempts of run %q: %w", runID, err)
	}
	attempts, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Attempt, error) {
		var a Attempt
		var ended *time.Time
		err := row.Scan(&a.Number, &a.Token, &a.Owner, &a.Alone, &a.TraceID, &a.DefinitionDigest, &a.StartedAt, &ended, &a.Outcome,
			&a.Crashed, &a.Error)
		a.StartedAt, a.EndedAt = a.StartedAt.UTC(), value(ended).UTC()
		return a, err
	})
	return attempts, wrapUnlessNil(err, "ledger: read the attempts of run %q", runID)
}
