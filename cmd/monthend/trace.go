package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/monthend/monthend/trace"
	"github.com/monthend/monthend/trace/read"
)

func newTraceCommand(a *app, s settings) *cobra.Command {
	var compare string
	cmd := &cobra.Command{
		Use:   "trace RUN|REQUEST|TRACE_ID",
		Short: "Draw the trace of a run as a waterfall, or list, map and price what was traced",
		Long: "trace draws one run as a waterfall: who asked, how long the job waited in\n" +
			"the queue, every attempt with its stages, queries and calls, what went wrong,\n" +
			"and the path that took longest. With --compare it puts another run beside\n" +
			"it. Its own commands look at many traces. All read from AWS X-Ray, or from\n" +
			"a local one when AWS_ENDPOINT_URL_XRAY says where it is.",
		Example: "monthend trace run_06h076wpnmzshsp1wfrthshnk4\n" +
			"monthend trace THIS_MONTHS_RUN --compare LAST_MONTHS_RUN\n" +
			"monthend trace list --since 7d --filter 'annotation.attempt > 1'\n" +
			"monthend trace map --since 1h",
		Args: wantsRun,
		RunE: func(cmd *cobra.Command, args []string) error {
			if compare != "" {
				return a.runTraceCompare(cmd.Context(), s, args[0], compare)
			}
			return a.runTrace(cmd.Context(), s, args[0])
		},
	}
	cmd.Flags().StringVar(&compare, "compare", "", "run or trace to put beside it")
	s.databaseFlags(cmd.Flags())
	cmd.AddCommand(newTraceListCommand(a), newTraceMapCommand(a), newTraceCostCommand(a, s))
	return cmd
}

// wantsRun checks that there is one argument and that it is not a command that was mistyped.
func wantsRun(cmd *cobra.Command, args []string) error {
	if err := wants("RUN|REQUEST|TRACE_ID")(cmd, args); err != nil {
		return err
	}
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		return usage(cmd.CommandPath()+" "+near[0], "%q is neither a run, nor a request, nor a trace, nor a command of %q", args[0], cmd.CommandPath())
	}
	return nil
}

// openTraces opens the reading side of X-Ray.
func openTraces(ctx context.Context) (*read.Client, error) {
	cfg, err := awsConfig(ctx)
	if err != nil {
		return nil, err
	}
	client, err := read.New(read.Config{AWS: cfg})
	if err != nil {
		return nil, usage("", "%w", err)
	}
	return client, nil
}

// readTrace reads one trace; that there is none is no trouble of X-Ray's.
func readTrace(ctx context.Context, client *read.Client, id string) (read.Trace, error) {
	t, err := client.Trace(ctx, id)
	switch {
	case errors.Is(err, trace.ErrTraceID):
		return t, usage("monthend runs list", "%q is neither a run nor a trace", id)
	case errors.Is(err, read.ErrNotFound):
		return t, withCode(exitFailed, "", fmt.Errorf("there is no trace %q, or not yet", id))
	}
	return t, traceFailure(err)
}

// traceFailure gives an error of X-Ray's its exit code: what it refused was asked wrongly, all else is out of reach.
func traceFailure(err error) error {
	var refused *read.RefusedError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refused):
		return usage("", "%w", err)
	}
	return unavailable("", "%w", err)
}

// isTrace tells a trace id from a run's.
func isTrace(id string) bool { return strings.HasPrefix(id, "1-") }
