package main

import (
	"context"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

// printRun prints how a run that another process worked has ended, and turns that into an exit code.
func (a *app) printRun(ctx context.Context, s settings, books *ledger.Store, id string, ended report.Outcome) error {
	run, err := books.Run(ctx, id)
	if err != nil {
		return unavailable("", "show run %q: %w", id, err)
	}
	shown := outcome{
		RunID: run.RunID, TraceID: run.TraceID, Status: string(ended), Report: run.Key.Report, Period: run.Key.Period.String(),
		Tenant: run.Key.Tenant, Version: run.Version, Extracted: run.RecordsExtracted, Rejected: run.RecordsRejected, Files: []fileLine{},
	}
	if run.Outcome == report.Published {
		version, err := versionOf(ctx, books, run)
		if err != nil {
			return err
		}
		if err := shown.addFiles(version, s.Output); err != nil {
			return err
		}
	}
	if err := a.printOutcome(shown); err != nil {
		return err
	}
	return outcomeFailure(shown.Status, runError(run))
}

// printVersion prints a version that was there already.
func (a *app) printVersion(s settings, v ledger.Version, status report.Outcome) error {
	shown := outcome{
		RunID: v.RunID, Status: string(status), Version: v.Number,
		Extracted: v.RecordsExtracted, Rejected: v.RecordsRejected, Files: []fileLine{},
	}
	if err := shown.addFiles(v, s.Output); err != nil {
		return err
	}
	return a.printOutcome(shown)
}

// runError is what the ledger says of why a run ended as it did.
func runError(run ledger.Run) error {
	if run.Error == "" {
		return nil
	}
	return recorded(run.Error)
}

// recorded is an error that another process had.
type recorded string

func (r recorded) Error() string { return string(r) }
