package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/monthend/monthend/report"
)

// Ending is how a run ends without a version.
type Ending struct {
	Outcome          report.Outcome // Unchanged, DataFailed, Failed or Cancelled
	Err              error          // why; nil for Unchanged
	RecordsExtracted int64
	RecordsRejected  int64
}

// End ends the run, its attempt and every request that waits for it, all with one outcome. ErrFenced as with Renew;
// repeating it is safe.
func (s *Store) End(ctx context.Context, c Claim, e Ending) error {
	switch e.Outcome {
	case report.Unchanged, report.DataFailed, report.Failed, report.Cancelled:
	default:
		return fmt.Errorf("ledger: end run %q: %q is not an outcome to end it with", c.RunID, e.Outcome)
	}
	_, err := s.decide(ctx, c, `SELECT monthend.end_run(@run, @token, @owner, @outcome, @why, @extracted, @rejected)`,
		pgx.NamedArgs{"outcome": e.Outcome, "why": causeText(e.Err), "extracted": e.RecordsExtracted, "rejected": e.RecordsRejected})
	if err != nil {
		return fmt.Errorf("ledger: end run %q: %w", c.RunID, err)
	}
	return nil
}

// CancelAnswer is what became of asking for a run's end.
type CancelAnswer string

const (
	CancelAsked CancelAnswer = "asked"     // its holder learns it with the next renewal; its publish is refused
	CancelDone  CancelAnswer = "cancelled" // nobody held it: it is over
	CancelLate  CancelAnswer = "ended"     // it had ended before
)

// Cancel asks for the end of a run, in the name of by. ErrNotFound: there is no such run.
func (s *Store) Cancel(ctx context.Context, runID, by string) (CancelAnswer, error) {
	word, err := repeat(ctx, func() (CancelAnswer, error) {
		var word CancelAnswer
		err := s.pool.QueryRow(ctx, `SELECT monthend.cancel($1, $2)`, clip(runID, maxName), clip(by, maxName)).Scan(&word)
		return word, err
	})
	if err == nil && word == "unknown" {
		err = ErrNotFound
	}
	if err != nil {
		return "", fmt.Errorf("ledger: cancel run %q: %w", runID, err)
	}
	return word, nil
}

// Refusal is a request that can never be fulfilled. Report, Period and Tenant stand as they were asked for, if they could
// be read at all.
type Refusal struct {
	RequestID   string
	MessageID   string
	Report      string
	Period      string
	Tenant      string
	Restate     bool
	RequestedBy string
	Schedule    string
	Reason      string
}

// Refuse records a bad job as failed, once: a request that has its outcome keeps it. Where the request had led to a run that
// nobody works on, that run fails too, or it would block its key for ever.
//
// It answers with the outcome that the request has now: Failed, the one it had before, or "" while somebody works on it. A
// refused message that took the id of another key's request says nothing about that one, and has Failed.
func (s *Store) Refuse(ctx context.Context, r Refusal) (report.Outcome, error) {
	if r.RequestID == "" {
		return "", errors.New("ledger: refuse a request: it has no id")
	}
	outcome, err := repeat(ctx, func() (*report.Outcome, error) {
		var outcome *report.Outcome
		err := s.pool.QueryRow(ctx, `
			SELECT monthend.refuse(@request, @message, @report, @tenant, @period, @restate, @requested_by, @schedule, @why)`,
			pgx.NamedArgs{"request": clip(r.RequestID, maxName), "message": clip(r.MessageID, maxName),
				"report": clip(r.Report, maxName), "tenant": clip(r.Tenant, maxName), "period": clip(r.Period, maxName),
				"restate": r.Restate, "requested_by": clip(r.RequestedBy, maxName), "schedule": clip(r.Schedule, maxText),
				"why": clip(r.Reason, maxText)}).Scan(&outcome)
		return outcome, err
	})
	if err != nil {
		return "", fmt.Errorf("ledger: refuse request %q: %w", r.RequestID, err)
	}
	if value(outcome) == report.Failed {
		return report.Failed, nil
	}
	known, err := s.Request(ctx, clip(r.RequestID, maxName))
	if err != nil {
		return "", fmt.Errorf("ledger: refuse request %q: %w", r.RequestID, err)
	}
	if !known.For(clip(r.Report, maxName), clip(r.Tenant, maxName), r.Period) {
		return report.Failed, nil
	}
	return known.Outcome, nil
}
