package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/monthend/monthend/pipeline"
	"github.com/monthend/monthend/pipeline/engine"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

func newRunsDiffCommand(a *app, s settings) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "diff VERSION [VERSION]",
		Short: "Show what differs between two published versions",
		Long: "diff compares the datasets that two versions have kept: figures, rows and single cells, with exact differences. A\n" +
			"VERSION is written report/tenant/YYYY-MM/vN, with _ for no tenant, or is the run that published it. One VERSION is\n" +
			"compared with the one that it replaced.",
		Example: "  monthend runs diff monthly-financials/_/2026-03/v2\n" +
			"  monthend runs diff monthly-financials/_/2026-02/v1 monthly-financials/_/2026-03/v1 -o json",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 2 {
				return usage(cmd.CommandPath()+" --help", "%q is one argument too many", args[2])
			}
			return wants("VERSION")(cmd, args[:min(1, len(args))])
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.runRunsDiff(cmd.Context(), s, args) },
	}
	fs := cmd.Flags()
	s.databaseFlags(fs)
	s.outputFlags(fs)
	s.definitionFlags(fs)
	return cmd
}

func (a *app) runRunsDiff(ctx context.Context, s settings, names []string) error {
	if err := a.checkFormat(formatTable, formatJSON, formatCSV); err != nil {
		return err
	}
	for _, need := range []func() error{s.needDatabase, s.needOutput, s.makeSpool} {
		if err := need(); err != nil {
			return err
		}
	}
	books, err := s.openLedger(ctx, "")
	if err != nil {
		return err
	}
	defer books.Close()
	before, after, err := pairOf(ctx, books, names)
	if err != nil {
		return err
	}
	files, err := s.openStore(ctx)
	if err != nil {
		return err
	}
	defer files.Close()
	definitions, err := s.openCatalog()
	if err != nil {
		return err
	}
	spool, err := pipeline.OpenSpool(ctx, s.Spool)
	if err != nil {
		return unavailable("export MONTHEND_SPOOL=/some/folder", "%w", err)
	}
	defer spool.Close()
	d, err := pipeline.Diff(ctx, pipeline.Config{
		Ledger: books, Store: files, Catalog: definitions, Spool: spool.Dir, Engine: engine.Config{MemoryLimit: s.MemoryMB << 20},
	}, before, after)
	if err != nil {
		return withCode(exitFailed, "monthend runs verify "+after.Key.Report, err)
	}
	shown := differenceShown{Before: versionName(before.Key, before.Number), After: versionName(after.Key, after.Number), Difference: d}
	if d.Same && a.format == formatTable {
		_, err := fmt.Fprintf(a.stdout, "%s and %s stand on equal data\n", shown.Before, shown.After)
		return err
	}
	return a.printDifference(shown)
}

// pairOf finds the two versions that are meant.
func pairOf(ctx context.Context, books *ledger.Store, names []string) (before, after ledger.Version, err error) {
	after, err = findVersion(ctx, books, names[len(names)-1])
	switch {
	case err != nil:
		return before, after, err
	case len(names) == 2:
		before, err = findVersion(ctx, books, names[0])
		return before, after, err
	}
	versions, err := books.Versions(ctx, after.Key)
	if err != nil {
		return before, after, unavailable("", "%w", err)
	}
	for _, v := range versions { // newest first; numbers may have gaps
		if v.Number < after.Number {
			return v, after, nil
		}
	}
	return before, after, withCode(exitFailed, "", fmt.Errorf("%s replaced no other version; name the one to compare it with", versionName(after.Key, after.Number)))
}

// findVersion finds a version by its name or by the run that published it.
func findVersion(ctx context.Context, books *ledger.Store, name string) (ledger.Version, error) {
	wanted, err := report.ParseVersionName(name)
	if err != nil {
		run, failed := books.Run(ctx, name)
		switch {
		case errors.Is(failed, ledger.ErrNotFound):
			return ledger.Version{}, usage("monthend runs list", "%w", err)
		case failed != nil:
			return ledger.Version{}, unavailable("", "%w", failed)
		case run.Outcome != report.Published:
			return ledger.Version{}, withCode(exitFailed, "monthend runs show "+run.RunID, fmt.Errorf("run %s published no version", run.RunID))
		}
		wanted = report.VersionName{Key: run.Key, Number: run.Version}
	}
	versions, err := books.Versions(ctx, wanted.Key)
	if err != nil {
		return ledger.Version{}, unavailable("", "%w", err)
	}
	for _, v := range versions {
		if v.Number == wanted.Number {
			return v, nil
		}
	}
	return ledger.Version{}, withCode(exitFailed, "monthend runs list --report "+wanted.Key.Report, fmt.Errorf("there is no version %s", wanted))
}
