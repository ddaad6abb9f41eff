package pipeline

import (
	"context"
	"errors"
	"fmt"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/pipeline/source"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/trace"
)

// fanOutSpan is the subsegment in which a job for all tenants becomes one a tenant.
const fanOutSpan = "fan_out"

// FansOut reports whether a job asks for all tenants of a definition. A retry names a run, and that is of one key.
func FansOut(def report.Definition, job report.Job) bool {
	return def.Tenants.SQL != "" && job.Tenant == "" && job.Retry == ""
}

// fanOut makes a job for all tenants one a tenant: it asks the source who they are and has the ledger record them all at once.
// Nothing is sent here; the ledger's outbox holds a message a tenant. A parent that was recorded before is left to its children.
func (r *Runner) fanOut(ctx context.Context, a Asking, def report.Definition, key report.Key) Result {
	known, err := r.cfg.Ledger.Fanout(trace.Silent(ctx), a.RequestID)
	if err == nil && known.Report == key.Report && known.Period == key.Period {
		trace.Annotate(ctx, "duplicate", true)
		return Result{Asked: known.Tenants}
	}
	if err != nil && !errors.Is(err, ledger.ErrNotFound) {
		return Result{RetryAfter: backoff(a.Delivered), Err: err}
	}
	request, err := r.cfg.Ledger.Request(trace.Silent(ctx), a.RequestID)
	if err == nil && request.Outcome != "" && request.For(key.Report, "", key.Period.String()) {
		return Result{Outcome: request.Outcome}
	}

	var state ledger.FanoutState
	var tenants []string
	err = trace.Span(ctx, fanOutSpan, func(ctx context.Context) (err error) {
		if tenants, err = r.tenants(ctx, def, key); err != nil {
			return fmt.Errorf("fan out %q %s: query %q: %w", def.Name, key.Period, report.TenantsName, err)
		}
		trace.Metadata(ctx, "tenants", len(tenants))
		state, err = r.cfg.Ledger.FanOut(trace.Silent(ctx), ledger.FanOut{
			RequestID: a.RequestID, MessageID: a.MessageID, Job: a.Job, Period: key.Period,
			TraceID: trace.ID(ctx), TraceHeader: trace.Header(ctx), Tenants: tenants,
		})
		return err
	})
	switch {
	case err != nil && ctx.Err() != nil:
		return Result{Err: &stoppedError{context.Cause(ctx)}}
	case err != nil && permanent(err):
		return r.Refuse(ctx, a, err)
	case err != nil:
		return Result{RetryAfter: backoff(a.Delivered), Err: err}
	case state == "": // cancelled at this very moment
		return Result{Outcome: report.Cancelled}
	}
	result := Result{Asked: len(tenants)}
	if state == ledger.FanoutDone {
		result.Outcome = report.Published
	}
	return result
}

// tenants asks the source whose reports there are to be made, in a snapshot of its own: each tenant's run reads in another.
func (r *Runner) tenants(ctx context.Context, def report.Definition, key report.Key) ([]string, error) {
	snapshot, err := r.cfg.Source.Begin(ctx, def.Location.String())
	if err != nil {
		return nil, err
	}
	defer func() {
		ctx, cancel := afterwards(ctx)
		defer cancel()
		snapshot.Close(ctx)
	}()
	return snapshot.Tenants(ctx, def.Tenants, params(def, key))
}

// params are what the queries of a definition may name.
func params(def report.Definition, key report.Key) source.Params {
	start, end := key.Period.Bounds(def.Location)
	return source.Params{
		PeriodStart: start,
		PeriodEnd:   end,
		PeriodFirst: key.Period.First(),
		PeriodNext:  key.Period.Add(1).First(),
		Tenant:      key.Tenant,
	}
}
