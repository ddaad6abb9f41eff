package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/monthend/monthend/pipeline/ledger"
)

func newMigrateCommand(a *app, s settings) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Bring the ledger's tables up to this version",
		Args:  wants(),
		RunE:  func(cmd *cobra.Command, _ []string) error { return a.runMigrate(cmd.Context(), s) },
	}
	s.databaseFlags(cmd.Flags())
	return cmd
}

func (a *app) runMigrate(ctx context.Context, s settings) error {
	if err := a.checkFormat(formatTable, formatJSON); err != nil {
		return err
	}
	if err := s.needDatabase(); err != nil {
		return err
	}
	from, to, err := ledger.Migrate(ctx, s.DatabaseURL)
	if err != nil {
		return unavailable("", "migrate the ledger: %w", err)
	}
	if a.format == formatJSON {
		return a.printJSON(map[string]int64{"from": from, "to": to})
	}
	if from == to {
		fmt.Fprintf(a.stdout, "the ledger is at version %d already\n", to)
		return nil
	}
	fmt.Fprintf(a.stdout, "the ledger went from version %d to %d\n", from, to)
	return nil
}
