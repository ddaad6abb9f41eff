package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/trace"
)

// newParentLine is an asking for all tenants as lists of runs show it.
func newParentLine(f ledger.Fanout) runLine {
	p := newParent(f, "")
	return runLine{
		RequestID: p.RequestID, Tenants: p.Tenants, Done: p.Done, Report: p.Report, Period: p.Period, Status: p.Status,
		Attempt: p.Rounds, TraceID: p.TraceID, Created: p.Created, Ended: p.Ended,
	}
}

// parentCells are its cells in the table of runs.
func (l runLine) parentCells() []string {
	tenants := fmt.Sprintf("%s of %s", count(int64(l.Done)), things(l.Tenants, "tenant"))
	return []string{l.RequestID, l.Report, l.Period, tenants, l.Status, "", strconv.Itoa(l.Attempt), "", "", l.Created.Format(time.RFC3339), ""}
}

// parentThere looks whether all tenants of a month are being asked for already. Those of a month that ended are asked for again:
// who is published is not run again, and who came since is.
func (a *app) parentThere(ctx context.Context, s settings, books *ledger.Store, o triggerOptions, name string, period report.Period) (bool, error) {
	newest, err := books.Fanouts(ctx, ledger.Filter{Report: name, Period: period, Limit: 1})
	if err != nil {
		return false, unavailable("", "ask the ledger: %w", err)
	}
	if len(newest) == 0 || newest[0].State != ledger.FanoutOpen || newest[0].CancelAsked {
		return false, nil
	}
	if o.wait {
		return true, a.followParent(ctx, s, books, o.timeout, newest[0].RequestID, newest[0].Closing)
	}
	return true, a.printAsked(asked{RequestID: newest[0].RequestID, TraceID: newest[0].TraceID}, "", "already running")
}

// retryParent asks again for the tenants of a parent that failed.
func (a *app) retryParent(ctx context.Context, s settings, books *ledger.Store, o retryOptions, f ledger.Fanout) error {
	if o.as == "" {
		o.as = whoAsks()
	}
	n, traceID, err := a.again(ctx, s, books, o.as, f)
	switch {
	case errors.Is(err, ledger.ErrNotNextRound):
		return withCode(exitFailed, "monthend runs show "+f.RequestID, err)
	case err != nil:
		return unavailable("", "%w", err)
	case n == 0:
		return withCode(exitFailed, "monthend runs show "+f.RequestID, fmt.Errorf("no tenant of request %q has failed", f.RequestID))
	}
	if o.wait {
		return a.followParent(ctx, s, books, o.timeout, f.RequestID, f.Closing)
	}
	if a.format == formatJSON {
		return a.printJSON(struct {
			Status    string `json:"status"`
			RequestID string `json:"request_id"`
			Tenants   int    `json:"tenants"`
			TraceID   string `json:"trace_id,omitempty"`
		}{"posted", f.RequestID, n, traceID})
	}
	fmt.Fprintf(a.stdout, "asked again for %s: request %s\n", things(n, "tenant"), f.RequestID)
	if traceID != "" {
		fmt.Fprintf(a.stdout, "trace %s\n", traceID)
	}
	return nil
}

// again posts what failed, in a segment of whoever asks. The next drain sends it.
func (a *app) again(ctx context.Context, s settings, books *ledger.Store, by string, f ledger.Fanout) (n int, traceID string, err error) {
	logger, err := a.logger(s.LogLevel)
	if err != nil {
		return 0, "", err
	}
	tracer, err := s.openTracer(askSegment, logger)
	if err != nil {
		return 0, "", err
	}
	defer flush(ctx, tracer)
	ctx, segment := tracer.Begin(ctx, askSegment, s.Trace.Header, trace.BeginOptions{ForceSample: s.Trace.forced(), Path: "/" + f.Report})
	defer func() { segment.End(err) }()
	segment.Annotate("report", f.Report)
	segment.Annotate("period", f.Period.String())
	n, err = books.Again(trace.Silent(ctx), f.RequestID, by, trace.Header(ctx))
	return n, trace.ID(ctx), err
}
