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
		Use:   "approve VERSION...",
		Short: "Record that somebody approves versions, and let their deliveries go",
		Long: "approve records who approves a version and when. Where the definition says approve: true, deliveries wait for it;\n" +
			"publishing never does. Only the current version can be approved, and whoever asked for a restatement cannot approve\n" +
			"it. It is a record, not a proof: nobody is asked to show who he is. A VERSION is written report/tenant/YYYY-MM/vN,\n" +
			"with _ for no tenant. Of several each is answered on a line of its own, and one that is refused keeps none of the\n" +
			"others back: the exit code is that of the worst.",
		Example: "  monthend runs approve monthly-financials/_/2026-03/v1 --as anna\n" +
			"  monthend runs approve sales/north/2026-03/v1 sales/south/2026-03/v1 --as anna",
		Args: func(cmd *cobra.Command, args []string) error {
			return wants("VERSION")(cmd, args[:min(1, len(args))])
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.runRunsApprove(cmd.Context(), s, as, args) },
	}
	fs := cmd.Flags()
	fs.StringVar(&as, "as", "", "who approves, for the record; the account by default")
	s.databaseFlags(fs)
	return cmd
}

// approvedLine is what became of an approval.
type approvedLine struct {
	Status     ledger.ApproveAnswer `json:"status"` // approved, already, or refused
	Version    string               `json:"version"`
	ApprovedBy string               `json:"approved_by"`
	ApprovedAt time.Time            `json:"approved_at,omitzero"`
	Deliveries int                  `json:"deliveries"`      // that were held and are due now
	Error      string               `json:"error,omitempty"` // why it is refused
}

// approvalRefused is the status of a version among several that is not approved; alone it is an error.
const approvalRefused ledger.ApproveAnswer = "refused"

func (l approvedLine) String() string {
	text := fmt.Sprintf("approved: %s by %s", l.Version, l.ApprovedBy)
	switch l.Status {
	case approvalRefused:
		return "refused: " + l.Error
	case ledger.ApprovedBefore:
		text = fmt.Sprintf("approved before: %s by %s at %s", l.Version, l.ApprovedBy, l.ApprovedAt.Format(time.RFC3339))
	}
	if l.Deliveries > 0 {
		text += "; " + deliveries(l.Deliveries) + " on the way"
	}
	return text
}

// runRunsApprove reads every name before it approves the first: a slip of the pen approves nothing.
func (a *app) runRunsApprove(ctx context.Context, s settings, as string, names []string) error {
	if err := a.checkFormat(formatTable, formatJSON); err != nil {
		return err
	}
	versions := make([]report.VersionName, len(names))
	for i, name := range names {
		var err error
		if versions[i], err = report.ParseVersionName(name); err != nil {
			return usage("monthend runs list", "%w", err)
		}
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
	if len(versions) > 1 {
		return a.approveEach(ctx, books, versions, as)
	}
	line, err := approveVersion(ctx, books, versions[0], as)
	if err != nil {
		return err
	}
	if a.format == formatJSON {
		return a.printJSON(line)
	}
	_, err = fmt.Fprintln(a.stdout, line)
	return err
}

// approveEach answers one version after the other. Only what makes every further answer impossible ends it early.
func (a *app) approveEach(ctx context.Context, books *ledger.Store, versions []report.VersionName, as string) error {
	lines := []approvedLine{}
	var refused, stopped error
	count := 0
	for _, version := range versions {
		line, err := approveVersion(ctx, books, version, as)
		if err != nil && exitCode(ctx, err) != exitFailed {
			stopped = err
			break
		}
		if err != nil {
			line, refused = approvedLine{Status: approvalRefused, Version: version.String(), Error: err.Error()}, err
			count++
		}
		lines = append(lines, line)
		if a.format == formatJSON {
			continue
		}
		if _, err := fmt.Fprintln(a.stdout, line); err != nil {
			return err
		}
	}
	if a.format == formatJSON {
		if err := a.printJSON(lines); err != nil {
			return err
		}
	}
	switch {
	case stopped != nil:
		return withCode(exitCode(ctx, stopped), "", fmt.Errorf("approve %s: %w", versions[len(lines)], stopped))
	case count > 0:
		hint := ""
		if f := (*failure)(nil); count == 1 && errors.As(refused, &f) {
			hint = f.hint
		}
		return withCode(exitFailed, hint, fmt.Errorf("%d of %d versions refused", count, len(versions)))
	}
	return nil
}

// approveVersion approves one version; what speaks against it is an error with exitFailed.
func approveVersion(ctx context.Context, books *ledger.Store, version report.VersionName, as string) (approvedLine, error) {
	got, err := books.Approve(ctx, version, as)
	if err := refusedVersion(version, "approved", got.Current, err, got.Answer == ledger.ApproveSuperseded); err != nil {
		return approvedLine{}, err
	}
	if got.Answer == ledger.ApproveOwn {
		return approvedLine{}, withCode(exitFailed, "", fmt.Errorf("%s is a restatement that %s asked for; somebody else has to approve it", version, as))
	}
	return approvedLine{Status: got.Answer, Version: version.String(), ApprovedBy: got.By, ApprovedAt: got.At, Deliveries: got.Released}, nil
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
