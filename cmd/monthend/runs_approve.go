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

func newRunsApproveCommand(a *app, s settings) *cobra.Command {
	as := ""
	cmd := &cobra.Command{
		Use:   "approve VERSION",
		Short: "Record that somebody approves a version, and let its deliveries go",
		Long: "approve records who approves a version and when. Where the definition says approve: true, deliveries wait for it;\n" +
			"publishing never does. Only the current version can be approved, and whoever asked for a restatement cannot approve\n" +
			"it. It is a record, not a proof: nobody is asked to show who he is. A VERSION is written report/tenant/YYYY-MM/vN,\n" +
			"with _ for no tenant.",
		Example: "  monthend runs approve monthly-financials/_/2026-03/v1 --as anna",
		Args:    wants("VERSION"),
		RunE:    func(cmd *cobra.Command, args []string) error { return a.runRunsApprove(cmd.Context(), s, as, args[0]) },
	}
	fs := cmd.Flags()
	fs.StringVar(&as, "as", "", "who approves, for the record; the account by default")
	s.databaseFlags(fs)
	return cmd
}

// approvedLine is what became of an approval.
type approvedLine struct {
	Status     ledger.ApproveAnswer `json:"status"` // approved or already
	Version    string               `json:"version"`
	ApprovedBy string               `json:"approved_by"`
	ApprovedAt time.Time            `json:"approved_at"`
	Deliveries int                  `json:"deliveries"` // that were held and are due now
}

func (a *app) runRunsApprove(ctx context.Context, s settings, as, name string) error {
	if err := a.checkFormat(formatTable, formatJSON); err != nil {
		return err
	}
	version, err := report.ParseVersionName(name)
	if err != nil {
		return usage("monthend runs list", "%w", err)
	}
	if as == "" {
		as = whoAsks()
	}
	if as == "" {
		return usage("", "--as is missing: the account that approves has no name")
	}
	books, err := s.openLedger(ctx, "")
	if err != nil {
		return err
	}
	defer books.Close()
	got, err := books.Approve(ctx, version, as)
	if err := refusedVersion(version, "approved", got.Current, err, got.Answer == ledger.ApproveSuperseded); err != nil {
		return err
	}
	if got.Answer == ledger.ApproveOwn {
		return withCode(exitFailed, "", fmt.Errorf("%s is a restatement that %s asked for; somebody else has to approve it", version, as))
	}
	line := approvedLine{Status: got.Answer, Version: version.String(), ApprovedBy: got.By, ApprovedAt: got.At, Deliveries: got.Released}
	if a.format == formatJSON {
		return a.printJSON(line)
	}
	text := fmt.Sprintf("approved: %s by %s", line.Version, line.ApprovedBy)
	if got.Answer == ledger.ApprovedBefore {
		text = fmt.Sprintf("approved before: %s by %s at %s", line.Version, line.ApprovedBy, line.ApprovedAt.Format(time.RFC3339))
	}
	if line.Deliveries > 0 {
		text += "; " + deliveries(line.Deliveries) + " on the way"
	}
	_, err = fmt.Fprintln(a.stdout, text)
	return err
}

// refusedVersion is the error of a command about one version: the ledger does not know it, or another one is current.
func refusedVersion(version report.VersionName, done string, current int, err error, superseded bool) error {
	switch {
	case errors.Is(err, ledger.ErrNotFound):
		return withCode(exitFailed, "monthend runs list --report "+version.Key.Report, fmt.Errorf("there is no version %s", version))
	case err != nil:
		return unavailable("", "%w", err)
	case superseded:
		newer := report.VersionName{Key: version.Key, Number: current}
		return withCode(exitFailed, "monthend runs diff "+newer.String(), fmt.Errorf("%s cannot be %s: it is not current any more, %s is", version, done, newer))
	}
	return nil
}
