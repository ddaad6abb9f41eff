package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

func newRunsCommand(a *app, s settings) *cobra.Command {
	return group("runs", "What was asked for and what became of it",
		newRunsListCommand(a, s), newRunsShowCommand(a, s), newRunsCancelCommand(a, s), newRunsRetryCommand(a, s), newRunsVerifyCommand(a, s),
		newRunsDiffCommand(a, s), newRunsApproveCommand(a, s), newRunsDeliverCommand(a, s))
}

func newRunsListCommand(a *app, s settings) *cobra.Command {
	var filter ledger.Filter
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List what was asked for all tenants, then runs, each the newest first",
		Args:  wants(),
		RunE:  func(cmd *cobra.Command, _ []string) error { return a.runRunsList(cmd.Context(), s, filter) },
	}
	fs := cmd.Flags()
	fs.StringVar(&filter.Report, "report", "", "runs of this report only")
	fs.StringVar(&filter.Tenant, "tenant", "", "runs of this tenant only")
	fs.IntVar(&filter.Limit, "limit", 50, "how many at the most")
	s.databaseFlags(fs)
	return cmd
}

// runLine is one run as lists show it.
type runLine struct {
	RunID     string     `json:"run_id"`
	RequestID string     `json:"request_id,omitempty"` // of an asking for all tenants, which is no run
	Tenants   int        `json:"tenants,omitempty"`    // of it
	Done      int        `json:"done,omitempty"`       // of them
	Report    string     `json:"report"`
	Period    string     `json:"period"`
	Tenant    string     `json:"tenant,omitempty"`
	Status    string     `json:"status"`
	Attempt   int        `json:"attempt"`
	Version   int        `json:"version,omitempty"`
	Extracted int64      `json:"records_extracted"`
	Rejected  int64      `json:"records_rejected"`
	Stage     string     `json:"stage,omitempty"`
	TraceID   string     `json:"trace_id,omitempty"`
	Error     string     `json:"error,omitempty"`
	Created   time.Time  `json:"created_at"`
	Ended     *time.Time `json:"ended_at,omitempty"`
	approvalLine
}

func newRunLine(r ledger.Run) runLine {
	line := runLine{
		RunID: r.RunID, Report: r.Key.Report, Period: r.Key.Period.String(), Tenant: r.Key.Tenant, Status: runStatus(r),
		Attempt: r.Attempt, Version: r.Version, Extracted: r.RecordsExtracted, Rejected: r.RecordsRejected,
		Stage: r.Stage, TraceID: r.TraceID, Error: r.Error, Created: r.CreatedAt.UTC(),
	}
	if !r.EndedAt.IsZero() {
		ended := r.EndedAt.UTC()
		line.Ended, line.Stage = &ended, ""
	}
	return line
}

// runStatus is the outcome of a run, or what it does while it has none.
func runStatus(r ledger.Run) string {
	switch {
	case r.Outcome != "":
		return string(r.Outcome)
	case r.Running:
		return "running"
	}
	return "waiting"
}

func (a *app) runRunsList(ctx context.Context, s settings, filter ledger.Filter) error {
	if err := a.checkFormat(formatTable, formatJSON, formatCSV); err != nil {
		return err
	}
	books, err := s.openLedger(ctx, "")
	if err != nil {
		return err
	}
	defer books.Close()
	runs, err := books.Runs(ctx, filter)
	if err != nil {
		return unavailable("", "list the runs: %w", err)
	}
	approvals, err := approvalsOf(ctx, books, runs)
	if err != nil {
		return err
	}
	g := grid{
		head:  []string{"run", "report", "period", "tenant", "status", "version", "attempt", "extracted", "rejected", "created", "approval"},
		right: map[int]bool{5: true, 6: true, 7: true, 8: true},
	}
	parents, err := books.Fanouts(ctx, filter)
	if err != nil {
		return unavailable("", "list the runs: %w", err)
	}
	lines := make([]runLine, 0, len(runs)+len(parents))
	for _, f := range parents {
		l := newParentLine(f)
		lines = append(lines, l)
		g.rows = append(g.rows, l.parentCells())
	}
	for _, r := range runs {
		l := newRunLine(r)
		l.approvalLine = newApprovalLine(approvals, r.RunID)
		lines = append(lines, l)
		version := ""
		if l.Version > 0 {
			version = strconv.Itoa(l.Version)
		}
		g.rows = append(g.rows, []string{
			l.RunID, l.Report, l.Period, l.Tenant, l.Status, version, strconv.Itoa(l.Attempt),
			strconv.FormatInt(l.Extracted, 10), strconv.FormatInt(l.Rejected, 10), l.Created.Format(time.RFC3339),
			l.Approval,
		})
	}
	return a.printGrid(g, lines)
}

func newRunsShowCommand(a *app, s settings) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show RUN|REQUEST",
		Short: "Show a run, its attempts and files, by its id or a request's; or how all tenants stand that a request asked for",
		Args:  wants("RUN|REQUEST"),
		RunE:  func(cmd *cobra.Command, args []string) error { return a.runRunsShow(cmd.Context(), s, args[0]) },
	}
	s.databaseFlags(cmd.Flags())
	s.outputFlags(cmd.Flags())
	return cmd
}

