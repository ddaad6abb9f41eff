package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/trace/read"
)

// traceShown is one trace as JSON. Earlier are the attempts of the run that lie in traces of their own.
type traceShown struct {
	TraceID string        `json:"trace_id"`
	Spans   []read.Span   `json:"spans"`
	Earlier []attemptLine `json:"earlier_attempts,omitempty"`
}

func (a *app) runTrace(ctx context.Context, s settings, id string) error {
	if err := a.checkFormat(formatTable, formatJSON); err != nil {
		return err
	}
	var earlier []attemptLine
	if !isTrace(id) {
		var err error
		if id, earlier, err = s.tracesOf(ctx, id); err != nil {
			return err
		}
	}
	client, err := openTraces(ctx)
	if err != nil {
		return err
	}
	t, err := readTrace(ctx, client, id)
	if err != nil {
		return err
	}
	if a.format == formatJSON {
		return a.printJSON(traceShown{t.ID, t.Spans(), earlier})
	}
	if err := read.Waterfall(a.stdout, t, a.drawing()); err != nil {
		return err
	}
	if len(earlier) > 0 {
		fmt.Fprintln(a.stdout, "\nEarlier attempts")
		for _, e := range earlier {
			fmt.Fprintf(a.stdout, "  %d  %s  %s  %s\n", e.Attempt, e.Started.Format(time.RFC3339), e.Outcome, e.TraceID)
		}
	}
	return nil
}

// tracesOf finds the trace of a run's last attempt in the ledger, and the attempts before it that lie in others: a retry that
// somebody asked for continues the trace of who asked. A request stands for the run that it led to; one for all tenants has the
// trace of the asking, and each of its runs one of its own.
func (s *settings) tracesOf(ctx context.Context, run string) (id string, earlier []attemptLine, err error) {
	books, err := s.openLedger(ctx, "")
	if err != nil {
		return "", nil, err
	}
	defer books.Close()
	if parent, err := books.Fanout(ctx, run); err == nil {
		if parent.TraceID == "" {
			return "", nil, withCode(exitFailed, "", fmt.Errorf("request %q was not traced", run))
		}
		return parent.TraceID, nil, nil
	} else if !errors.Is(err, ledger.ErrNotFound) {
		return "", nil, wrapRead(err, "request", run)
	}
	r, request, err := runOf(ctx, books, run)
	if err != nil {
		return "", nil, err
	}
	if err := needsRun(r, request); err != nil {
		return "", nil, err
	}
	if r.TraceID == "" {
		return "", nil, withCode(exitFailed, "", fmt.Errorf("run %q was not traced", r.RunID))
	}
	attempts, err := books.Attempts(ctx, r.RunID)
	if err != nil {
		return "", nil, wrapRead(err, "run", r.RunID)
	}
	for _, t := range attempts {
		if t.TraceID != "" && t.TraceID != r.TraceID {
			earlier = append(earlier, newAttemptLine(t))
		}
	}
	return r.TraceID, earlier, nil
}
