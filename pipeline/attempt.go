package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/monthend/monthend/pipeline/engine"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/pipeline/source"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/trace"
)

// attempt is one attempt of one run: what the stages hand on to one another. It is owned by one goroutine.
type attempt struct {
	*Runner
	asking Asking
	pass   *pass // nil in a preview
	def    report.Definition
	claim  ledger.Claim
	lease  *lease // nil in a preview, which has no claim
	slow   atomic.Bool
	noting sync.WaitGroup // that it is slow
	tell   func()         // draws what was silent until the source was ready; nil when it is drawn
	spool  string         // folder of this attempt, removed at its end
	engine *engine.Workspace

	lookback   bool     // nothing is made: a published version is compared with its source of now
	pinned     []Pin    // of a look back: what the version was compared with
	months     []*month // that the definition is compared with
	snapshot   string   // of the source
	fetched    map[fetchKey]*source.Fetched
	receipts   []Receipt // of what came from outside
	extracts   []extracted
	validation report.Validation
	shut       *DataError // that validation failed; one error wherever it is told, so that a trace describes it once
	datasets   []report.Dataset
	dataDigest string
	commentary ledger.Commentary // in words; zero where there is none
	previous   ledger.Version    // the current version before this run, zero when there is none
	artifacts  []Artifact
	explained  *Explanation // what the stages did; nil where nobody asks
	edition    edition      // in the store; zero before
	version    ledger.Version
}

// announceAfter is how long an attempt is in work before its trace says so. Most are over by then, and it costs a document.
const announceAfter = 2 * time.Second

// run works a claimed run through its stages and records how it ended. The claim was sent at sent.
func (j *attempt) run(ctx context.Context, sent time.Time) Result {
	work, lease := j.hold(ctx, j.claim, sent)
	defer lease.stop()
	j.lease = lease
	defer j.noting.Wait()
	defer j.within(ctx, total, j.def.SlowAfter.Total)()
	defer time.AfterFunc(announceAfter, func() { trace.Announce(ctx) }).Stop()

	outcome, err := j.stages(work)
	if !isNotReady(err) {
		j.tellAll()
	}
	result := Result{
		Outcome:    outcome,
		RunID:      j.claim.RunID,
		Version:    j.version,
		Extracted:  j.extracted(),
		Rejected:   j.rejected(),
		Validation: j.verdict(),
		Err:        err,
	}
	switch {
	case outcome == report.Published:
		return result
	case fenced(work, err):
		// Nothing of the ledger and of the message is ours any more, not even to say so.
		return Result{RunID: j.claim.RunID, Lost: true, Err: err}
	}
	result = j.end(ctx, result, errors.Is(context.Cause(work), ErrCancelled) || errors.Is(err, ledger.ErrCancelled))
	if result.Outcome == report.Unchanged {
		j.mend(ctx, j.claim.Key)
	}
	return result
}

// stages runs the five stages. An error other than a *DataError means that there is no outcome yet.
func (j *attempt) stages(ctx context.Context) (outcome report.Outcome, err error) {
	if err := j.admit(ctx); err != nil {
		return "", err
	}
	if err := j.open(ctx); err != nil {
		return "", err
	}
	defer func() {
		if outcome == "" {
			j.engine.Discard() // wherever the mistake was made: the next run meets nothing of this one
		}
		j.close()
	}()

	if err := j.extract(ctx); err != nil {
		return "", err
	}
	if err := j.validate(ctx); err != nil {
		return "", err
	}
	if j.validation.Failed {
		if err := j.stage(ctx, StagePublish, j.putQuarantine); err != nil {
			return "", err
		}
		return report.DataFailed, j.wrap("validate", j.shut)
	}
	same, err := j.generate(ctx)
	if err != nil {
		return "", err
	}
	if same {
		return report.Unchanged, nil
	}
	if err := j.publish(ctx); err != nil {
		return "", err
	}
	return report.Published, nil
}

