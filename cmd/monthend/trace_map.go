package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/monthend/monthend/trace/read"
)

func newTraceMapCommand(a *app) *cobra.Command {
	var back since
	cmd := &cobra.Command{
		Use:   "map",
		Short: "Draw the service map: who called whom, and how it went",
		Long: "map draws every service that was traced and, below it, what it called: who\n" +
			"asked, the queue, the worker, its databases and object stores, each with its\n" +
			"requests, the shares that ended in an error or a fault, and how long half of\n" +
			"them and 95 of 100 took at the most.",
		Args: wants(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			from, to := back.until(time.Now())
			return a.runTraceMap(cmd.Context(), from, to)
		},
	}
	sinceFlag(cmd.Flags(), &back, 24*time.Hour)
	return cmd
}

func (a *app) runTraceMap(ctx context.Context, from, to time.Time) error {
	if err := a.checkFormat(formatTable, formatJSON); err != nil {
		return err
	}
	client, err := openTraces(ctx)
	if err != nil {
		return err
	}
	m, err := client.Map(ctx, from, to)
	if err != nil {
		return traceFailure(err)
	}
	if a.format == formatJSON {
		return a.printJSON(m)
	}
	return read.Chart(a.stdout, m, a.drawing())
}

// drawing is how wide and in which colours to draw for who looks.
func (a *app) drawing() read.Options {
	width, ok := terminal(a.stdout)
	if !ok {
		width = 120
	}
	return read.Options{Width: min(width, 160), Color: a.coloured(a.stdout)}
}
