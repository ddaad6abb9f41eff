package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/trace/read"
)

func newTraceCommand(a *app, s settings) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "trace RUN|TRACE_ID",
		Short: "Draw the trace of a run as a waterfall",
		Args:  wants("RUN|TRACE_ID"),
		RunE:  func(cmd *cobra.Command, args []string) error { return a.runTrace(cmd.Context(), s, args[0]) },
	}
	s.databaseFlags(cmd.Flags())
	return cmd
}

func (a *app) runTrace(ctx context.Context, s settings, id string) error {
	if err := a.checkFormat(formatTable, formatJSON); err != nil {
		return err
	}
	if !strings.HasPrefix(id, "1-") {
		var err error
		if id, err = s.traceOf(ctx, id); err != nil {
			return err
		}
	}
	cfg, err := awsConfig(ctx)
	if err != nil {
		return err
	}
	client, err := read.New(read.Config{AWS: cfg})
	if err != nil {
		return err
	}
	t, err := client.Trace(ctx, id)
	if errors.Is(err, read.ErrNotFound) {
		return withCode(exitFailed, "", fmt.Errorf("there is no trace %q, or not yet", id))
	}
	if err != nil {
		return unavailable("", "%w", err)
	}
	if a.format == formatJSON {
		return a.printJSON(struct {
			TraceID string      `json:"trace_id"`
			Spans   []read.Span `json:"spans"`
		}{t.ID, t.Spans()})
	}
	return a.printTrace(t)
}

// traceOf finds the trace of a run in the ledger.
func (s *settings) traceOf(ctx context.Context, run string) (string, error) {
	books, err := s.openLedger(ctx, "")
	if err != nil {
		return "", err
	}
	defer books.Close()
	r, err := books.Run(ctx, run)
	switch {
	case errors.Is(err, ledger.ErrNotFound):
		return "", withCode(exitFailed, "monthend runs list", fmt.Errorf("there is no run %q", run))
	case err != nil:
		return "", unavailable("", "show run %q: %w", run, err)
	case r.TraceID == "":
		return "", withCode(exitFailed, "", fmt.Errorf("run %q was not traced", run))
	}
	return r.TraceID, nil
}
