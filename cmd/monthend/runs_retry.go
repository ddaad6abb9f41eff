package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

// retryOptions are the flags of runs retry.
type retryOptions struct {
	as      string
	wait    bool
	timeout time.Duration
}

func newRunsRetryCommand(a *app, s settings) *cobra.Command {
	var o retryOptions
	cmd := &cobra.Command{
		Use:   "retry RUN|REQUEST",
		Short: "Attempt a run again that ended without a version",
		Long: "retry sends a new request through the queue that names the run: the run keeps its id and what it was asked for, its\n" +
			"attempt grows. A run that published, or found nothing changed, is done and not attempted again. With --wait it\n" +
			"follows the run to its end and exits with its code. A request for all tenants is asked for again where it failed, and\n" +
			"nowhere else.",
		Args: wants("RUN|REQUEST"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runRunsRetry(cmd.Context(), s, o, args[0]) },
	}
	fs := cmd.Flags()
	fs.StringVar(&o.as, "as", "", "who asks, for the record; the account by default")
	fs.BoolVar(&o.wait, "wait", false, "follow the run to its end")
	fs.DurationVar(&o.timeout, "timeout", 30*time.Minute, "how long --wait waits")
	s.queueFlags(fs)
	s.databaseFlags(fs)
	s.outputFlags(fs)
	s.traceFlags(fs)
	return cmd
}

func (a *app) runRunsRetry(ctx context.Context, s settings, o retryOptions, id string) error {
	if err := a.checkFormat(formatTable, formatJSON); err != nil {
		return err
	}
	for _, need := range []func() error{s.needQueue, s.checkTrace} {
		if err := need(); err != nil {
			return err
		}
	}
	books, err := s.openLedger(ctx, "")
	if err != nil {
		return err
	}
	defer books.Close()
	if parent, err := books.Fanout(ctx, id); err == nil {
		return a.retryParent(ctx, s, books, o, parent)
	} else if !errors.Is(err, ledger.ErrNotFound) {
		return unavailable("", "retry request %q: %w", id, err)
	}
	run, request, err := runOf(ctx, books, id)
	if err != nil {
		return err
	}
	if err := needsRun(run, request); err != nil {
		return err
	}
	job := again(run, o)
	following := triggerOptions{wait: o.wait, timeout: o.timeout}
	if done, err := a.needsNoRetry(ctx, s, books, following, run, job); done || err != nil {
		return err
	}
	sent, err := a.send(ctx, s, job)
	if err != nil {
		return err
	}
	if !o.wait {
		return a.printAsked(sent, "", "sent")
	}
	return a.await(ctx, s, books, following, sent)
}

// again is the job of a run, asked for once more.
func again(run ledger.Run, o retryOptions) report.Job {
	if o.as == "" {
		o.as = whoAsks()
	}
	return report.Job{
		Report: run.Key.Report, Period: run.Key.Period.String(), Tenant: run.Key.Tenant, Restate: run.Restate, Reason: run.Reason,
		RequestedBy: o.as, Retry: run.RunID, RequestID: newRequestID(),
	}
}

// needsNoRetry refuses a run that is done, and follows what is in the way of one that is not: the run itself in work, or
// another that has its month.
func (a *app) needsNoRetry(ctx context.Context, s settings, books *ledger.Store, o triggerOptions, run ledger.Run, job report.Job) (bool, error) {
	switch {
	case run.Outcome == report.Published, run.Outcome == report.Unchanged:
		return true, withCode(exitFailed, restating(run.Key), fmt.Errorf("run %q is done and cannot be attempted again: %s", run.RunID, run.Outcome))
	case run.Running && o.wait:
		return true, a.follow(ctx, s, books, o.timeout, run.RunID)
	case run.Running:
		return true, a.printAsked(asked{}, run.RunID, "already running")
	case run.Outcome == "":
		return false, nil // nobody works on it: its own message, or this one, whichever comes first
	}
	return a.alreadyThere(ctx, s, books, o, job)
}
