package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/monthend/monthend/pipeline/source"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/trace"
)

// NotReadyError says that the source does not hold the whole period yet, by the definition's own ready query.
type NotReadyError struct{ Key report.Key }

// notReady begins the error of an attempt that ended so; the ledger keeps it.
const notReady = "the source is not ready"

func (e *NotReadyError) Error() string { return fmt.Sprintf("%s for %s", notReady, e.Key.Period) }

// TraceClass marks that nothing broke.
func (e *NotReadyError) TraceClass() string { return "error" }

// readySpan is the subsegment of the ready query, beside those of the stages.
const readySpan = "ready"

// ready asks the source, in the snapshot that the extracts then read: what was seen to be whole is what is read. It answers
// that snapshot, nil where nobody need be asked. Until the answer is yes it is silent: a delivery that is only put back is
// not told.
func (j *attempt) ready(ctx context.Context) (snapshot *source.Snapshot, err error) {
	if j.def.Ready.SQL == "" || j.lease == nil { // a draft may be of a month that is not whole
		return nil, nil
	}
	j.advance(Progress{Stage: StageClaim, Step: readySpan})
	began := j.cfg.Now()
	silent := trace.Silent(ctx)
	if snapshot, err = j.begin(silent); err != nil {
		return nil, err
	}
	whole, err := snapshot.Ready(silent, j.def.Ready, j.params(j.claim.Key.Period))
	switch {
	case err != nil:
		err = j.wrap("extract", fmt.Errorf("query %q: %w", report.ReadyName, err))
		j.tellAll()
		err = trace.Span(ctx, readySpan, func(context.Context) error { return err })
	case !whole:
		err = &NotReadyError{Key: j.claim.Key}
	default:
		j.tellAll()
		trace.Past(ctx, readySpan, began, j.cfg.Now())
		return snapshot, nil
	}
	j.leave(ctx, snapshot)
	return nil, err
}

// tellAll draws what was silent so far.
func (j *attempt) tellAll() {
	if j.tell != nil {
		j.tell()
		j.tell = nil
	}
}

// putBack gives a run back whose source is not ready, for as long as a quarter of the time that it has waited: a source that
// is an hour late is asked every quarter of an hour, and one that is days late does not wear its message out.
func (j *attempt) putBack(ctx context.Context, result Result) Result {
	result = j.release(ctx, result, result.Err)
	if !result.Lost {
		result.RetryAfter = dueIn(j.waited(ctx) / 4)
	}
	return result
}

// waited is how long ago the first of the run's attempts began that found the source not ready, by the ledger's clock.
func (j *attempt) waited(ctx context.Context) time.Duration {
	ctx, cancel := afterwards(trace.Silent(ctx))
	defer cancel()
	now, err := j.cfg.Ledger.Now(ctx)
	if err != nil {
		return 0
	}
	attempts, err := j.cfg.Ledger.Attempts(ctx, j.claim.RunID)
	if err != nil {
		return 0
	}
	for _, a := range unended(attempts) {
		if strings.HasPrefix(a.Error, notReady) {
			return now.Sub(a.StartedAt)
		}
	}
	return 0
}

// isNotReady reports whether the source was not ready.
func isNotReady(err error) bool {
	var early *NotReadyError
	return errors.As(err, &early)
}
