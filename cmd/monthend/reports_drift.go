package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/monthend/monthend/pipeline"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

func newReportsDriftCommand(a *app, s settings) *cobra.Command {
	var o monthOptions
	cmd := &cobra.Command{
		Use:   "drift REPORT --month M --year YYYY",
		Short: "Tell whether the source has moved since a month was published",
		Long: "drift reads the month from the source again, checks and computes it as a run would, and compares it with the version\n" +
			"that is current. It publishes nothing. It exits with 1 when something has moved: --restate publishes that.",
		Args: wants("REPORT"),
		RunE: func(cmd *cobra.Command, args []string) error {
			key, err := o.key(args[0])
			if err != nil {
				return err
			}
			return a.runReportsDrift(cmd.Context(), s, key)
		},
	}
	fs := cmd.Flags()
	o.addFlags(fs)
	s.databaseFlags(fs)
	s.sourceFlags(fs)
	s.outsideFlags(fs)
	s.outputFlags(fs)
	s.definitionFlags(fs)
	s.traceFlags(fs)
	s.engineFlags(fs)
	flag(fs.StringVar, fs, &s.LogLevel, "log-level", "debug, info, warn or error (MONTHEND_LOG_LEVEL)")
	return cmd
}

func (a *app) runReportsDrift(ctx context.Context, s settings, key report.Key) error {
	if err := a.checkFormat(formatTable, formatJSON, formatCSV); err != nil {
		return err
	}
	job := report.Job{Report: key.Report, Period: key.Period.String(), Tenant: key.Tenant}
	if err := s.needsTenant(job, "monthend runs list --report "+key.Report); err != nil {
		return err
	}
	logger, err := a.logger(s.LogLevel)
	if err != nil {
		return err
	}
	bars := a.newBars()
	defer bars.end()
	rooms, err := s.openRooms(ctx, logger, bars.progress)
	if err != nil {
		return err
	}
	defer rooms.close(ctx, a.abort)
	d, version, err := pipeline.Drift(ctx, s.pipelineConfig(rooms, logger, bars.progress), pipeline.Asking{Job: job, Sample: true})
	bars.end()
	switch {
	case errors.Is(err, pipeline.ErrUnpublished):
		return withCode(exitFailed, "monthend runs list --report "+key.Report, err)
	case err != nil:
		return withCode(exitFailed, "", err)
	}
	return a.printDrift(key, version, d)
}

// printDrift prints what has moved, and turns it into an exit code.
func (a *app) printDrift(key report.Key, version ledger.Version, d pipeline.Difference) error {
	shown := differenceShown{Before: versionName(key, version.Number), After: "source", Difference: d}
	seen := len(d.Rows)+len(d.Totals)+len(d.Figures)+len(d.Datasets) > 0 || d.Verdict != ""
	switch {
	case a.format != formatTable, seen:
		if err := a.printDifference(shown); err != nil {
			return err
		}
	case d.Same:
		_, err := fmt.Fprintf(a.stdout, "the source has not moved since %s was published\n", shown.Before)
		return err
	}
	again := restating(key)
	switch {
	case d.Same:
		return nil
	case d.Verdict != "":
		return withCode(exitFailed, "", fmt.Errorf("the source has moved since %s was published, and would fail now: %s", shown.Before, d.Verdict))
	case !seen && d.Definition:
		// Equal figures from another definition: there is no telling whether a row that nothing shows is another one.
		_, err := fmt.Fprintf(a.stderr, "the definition has changed since %s was published; no figure has\n", shown.Before)
		return err
	case !seen:
		return withCode(exitFailed, again, fmt.Errorf("rows have changed since %s was published, and no figure with them", shown.Before))
	}
	return withCode(exitFailed, again, fmt.Errorf("the source has moved since %s was published", shown.Before))
}
