package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"github.com/spf13/cobra"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

// cancelOptions are the flags of runs cancel.
type cancelOptions struct {
	as     string
	unseen bool
}

func newRunsCancelCommand(a *app, s settings) *cobra.Command {
	var o cancelOptions
	cmd := &cobra.Command{
		Use:   "cancel RUN|REQUEST",
		Short: "End a run before it is published, or a request before it is a run",
		Long: "cancel asks for the end of a run: one that nobody works on ends at once, one in work within seconds, unless it is\n" +
			"published first. A request that led to a run stands for the run, whoever else waits for it. A request that no worker\n" +
			"has claimed is cancelled at once, and its message is deleted when it comes.",
		Args: wants("RUN|REQUEST"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runRunsCancel(cmd.Context(), s, o, args[0]) },
	}
	fs := cmd.Flags()
	fs.StringVar(&o.as, "as", "", "who asks, for the record; the account by default")
	fs.BoolVar(&o.unseen, "unseen", false, "take an id of any form for that of a request which no worker has seen yet")
	s.databaseFlags(fs)
	return cmd
}

// cancelLine is what became of asking for an end.
type cancelLine struct {
	Status    ledger.CancelAnswer `json:"status"`
	RunID     string              `json:"run_id,omitempty"`
	RequestID string              `json:"request_id,omitempty"`
}

func (a *app) runRunsCancel(ctx context.Context, s settings, o cancelOptions, id string) error {
	if err := a.checkFormat(formatTable, formatJSON); err != nil {
		return err
	}
	books, err := s.openLedger(ctx, "")
	if err != nil {
		return err
	}
	defer books.Close()
	if o.as == "" {
		o.as = whoAsks()
	}
	line, ended, err := cancel(ctx, books, o, id)
	switch {
	case errors.Is(err, ledger.ErrNotFound):
		return withCode(exitFailed, "monthend runs list", fmt.Errorf("there is no run and no request %q", id))
	case err != nil:
		return unavailable("", "%w", err)
	case line.Status == ledger.CancelLate:
		return withCode(exitFailed, "", fmt.Errorf("%q had ended before: %s", id, ended))
	case a.format == formatJSON:
		return a.printJSON(line)
	}
	what := "run " + line.RunID
	if line.RunID == "" {
		what = "request " + line.RequestID
	}
	if line.Status == ledger.CancelAsked {
		what += " is being worked and ends within seconds"
	}
	_, err = fmt.Fprintf(a.stdout, "%s: %s\n", line.Status, what)
	return err
}

// cancel takes id for a run's and then for a request's; ended is the outcome of what had ended before.
func cancel(ctx context.Context, books *ledger.Store, o cancelOptions, id string) (line cancelLine, ended report.Outcome, err error) {
	line.Status, err = books.Cancel(ctx, id, o.as)
	if err == nil {
		line.RunID = id
		run, err := books.Run(ctx, id)
		return line, run.Outcome, err
	}
	if !errors.Is(err, ledger.ErrNotFound) {
		return line, "", err
	}
	line.Status, err = books.CancelRequest(ctx, id, o.as, o.unseen || requestID.MatchString(id))
	if err != nil {
		return line, "", err
	}
	request, err := books.Request(ctx, id)
	line.RequestID, line.RunID = id, request.RunID
	return line, request.Outcome, err
}

// requestID is the form of an id that a request may have before any worker has seen it: one of trigger's, one made of a
// schedule or by a redrive, or the id of a message. Whoever sends ids of another form says --unseen; a run's is never taken
// for one, so that a slip of the hand in it is told.
var requestID = regexp.MustCompile(`^(req_[a-z2-7]{26}|[0-9a-f]{64}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$`)