// attemptLine is one attempt of a run.
type attemptLine struct {
	Attempt int        `json:"attempt"`
	Token   int64      `json:"token"`
	Owner   string     `json:"owner"`
	Outcome string     `json:"outcome,omitempty"`
	TraceID string     `json:"trace_id,omitempty"`
	Error   string     `json:"error,omitempty"`
	Started time.Time  `json:"started_at"`
	Ended   *time.Time `json:"ended_at,omitempty"`
}

func newAttemptLine(t ledger.Attempt) attemptLine {
	line := attemptLine{
		Attempt: t.Number, Token: t.Token, Owner: t.Owner, Outcome: attemptOutcome(t), TraceID: t.TraceID, Error: t.Error,
		Started: t.StartedAt.UTC(),
	}
	if !t.EndedAt.IsZero() {
		ended := t.EndedAt.UTC()
		line.Ended = &ended
	}
	return line
}

// runShown is one run whole.
type runShown struct {
	runLine
	Reason      string         `json:"reason,omitempty"`
	RequestedBy string         `json:"requested_by,omitempty"`
	Attempts    []attemptLine  `json:"attempts"`
	Files       []fileLine     `json:"files"`
	Deliveries  []deliveryLine `json:"deliveries,omitempty"`
}

func (a *app) runRunsShow(ctx context.Context, s settings, id string) error {
	if err := a.checkFormat(formatTable, formatJSON); err != nil {
		return err
	}
	books, err := s.openLedger(ctx, "")
	if err != nil {
		return err
	}
	defer books.Close()
	if p, err := loadParent(ctx, s, books, id); !errors.Is(err, ledger.ErrNotFound) {
		if err != nil {
			return err
		}
		return a.printParent(p)
	}
	run, request, err := runOf(ctx, books, id)
	if err != nil {
		return err
	}
	if run.RunID == "" {
		return a.printRequest(newRequestShown(request))
	}
	shown, err := loadRun(ctx, s, books, run)
	if err != nil {
		return err
	}
	if a.format == formatJSON {
		return a.printJSON(shown)
	}
	a.printRunShown(shown)
	return nil
}

// loadRun reads a run, its attempts and the files of its version.
func loadRun(ctx context.Context, s settings, books *ledger.Store, run ledger.Run) (runShown, error) {
	attempts, err := books.Attempts(ctx, run.RunID)
	if err != nil {
		return runShown{}, wrapRead(err, "run", run.RunID)
	}
	shown := runShown{
		runLine: newRunLine(run), Reason: run.Reason, RequestedBy: run.RequestedBy, Attempts: []attemptLine{}, Files: []fileLine{},
	}
	for _, t := range attempts {
		shown.Attempts = append(shown.Attempts, newAttemptLine(t))
	}
	if err := loadDeliveries(ctx, books, &shown); err != nil {
		return shown, err
	}
	if run.Outcome != report.Published {
		return shown, nil
	}
	version, err := versionOf(ctx, books, run)
	if err != nil {
		return shown, err
	}
	var o outcome
	err = o.addFiles(version, s.Output)
	shown.Files = o.Files
	return shown, err
}

// versionOf finds the version that a run published.
func versionOf(ctx context.Context, books *ledger.Store, run ledger.Run) (ledger.Version, error) {
	versions, err := books.Versions(ctx, run.Key)
	if err != nil {
		return ledger.Version{}, unavailable("", "show run %q: %w", run.RunID, err)
	}
	for _, v := range versions {
		if v.Number == run.Version {
			return v, nil
		}
	}
	return ledger.Version{}, fmt.Errorf("show run %q: the ledger has no version %d of %s", run.RunID, run.Version, run.Key)
}

// attemptOutcome is how an attempt ended, in one word.
func attemptOutcome(t ledger.Attempt) string {
	switch {
	case t.Crashed:
		return "crashed"
	case t.Outcome == "" && !t.EndedAt.IsZero():
		return "released"
	}
	return string(t.Outcome)
}

func (a *app) printRunShown(r runShown) {
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	defer w.Flush()
	line := func(name, format string, args ...any) {
		if text := strings.TrimSpace(fmt.Sprintf(format, args...)); text != "" {
			fmt.Fprintf(w, "%s\t%s\n", name, text)
		}
	}
	line("run", "%s", r.RunID)
	line("report", "%s %s %s", r.Report, r.Period, r.Tenant)
	line("status", "%s", r.Status)
	line("stage", "%s", r.Stage)
	if r.Version > 0 {
		line("version", "%d", r.Version)
	}
	line("records", "%s extracted, %s rejected", count(r.Extracted), count(r.Rejected))
	line("asked by", "%s", r.RequestedBy)
	line("reason", "%s", r.Reason)
	line("approval", "%s", r.approvalLine.text())
	line("trace", "%s", r.TraceID)
	line("error", "%s", oneLine(r.Error))
	line("created", "%s", r.Created.Format(time.RFC3339))
	for _, t := range r.Attempts {
		ended := "in work"
		if t.Ended != nil {
			ended = t.Ended.Sub(t.Started).Round(time.Millisecond).String()
		}
		line(fmt.Sprintf("attempt %d", t.Attempt), "%s\t%s\t%s\t%s", t.Started.Format(time.RFC3339), ended, t.Outcome, oneLine(t.Error))
	}
	for _, f := range r.Files {
		line("file", "%s  %s", f.Path, sizeText(f.Bytes))
	}
	for _, d := range r.Deliveries {
		line("delivery", "%s", d.text())
	}
}
