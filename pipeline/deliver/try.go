package deliver

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/trace"
)

// cleanup is how long recording the end of a try may take. With Config.Grace it is less than a worker waits for its loops.
const cleanup = 4 * time.Second

var (
	errStopped = errors.New("the worker stops")
	errLost    = errors.New("the lease of the delivery was lost")
)

// bring makes one try and records what became of it. A delivery that ended as it was taken is only told of.
func (d *Deliverer) bring(ctx context.Context, taken ledger.Delivery) {
	if taken.State != ledger.DeliveryWaiting {
		d.tell(taken, ledger.TryEnd{State: taken.State, Err: errors.New(taken.Error)})
		return
	}
	work, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	stop := context.AfterFunc(ctx, func() {
		timer := time.NewTimer(d.cfg.Grace)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel(errStopped)
		case <-work.Done():
		}
	})
	defer stop()
	held := d.hold(work, taken, cancel)

	ctx, segment := d.cfg.Tracer.Begin(work, d.cfg.Segment, "", trace.BeginOptions{Path: "/" + taken.Report})
	defer segment.Guard()
	d.annotate(ctx, taken)
	err := d.try(ctx, taken)
	held()
	end := d.judge(taken, err)
	end.TraceID = segment.TraceID()
	trace.AnnotateSegment(ctx, "delivery_state", string(end.State)) // not outcome: that is what a run is searched by
	segment.End(err)

	d.record(ctx, taken, end)
}

// annotate ties the delivery's trace to the run's by what both are searched by.
func (d *Deliverer) annotate(ctx context.Context, taken ledger.Delivery) {
	trace.Annotate(ctx, "delivery", taken.ID)
	trace.Annotate(ctx, "recipient", taken.Recipient.Kind())
	trace.Annotate(ctx, "attempt", taken.Tries)
	for key, value := range map[string]string{"report": taken.Report, "tenant": taken.Tenant, "period": taken.Period, "run_id": taken.RunID} {
		if value != "" {
			trace.Annotate(ctx, key, value)
		}
	}
	if taken.Version > 0 {
		trace.Annotate(ctx, "version", taken.Version)
	}
}

// try sends the delivery, where the operator allows it.
func (d *Deliverer) try(ctx context.Context, taken ledger.Delivery) error {
	shelf, err := d.cfg.Allow.check(taken.Recipient)
	if err != nil {
		return err
	}
	p, err := d.pack(trace.Silent(ctx), taken)
	if err != nil {
		return err
	}
	p.shelf = shelf
	limit := d.cfg.Timeout
	kind := taken.Recipient.Kind()
	if kind == "directory" {
		limit = d.cfg.CopyTimeout
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("no end after %s", limit))
	defer cancel()
	err = d.senders[kind].send(ctx, p)
	if cause := context.Cause(ctx); err != nil && cause != nil && !errors.Is(err, cause) {
		return fmt.Errorf("%w (%w)", cause, err) // what a client says about a call cut off hides why
	}
	return err
}

// judge decides what becomes of a delivery after a try.
func (d *Deliverer) judge(taken ledger.Delivery, err error) ledger.TryEnd {
	var final *FinalError
	switch {
	case err == nil:
		return ledger.TryEnd{State: ledger.Delivered}
	case errors.Is(err, errStopped):
		return ledger.TryEnd{State: ledger.DeliveryWaiting, Err: err, Cut: true}
	case errors.As(err, &final):
		return ledger.TryEnd{State: ledger.DeliveryFailed, Err: err}
	}
	return ledger.TryEnd{State: ledger.DeliveryWaiting, Err: err, Again: again(err, taken.Tries)}
}

// record writes down what became of a try, unless somebody else has the delivery by now: the ledger decides that. What cannot be
// recorded is tried again when the lease has run out: the recipient knows it by its key.
func (d *Deliverer) record(ctx context.Context, taken ledger.Delivery, end ledger.TryEnd) {
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(trace.Silent(ctx)), cleanup, errors.New("the ledger did not answer in time"))
	defer cancel()
	err := d.cfg.Ledger.EndTry(ctx, taken, end)
	switch {
	case errors.Is(err, ledger.ErrFenced):
		d.counted.lost.Add(1)
		d.cfg.Logger.Warn("delivery left to whoever has taken it since", about(taken, "outcome", string(end.State))...)
		d.mend(ctx, taken)
	case err != nil:
		d.counted.lost.Add(1)
		d.cfg.Logger.Warn("end of a delivery not recorded; it is tried again", about(taken, "outcome", string(end.State), "error", err)...)
	default:
		d.tell(taken, end)
	}
}

// mend has the current version copied once more: what this deliverer wrote without its lease may lie over it.
func (d *Deliverer) mend(ctx context.Context, taken ledger.Delivery) {
	if taken.Kind != ledger.DeliveryOfVersion || taken.Recipient.Directory == "" {
		return
	}
	if err := d.cfg.Ledger.RenewTarget(ctx, taken); err != nil {
		d.cfg.Logger.Error("copies may be of an older version: deliver the current one again", about(taken, "error", err)...)
	}
}

// tell says once what became of a try, and counts it.
func (d *Deliverer) tell(taken ledger.Delivery, end ledger.TryEnd) {
	switch end.State {
	case ledger.Delivered:
		d.counted.delivered.Add(1)
		d.cfg.Logger.Info("delivered", about(taken, "trace_id", end.TraceID)...)
	case ledger.DeliverySkipped:
		d.counted.skipped.Add(1)
		d.cfg.Logger.Info("delivery skipped", about(taken, "reason", end.Err)...)
	case ledger.DeliveryFailed:
		d.counted.failed.Add(1)
		d.cfg.Logger.Error("delivery failed", about(taken, "trace_id", end.TraceID, "error", end.Err)...)
	case ledger.DeliveryWaiting:
		d.counted.retried.Add(1)
		d.cfg.Logger.Warn("delivery is tried again", about(taken, "trace_id", end.TraceID, "again_in", end.Again.String(), "error", end.Err)...)
	}
}

func about(taken ledger.Delivery, more ...any) []any {
	return append([]any{"delivery", taken.ID, "of", taken.Name(), "run", taken.RunID, "to", taken.Target, "try", taken.Tries}, more...)
}
