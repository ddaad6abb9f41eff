package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

func newRunsDeliverCommand(a *app, s settings) *cobra.Command {
	everything := false
	cmd := &cobra.Command{
		Use:   "deliver VERSION",
		Short: "Try the deliveries of a version again that failed",
		Long: "deliver has a worker try those deliveries of the current version again that failed, with --all every one that has\n" +
			"ended: a recipient who lost what he got gets it once more, under the same idempotency key. Recipients are those of the\n" +
			"definition when the version was published. A VERSION is written report/tenant/YYYY-MM/vN, with _ for no tenant.",
		Example: "  monthend runs deliver monthly-financials/_/2026-03/v1",
		Args:    wants("VERSION"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.runRunsDeliver(cmd.Context(), s, everything, args[0])
		},
	}
	fs := cmd.Flags()
	fs.BoolVar(&everything, "all", false, "those too that were delivered")
	s.databaseFlags(fs)
	return cmd
}

// deliverLine is what became of asking for deliveries.
type deliverLine struct {
	Version    string `json:"version"`
	Deliveries int    `json:"deliveries"` // that are tried again
}

func (a *app) runRunsDeliver(ctx context.Context, s settings, everything bool, name string) error {
	if err := a.checkFormat(formatTable, formatJSON); err != nil {
		return err
	}
	version, err := report.ParseVersionName(name)
	if err != nil {
		return usage("monthend runs list", "%w", err)
	}
	books, err := s.openLedger(ctx, "")
	if err != nil {
		return err
	}
	defer books.Close()
	got, err := books.DeliverAgain(ctx, version, everything)
	if err := refusedVersion(version, "delivered", got.Current, err, got.Answer == ledger.RedeliverSuperseded); err != nil {
		return err
	}
	switch got.Answer {
	case ledger.RedeliverHeld:
		return withCode(exitFailed, "monthend runs approve "+version.String(), fmt.Errorf("%s is delivered once somebody has approved it", version))
	case ledger.RedeliverNone:
		return withCode(exitFailed, "", fmt.Errorf("%s has no deliveries: its definition named no recipients when it was published", version))
	}
	line := deliverLine{Version: version.String(), Deliveries: got.Begun}
	if a.format == formatJSON {
		return a.printJSON(line)
	}
	text := deliveries(line.Deliveries) + " on the way: " + line.Version
	if line.Deliveries == 0 {
		text = "nothing to deliver again: " + line.Version
	}
	_, err = fmt.Fprintln(a.stdout, text)
	return err
}
