package pipeline

import (
	"context"
	"errors"
	"fmt"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/trace"
)

// Run works one delivery to its Result inside one segment that continues the asker's trace. A delivery that is only put
// back leaves no segment: it would tell nothing and cost as much as one that does.
//
// The caller must settle the message only after Run has returned, by the Result and nothing else. While a run of this
// process is worked alone, or waits to be, others wait in here before they claim anything.
func (r *Runner) Run(ctx context.Context, a Asking) Result {
	came := r.cfg.Now()
	pass, err := r.gate.enter(ctx)
	if err != nil {
		return Result{Err: err} // told to stop: put back, untouched
	}
	defer pass.leave()
	a.QueueWait += r.cfg.Now().Sub(came)

	ctx, segment := r.cfg.Tracer.Begin(ctx, r.cfg.Segment, a.Trace, trace.BeginOptions{ForceSample: a.Sample, Path: "/" + a.Job.Report})
	defer segment.Guard()
	trace.Annotate(ctx, "report", a.Job.Report)
	trace.Annotate(ctx, "queue_wait_ms", max(0, a.QueueWait.Milliseconds()))
	if a.Job.Tenant != "" {
		trace.Annotate(ctx, "tenant", a.Job.Tenant)
	}

	result := r.run(ctx, a, pass)
	result.TraceID = trace.ID(ctx)
	if result.Lost {
		r.counters.lost.Add(1)
	}

	if result.RunID != "" {
		trace.Annotate(ctx, "run_id", result.RunID)
	}
	var busy *BusyError
	var early *NotEndedError
	if result.Outcome == "" && (errors.As(result.Err, &busy) || errors.As(result.Err, &early) || isNotReady(result.Err)) {
		segment.Discard()
		return result
	}
	if result.Outcome != "" {
		trace.Annotate(ctx, "outcome", string(result.Outcome))
	}
	segment.End(result.Err)
	return result
}

// run finds out which month is meant and works it.
func (r *Runner) run(ctx context.Context, a Asking, pass *pass) Result {
	def, key, err := r.resolve(a.Job)
	if err != nil {
		return r.Refuse(ctx, a, err)
	}
	trace.Annotate(ctx, "period", key.Period.String())
	trace.Annotate(ctx, "year", key.Period.Year)
	trace.Annotate(ctx, "month", int(key.Period.Month))

	result := r.claim(ctx, a, pass, def, key)
	result.Key = key
	return result
}

// claim asks the ledger what there is to do for key, and does it.
func (r *Runner) claim(ctx context.Context, a Asking, pass *pass, def report.Definition, key report.Key) Result {
	if err := r.due(ctx, def, key); err != nil {
		return r.notDue(ctx, a, err)
	}
	if FansOut(def, a.Job) {
		return r.fanOut(ctx, a, def, key)
	}

	r.say(trace.Silent(ctx)) // before the claim, which might be of the same run
	began := r.cfg.Now()
	answer, err := r.cfg.Ledger.Claim(trace.Silent(ctx), ledger.Ask{
		RequestID:        a.RequestID,
		MessageID:        a.MessageID,
		Key:              key,
		Restate:          a.Job.Restate,
		Reason:           a.Job.Reason,
		RequestedBy:      a.Job.RequestedBy,
		Schedule:         a.Job.Schedule,
		Retry:            a.Job.Retry,
		TraceID:          trace.ID(ctx),
		DefinitionDigest: def.Digest,
	})
	switch {
	case err != nil && permanent(err):
		return r.Refuse(ctx, a, err)
	case err != nil:
		return Result{RetryAfter: backoff(a.Delivered), Err: err}
	}
	if answer.Kind == ledger.Busy {
		return Result{
			RunID:      answer.RunID,
			RetryAfter: busyFor(answer.RetryAfter, answer.Waits),
			Err:        &BusyError{Key: key, RunID: answer.RunID},
		}
	}
	// The span of the claim is drawn only when there is something to tell; a source that is not ready is nothing.
	answered := r.cfg.Now()
	r.cfg.Timed(StageClaim, answered.Sub(began))
	tell := func() { trace.Past(ctx, string(StageClaim), began, answered) }
	if answer.Kind == ledger.Settled {
		tell()
		return r.settled(ctx, key, answer)
	}
	if def.Ready.SQL == "" {
		tell()
		tell = nil
	}
	trace.Annotate(ctx, "attempt", answer.Claim.Attempt)
	if answer.Claim.Attempt > 1 {
		trace.Keep(ctx, "retried")
	}
	if answer.Claim.Attempt >= briefFrom {
		trace.Brief(ctx)
	}
	j := &attempt{Runner: r, asking: a, pass: pass, def: def, claim: answer.Claim, tell: tell}
	return j.run(ctx, began)
}