// open makes the attempt's folder and its engine.
func (j *attempt) open(ctx context.Context) error {
	spool, err := os.MkdirTemp(j.cfg.Spool, fmt.Sprintf("%s-%d-", j.claim.RunID, j.claim.Attempt))
	if err != nil {
		return fmt.Errorf("make the spool of run %q: %w", j.claim.RunID, err)
	}
	j.spool = spool
	limits := j.cfg.Engine
	limits.Spool = spool
	limits.TimeZone = j.def.Location.String()
	j.engine, err = engine.Open(ctx, limits)
	if err != nil {
		j.close()
		return fmt.Errorf("open the engine of run %q: %w", j.claim.RunID, err)
	}
	return nil
}

// close removes everything the attempt kept outside the store, whatever happened.
func (j *attempt) close() {
	var err error
	if j.engine != nil {
		err = j.engine.Close()
	}
	err = errors.Join(err, os.RemoveAll(j.spool))
	if err != nil {
		// Nobody waits for this answer: the run has its outcome. The sweep at the next start takes what is left.
		j.cfg.Logger.Warn("spool not removed", "run", j.claim.RunID, "error", err)
	}
}

// end records an outcome other than published, or gives the run back for another attempt.
func (j *attempt) end(ctx context.Context, result Result, cancelled bool) Result {
	switch {
	case result.Outcome != "":
	case cancelled:
		result.Outcome, result.Err = report.Cancelled, ErrCancelled
	case ctx.Err() != nil:
		// The worker is told to stop: the run goes back untouched, and at once.
		return j.release(ctx, result, &stoppedError{context.Cause(ctx)})
	case isNotReady(result.Err):
		return j.putBack(ctx, result)
	case permanent(result.Err), j.spent(ctx):
		result.Outcome = report.Failed
	default:
		result.RetryAfter = backoff(j.claim.Attempt)
		return j.release(ctx, result, result.Err)
	}
	ctx, cancel := afterwards(trace.Silent(ctx))
	defer cancel()
	err := j.cfg.Ledger.End(ctx, j.claim, ledger.Ending{
		Outcome:          result.Outcome,
		Err:              result.Err,
		RecordsExtracted: result.Extracted,
		RecordsRejected:  result.Rejected,
	})
	if errors.Is(err, ledger.ErrFenced) {
		j.counters.fenced.Add(1)
		return Result{RunID: result.RunID, Lost: true, Err: err}
	}
	if err != nil {
		// Not recorded is not ended: the delivery comes back, and the ledger then knows or decides anew.
		j.unsaid.add(j.claim)
		return Result{RunID: result.RunID, RetryAfter: backoff(j.claim.Attempt), Err: fmt.Errorf("end run %q: %w", j.claim.RunID, err)}
	}
	return result
}

// release frees the lease first; the caller then makes the message visible, in this order only.
func (j *attempt) release(ctx context.Context, result Result, cause error) Result {
	ctx, cancel := afterwards(trace.Silent(ctx))
	defer cancel()
	err := j.cfg.Ledger.Release(ctx, j.claim, cause)
	if errors.Is(err, ledger.ErrFenced) {
		j.counters.fenced.Add(1)
		return Result{RunID: result.RunID, Lost: true, Err: err}
	}
	if err != nil {
		j.cfg.Logger.Warn("lease not released; it runs out by itself", "run", j.claim.RunID, "error", err)
		j.unsaid.add(j.claim)
	}
	result.Err = cause
	return result
}

// advance tells people and the next renewal how far the run is.
func (j *attempt) advance(p Progress) {
	p.RunID = j.claim.RunID
	j.cfg.Progress(p)
	if j.lease != nil {
		j.lease.tell(ledger.Progress{Stage: string(p.Stage), Rows: p.Rows})
	}
}

// stage runs fn as one subsegment.
func (j *attempt) stage(ctx context.Context, name Stage, fn func(context.Context) error) error {
	j.advance(Progress{Stage: name, Rows: j.rows()})
	defer j.within(ctx, string(name), j.def.SlowAfter.Stages[string(name)])()
	began := j.cfg.Now()
	err := trace.Span(ctx, string(name), fn)
	j.cfg.Timed(name, j.cfg.Now().Sub(began))
	if cause := context.Cause(ctx); err != nil && cause != nil {
		// What a driver says about a cancelled context hides why it was cancelled.
		return fmt.Errorf("%w (%w)", cause, err)
	}
	return err
}
