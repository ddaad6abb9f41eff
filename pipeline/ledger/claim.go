package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/monthend/monthend/report"
)

// Ask is one delivery of a request that wants to be worked.
type Ask struct {
	RequestID        string
	MessageID        string // of the delivery
	Key              report.Key
	Restate          bool
	Reason           string
	RequestedBy      string
	Schedule         string
	Retry            string // the run to attempt again; it then decides whether this is a restatement
	Alone            bool   // the owner's process works on nothing else
	TraceID          string
	DefinitionDigest string
}

// AnswerKind is what a claim came to.
type AnswerKind string

const (
	// Claimed: the run is the asker's until its lease runs out.
	Claimed AnswerKind = "claimed"
	// Settled: the request has its outcome; there is nothing to do.
	Settled AnswerKind = "settled"
	// Busy: the key is another's for now; ask again.
	Busy AnswerKind = "busy"
)

// Answer is what the ledger says to an Ask.
type Answer struct {
	Kind       AnswerKind
	RunID      string         // the run claimed, the run in the way, or the run that the outcome is of ("" where there is none)
	Outcome    report.Outcome // Settled
	RetryAfter time.Duration  // Busy: what is left of the lease in the way, by the database's clock
	Waits      int            // Busy: how often this request has met it, this time included
	Claim      Claim          // Claimed
}

// Claim is a run under lease. It goes by value: whoever holds a copy may act for the run, until it is fenced.
type Claim struct {
	RunID        string
	Key          report.Key
	Attempt      int    // 1 is the first
	Token        int64  // the fencing token, larger than that of any earlier claim
	Owner        string // who holds the lease
	Version      int    // allocated by an earlier attempt, and kept; 0 for none
	Restate      bool
	Reason       string
	RequestedBy  string
	Lease        time.Duration
	Crashes      int // earlier attempts whose lease ran out unreleased
	CrashesAlone int // those of them that were worked alone
}

// answerRow is monthend.answer.
type answerRow struct {
	Kind         AnswerKind
	RunID        *string
	Outcome      *report.Outcome
	Remaining    *time.Duration
	Waits        *int
	Attempt      *int
	Token        *int64
	Version      *int
	Restate      *bool
	Reason       *string
	RequestedBy  *string
	Crashes      *int
	CrashesAlone *int
}

// Claim decides what becomes of a delivery, in one statement under the lock of its key:
//
//   - a request that has its outcome is Settled by it, and nothing is written;
//   - a plain request for a published key is Settled as a duplicate of the current version's run;
//   - while a run of the key is unended and its lease live, the answer is Busy. A plain request joins that run and takes
//     its outcome when it ends; a restatement never joins, it waits;
//   - an unended run whose lease ran out or was released is claimed by its own and its joined requests, as its next attempt;
//   - a retry claims the run that it names, if that one ended without a version;
//   - otherwise a new run is claimed.
//
// The errors that no repetition mends are ErrRequestReused and ErrRetryUnknown. A statement whose answer was lost is
// repeated and finds its own claim.
func (s *Store) Claim(ctx context.Context, ask Ask) (Answer, error) {
	err := ask.check()
	if s.owner == "" {
		err = errors.New("the ledger was opened without an owner")
	}
	if err != nil {
		return Answer{}, fmt.Errorf("ledger: claim %s: %w", ask.Key, err)
	}
	claimID := s.newID() // one for all repetitions: by it the ledger knows them for one claim
	row, err := repeat(ctx, func() (answerRow, error) {
		// Named one by one: a newer schema may answer more.
		return one[answerRow](ctx, s.pool, `
			SELECT kind, run_id, outcome, remaining, waits, attempt, token, version, restate, reason, requested_by, crashes, crashes_alone
			  FROM monthend.claim(
				@request, @message, @report, @tenant, @period, @restate, @reason, @requested_by, @schedule, @retry,
				@claim, @owner, @alone, @trace, @definition, @lease)`,
			pgx.NamedArgs{
				"request": ask.RequestID, "message": clip(ask.MessageID, maxName),
				"report": ask.Key.Report, "tenant": ask.Key.Tenant, "period": ask.Key.Period.String(),
				"restate": ask.Restate, "reason": clip(ask.Reason, maxText), "requested_by": clip(ask.RequestedBy, maxName),
				"schedule": clip(ask.Schedule, maxText), "retry": clip(ask.Retry, maxName),
				"claim": claimID, "owner": s.owner, "alone": ask.Alone,
				"trace": clip(ask.TraceID, maxName), "definition": clip(ask.DefinitionDigest, maxName), "lease": s.lease,
			})
	})
	if err != nil {
		return Answer{}, fmt.Errorf("ledger: claim %s: %w", ask.Key, err)
	}
	return s.answer(ask, row)
}

func (a Ask) check() error {
	switch {
	case a.RequestID == "" || a.RequestID != clip(a.RequestID, maxName):
		return fmt.Errorf("request id of %d bytes is not a text of 1 to %d", len(a.RequestID), maxName)
	case !report.ValidName(a.Key.Report):
		return fmt.Errorf("report %q is not a name", a.Key.Report)
	case a.Key.Tenant != "" && !report.ValidTenant(a.Key.Tenant):
		return fmt.Errorf("tenant %q is not a name", a.Key.Tenant)
	case a.Key.Period.IsZero():
		return errors.New("there is no period")
	}
	return nil
}

func (s *Store) answer(ask Ask, row answerRow) (Answer, error) {
	answer := Answer{Kind: row.Kind, RunID: value(row.RunID)}
	switch row.Kind {
	case "reused":
		return Answer{}, fmt.Errorf("ledger: claim %s: request %q: %w", ask.Key, ask.RequestID, ErrRequestReused)
	case "unknown":
		return Answer{}, fmt.Errorf("ledger: claim %s: run %q: %w", ask.Key, ask.Retry, ErrRetryUnknown)
	case Settled:
		answer.Outcome = value(row.Outcome)
	case Busy:
		answer.Waits = value(row.Waits)
		answer.RetryAfter = s.lease // of a restatement that waits for a run which nobody holds
		if row.Remaining != nil {
			answer.RetryAfter = *row.Remaining
		}
	case Claimed:
		answer.Claim = Claim{
			RunID: value(row.RunID), Key: ask.Key, Attempt: value(row.Attempt), Token: value(row.Token), Owner: s.owner,
			Version: value(row.Version), Restate: value(row.Restate), Reason: value(row.Reason),
			RequestedBy: value(row.RequestedBy), Lease: s.lease,
			Crashes: value(row.Crashes), CrashesAlone: value(row.CrashesAlone),
		}
	default:
		return Answer{}, fmt.Errorf("ledger: claim %s: the schema answers %q, which this program does not know", ask.Key, row.Kind)
	}
	return answer, nil
}

// value is what p points to, the zero value for nil.
func value[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}