// briefFrom is the attempt from which on a trace tells phases and errors only: a run that comes back for hours would fill it.
const briefFrom = 5

// resolve finds the definition and the month that a job means.
func (r *Runner) resolve(job report.Job) (report.Definition, report.Key, error) {
	def, err := r.cfg.Catalog.Get(job.Report)
	if err != nil {
		return def, report.Key{}, err
	}
	period, err := job.ResolvePeriod(def.Location)
	if err != nil {
		return def, report.Key{}, err
	}
	return def, report.Key{Report: def.Name, Period: period, Tenant: job.Tenant}, nil
}

// due returns a *NotEndedError while the period runs, by the clock of the ledger's database and no other.
func (r *Runner) due(ctx context.Context, def report.Definition, key report.Key) error {
	now, err := r.cfg.Ledger.Now(trace.Silent(ctx))
	if err != nil {
		return fmt.Errorf("ask the ledger's clock: %w", err)
	}
	_, end := key.Period.Bounds(def.Location)
	if now.Before(end) {
		return &NotEndedError{Key: key, Ends: end, In: end.Sub(now)}
	}
	return nil
}

// notDue puts a delivery back until its month has ended, if that is within a day; what asks for a later month is a mistake.
func (r *Runner) notDue(ctx context.Context, a Asking, err error) Result {
	var early *NotEndedError
	if !errors.As(err, &early) {
		return Result{RetryAfter: backoff(a.Delivered), Err: err}
	}
	if early.In > report.AskAhead {
		return r.Refuse(ctx, a, err)
	}
	// It may have been cancelled before it was ever claimed: it need not wait for the month's end to hear that.
	known, failed := r.cfg.Ledger.Request(trace.Silent(ctx), a.RequestID)
	if failed == nil && known.Outcome != "" && known.For(early.Key.Report, early.Key.Tenant, early.Key.Period.String()) {
		return Result{Outcome: known.Outcome, RunID: known.RunID, Answered: true}
	}
	return Result{RetryAfter: dueIn(early.In), Err: err}
}

// Refuse records that the asking can never be fulfilled, as failed, and says so. A ledger that cannot be reached puts the
// delivery back instead: without a recorded outcome nothing ends.
func (r *Runner) Refuse(ctx context.Context, a Asking, cause error) Result {
	cause = &BadJobError{Err: cause}
	outcome, err := r.cfg.Ledger.Refuse(trace.Silent(ctx), ledger.Refusal{
		RequestID:   a.RequestID,
		MessageID:   a.MessageID,
		Report:      a.Job.Report,
		Period:      a.Job.Period,
		Tenant:      a.Job.Tenant,
		RequestedBy: a.Job.RequestedBy,
		Reason:      cause.Error(),
	})
	if err != nil {
		return Result{RetryAfter: backoff(a.Delivered), Err: fmt.Errorf("record the refusal of request %q: %w", a.RequestID, err)}
	}
	switch outcome {
	case report.Failed:
		return Result{Outcome: report.Failed, Err: cause}
	case "":
		// Another worker knows what this one does not, and is at it.
		return Result{RetryAfter: backoff(a.Delivered), Err: cause}
	}
	return Result{Outcome: outcome} // it was cancelled, or done, before it became bad
}

// settled answers from the ledger; the source is not touched.
func (r *Runner) settled(ctx context.Context, key report.Key, answer ledger.Answer) Result {
	result := Result{Outcome: answer.Outcome, RunID: answer.RunID, Answered: true}
	switch answer.Outcome {
	case report.Published, report.Duplicate, report.Unchanged:
		// Its segment has the outcome of the one that did the work; this tells them apart.
		trace.Annotate(ctx, "duplicate", true)
	}
	current, ok, err := r.cfg.Ledger.Current(trace.Silent(ctx), key)
	if err != nil || !ok {
		// The outcome is recorded and settles the message; what the version holds is only told to people.
		return result
	}
	r.mend(ctx, key)
	result.Version = current
	result.Extracted, result.Rejected = current.RecordsExtracted, current.RecordsRejected
	return result
}
