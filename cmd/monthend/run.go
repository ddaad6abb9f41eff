package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/monthend/monthend/pipeline"
	"github.com/monthend/monthend/report"
)

// runOptions are the flags of run.
type runOptions struct {
	jobOptions
	preview bool
	explain bool
	to      string
}

func newRunCommand(a *app, s settings) *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use:   "run REPORT --month M --year YYYY",
		Short: "Run a month of a report here and now, without the queue",
		Long: "run claims the month in the ledger and works it in this process. With --preview it claims nothing, makes no\n" +
			"version, marks every page DRAFT, and may read a month that has not ended. With --explain it draws nothing and shows\n" +
			"each stage's queries as they are run, their plans and how many rows came of them; no row is shown.",
		Example: "  monthend run monthly-financials --month 3 --year 2026\n" +
			"  monthend run monthly-financials --month 3 --year 2026 --preview --to ./draft\n" +
			"  monthend run monthly-financials --month 3 --year 2026 --explain",
		Args: wants("REPORT"),
		RunE: func(cmd *cobra.Command, args []string) error {
			job, err := o.job(args[0])
			if err != nil {
				return err
			}
			return a.runRun(cmd.Context(), s, o, job)
		},
	}
	fs := cmd.Flags()
	o.addFlags(fs)
	fs.BoolVar(&o.preview, "preview", false, "draw a draft and publish nothing")
	fs.BoolVar(&o.explain, "explain", false, "show the stages' queries, plans and numbers of rows, and publish nothing")
	fs.StringVar(&o.to, "to", "", "folder of the draft; ./preview without it")
	s.databaseFlags(fs)
	s.sourceFlags(fs)
	s.outsideFlags(fs)
	s.commentaryFlags(fs)
	s.outputFlags(fs)
	s.definitionFlags(fs)
	s.traceFlags(fs)
	s.headerFlag(fs)
	s.engineFlags(fs)
	flag(fs.StringVar, fs, &s.LogLevel, "log-level", "debug, info, warn or error (MONTHEND_LOG_LEVEL)")
	return cmd
}

func (a *app) runRun(ctx context.Context, s settings, o runOptions, job report.Job) error {
	if err := a.checkFormat(formatTable, formatJSON); err != nil {
		return err
	}
	if err := s.knowsReport(job.Report); err != nil {
		return err
	}
	if err := s.needsTenant(job, "monthend trigger "+job.Report+" …   # asks for every tenant, through the queue"); err != nil {
		return err
	}
	logger, err := a.logger(s.LogLevel)
	if err != nil {
		return err
	}
	if o.explain && (o.preview || o.to != "") {
		return usage("", "--explain draws nothing; leave --preview and --to out")
	}
	bars := a.newBars()
	defer bars.end()
	if o.explain {
		return a.runExplain(ctx, s, job, logger, bars)
	}
	if o.preview {
		return a.runPreview(ctx, s, o, job, logger, bars)
	}
	rooms, err := s.openRooms(ctx, logger, bars.progress)
	if err != nil {
		return err
	}
	defer rooms.close(ctx, a.abort)
	result := rooms.runner.Run(ctx, pipeline.Asking{Job: job, RequestID: job.RequestID, Trace: s.Trace.Header, Sample: s.Trace.forced(), Delivered: 1})
	bars.end()
	return a.printResult(s, result)
}

// printResult prints how a run in this process ended, and turns it into an exit code.
func (a *app) printResult(s settings, r pipeline.Result) error {
	var busy *pipeline.BusyError
	var early *pipeline.NotEndedError
	switch {
	case errors.As(r.Err, &early):
		return unavailable("", "%w", r.Err)
	case errors.As(r.Err, &busy):
		return withCode(exitFailed, "monthend runs show "+busy.RunID, r.Err)
	case r.Outcome == "":
		return unavailable("", "%w", r.Err)
	case r.RunID == "":
		return usage("", "%w", r.Err)
	}
	shown := newOutcome(r)
	if err := shown.addFiles(r.Version, s.Output); err != nil {
		return err
	}
	if err := a.printOutcome(shown); err != nil {
		return err
	}
	return outcomeFailure(shown.Status, r.Err)
}

// runPreview draws a draft; it needs the source and nothing else.
func (a *app) runPreview(ctx context.Context, s settings, o runOptions, job report.Job, logger *slog.Logger, bars *bars) error {
	if o.to == "" {
		o.to = "preview"
	}
	dir, err := filepath.Abs(o.to)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return unavailable("", "make the folder of the draft: %w", err)
	}
	rooms, err := s.openReading(ctx, logger)
	if err != nil {
		return err
	}
	defer rooms.close(ctx, a.abort)
	files, result := pipeline.Preview(ctx, s.pipelineConfig(rooms, logger, bars.progress), pipeline.Asking{Job: job, Trace: s.Trace.Header, Sample: s.Trace.forced()}, dir)
	bars.end()
	if result.Err != nil && result.Outcome == "" {
		return withCode(exitFailed, "", result.Err)
	}
	shown := newOutcome(result)
	shown.folder = dir
	if shown.Status == "" {
		shown.Status = "draft"
	}
	for _, f := range files {
		shown.Files = append(shown.Files, fileLine{f.Name, f.Format, f.Bytes, f.SHA256, filepath.Join(dir, filepath.FromSlash(f.Name))})
	}
	if err := a.printOutcome(shown); err != nil {
		return err
	}
	if result.Err != nil {
		return withCode(exitData, "", fmt.Errorf("draft: %w", result.Err))
	}
	return nil
}
