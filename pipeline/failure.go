package pipeline

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/monthend/monthend/pipeline/engine"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/pipeline/source"
	"github.com/monthend/monthend/pipeline/store"
	"github.com/monthend/monthend/report"
)

// The causes for which work ends before its time; the context of an attempt carries them.
var (
	ErrLeaseLost = errors.New("the lease is held by another worker")
	ErrUnrenewed = errors.New("the lease could not be renewed in time")
	ErrCancelled = errors.New("the run was cancelled")
)

// BadJobError says that an asking can never be fulfilled, by whomever and whenever it is tried.
type BadJobError struct{ Err error }

func (e *BadJobError) Error() string { return e.Err.Error() }

func (e *BadJobError) Unwrap() error { return e.Err }

// TraceClass marks bad input: an error in the trace, not a fault of ours.
func (e *BadJobError) TraceClass() string { return "error" }

// NotEndedError says that the period still runs, by the ledger's clock.
type NotEndedError struct {
	Key  report.Key
	Ends time.Time
	In   time.Duration
}

func (e *NotEndedError) Error() string {
	return fmt.Sprintf("%s has not ended: the period ends at %s", e.Key, e.Ends.Format(time.RFC3339))
}

// TraceClass marks bad input.
func (e *NotEndedError) TraceClass() string { return "error" }

// DataError says that the data failed its gate or broke a fail rule. It is a verdict, not a breakdown.
type DataError struct {
	Validation report.Validation
}

// Error names the first thing that failed.
func (e *DataError) Error() string {
	for _, rule := range e.Validation.Rules {
		if rule.Severity != report.Fail || rule.Broken == 0 {
			continue
		}
		if rule.Expected != "" || rule.Actual != "" {
			text := fmt.Sprintf("rule %q: expected %s, found %s", rule.Rule, rule.Expected, rule.Actual)
			if rule.Tolerance != "" {
				text += ", tolerance " + rule.Tolerance
			}
			return text
		}
		return fmt.Sprintf("rule %q: broken by %d rows", rule.Rule, rule.Broken)
	}
	gate := e.Validation.Gate
	if gate.Limit != "" {
		return fmt.Sprintf("the gate is shut: %d of %d %s rejected, a share of %s where %s is allowed",
			gate.Rejected, gate.Extracted, gate.Of, gate.Share, gate.Limit)
	}
	return fmt.Sprintf("the gate is shut: a share of %s of the amount of %s rejected where %s is allowed",
		gate.AmountShare, gate.Of, gate.AmountLimit)
}

// TraceClass marks bad data.
func (e *DataError) TraceClass() string { return "error" }

// BusyError says that a live lease of the key is held by another worker.
type BusyError struct {
	Key   report.Key
	RunID string
}

func (e *BusyError) Error() string {
	return fmt.Sprintf("%s is being worked by run %q", e.Key, e.RunID)
}

// TraceClass marks that nothing broke.
func (e *BusyError) TraceClass() string { return "error" }

// permanent reports whether trying again cannot help: the asking, the definition or its SQL is wrong, or the store holds
// other bytes under our name.
func permanent(err error) bool {
	var bad *BadJobError
	var definition *report.DefinitionError
	var crash *CrashError
	switch {
	case errors.As(err, &bad), errors.As(err, &definition), errors.As(err, &crash):
		return true
	case errors.Is(err, store.ErrConflict):
		return true
	}
	return errors.Is(err, ledger.ErrRequestReused) || errors.Is(err, ledger.ErrRetryUnknown) || source.IsPermanent(err) || engine.IsPermanent(err)
}

// fenced reports whether err or the end of ctx says that the lease is no longer ours.
func fenced(ctx context.Context, err error) bool {
	return errors.Is(err, ledger.ErrFenced) || errors.Is(context.Cause(ctx), ErrLeaseLost)
}

// The pace of waiting.
const (
	firstRetry   = 2 * time.Second
	longestRetry = 15 * time.Minute
	busyTries    = 5 // just for the lease's expiry; later ones are longer and longer
	shortestDue  = 15 * time.Minute
	longestDue   = 11 * time.Hour // SQS hides a message for at most 12 h
)

// backoff is how long to wait after the attempt-th attempt: doubling from 2 s to 15 min, with full jitter on the upper
// half, so that many runs that broke together do not come back together.
func backoff(attempt int) time.Duration {
	most := longestRetry
	if attempt < 10 {
		most = min(most, firstRetry<<max(0, attempt-1))
	}
	return most/2 + rand.N(most/2+1)
}

// busyFor is how long a request waits that has met live leases waits times; the last one runs out in left.
func busyFor(left time.Duration, waits int) time.Duration {
	if waits <= busyTries {
		return left
	}
	return min(longestRetry, left<<min(10, waits-busyTries))
}

// dueIn is how long a delivery waits for a period that ends in left.
func dueIn(left time.Duration) time.Duration { return min(max(left, shortestDue), longestDue) }
