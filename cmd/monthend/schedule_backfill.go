package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/schedule"
)

// backfillOptions are the flags of schedule backfill.
type backfillOptions struct {
	from, to string
	tenant   string
	as       string
	dryRun   bool
}

// mostBackfill is how many months are looked at, at the most.
const mostBackfill = 600

func newScheduleBackfillCommand(a *app, s settings) *cobra.Command {
	var o backfillOptions
	cmd := &cobra.Command{
		Use:   "backfill REPORT --from YYYY-MM --to YYYY-MM",
		Short: "Ask for every period of a time that is not there yet",
		Long: "backfill asks for each period of a report that has no version, is not running and has not been asked for, the\n" +
			"oldest first. Of a report with schedules it asks for their periods, else for every month. To repeat it is safe.\n" +
			"What it asks for stands in the ledger, from where a worker, a schedule or a server that runs brings it to the queue.",
		Example: "  monthend schedule backfill monthly-financials --from 2025-01 --to 2025-12 --dry-run",
		Args:    wants("REPORT"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.runScheduleBackfill(cmd.Context(), s, o, args[0])
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&o.from, "from", "", "the first period, YYYY-MM")
	fs.StringVar(&o.to, "to", "", "the last period, YYYY-MM")
	fs.StringVar(&o.tenant, "tenant", "", "tenant, where the report has tenants; all of them when empty")
	fs.StringVar(&o.as, "as", "", "who asks, for the record; the account by default")
	fs.BoolVar(&o.dryRun, "dry-run", false, "show what would be asked for, and ask for nothing")
	s.databaseFlags(fs)
	s.definitionFlags(fs)
	s.traceFlags(fs)
	return cmd
}

// bounds reads the two periods.
func (o backfillOptions) bounds() (from, to report.Period, err error) {
	for _, bound := range []struct {
		flag, text string
		into       *report.Period
	}{{"--from", o.from, &from}, {"--to", o.to, &to}} {
		if bound.text == "" {
			return from, to, usage("", "%s is missing", bound.flag)
		}
		if *bound.into, err = report.ParsePeriod(bound.text); err != nil {
			return from, to, usage("", "%s: %w", bound.flag, err)
		}
	}
	switch {
	case to.Before(from):
		return from, to, usage("", "--to %s is before --from %s", to, from)
	case from.Add(mostBackfill - 1).Before(to):
		return from, to, usage("", "from %s to %s are more than %d months", from, to, mostBackfill)
	case o.tenant != "" && !report.ValidTenant(o.tenant):
		return from, to, usage("", "%q is not the name of a tenant", o.tenant)
	}
	return from, to, nil
}

// backfillLine is one period as it is shown.
type backfillLine struct {
	Period    string `json:"period"`
	Status    string `json:"status"`
	RequestID string `json:"request_id,omitempty"`
	TraceID   string `json:"trace_id,omitempty"`
}

// backfillWords say what became of a period.
var backfillWords = map[ledger.Answered]string{
	ledger.AnsweredPublished: "already published",
	ledger.AnsweredRunning:   "already running",
	ledger.AnsweredAsked:     "already asked for",
	ledger.AnsweredUnended:   "not over yet",
	ledger.AnsweredMissing:   "would be asked for",
	ledger.AnsweredPosted:    "asked for",
}

func (a *app) runScheduleBackfill(ctx context.Context, s settings, o backfillOptions, name string) error {
	if err := a.checkFormat(formatTable, formatJSON, formatCSV); err != nil {
		return err
	}
	from, to, err := o.bounds()
	if err != nil {
		return err
	}
	if err := s.checkTrace(); err != nil {
		return err
	}
	logger, err := a.logger(s.LogLevel)
	if err != nil {
		return err
	}
	definitions, err := s.openCatalog()
	if err != nil {
		return err
	}
	def, err := definitions.Get(name)
	if err != nil {
		return definitionFailure(err)
	}
	tracer, err := s.openTracer(schedule.Segment, logger)
	if err != nil {
		return err
	}
	defer flush(ctx, tracer)
	books, err := s.openLedger(ctx, "")
	if err != nil {
		return err
	}
	defer books.Close()
	if o.as == "" {
		o.as = whoAsks()
	}
	filled, err := schedule.Backfill{
		Ledger: books, Definition: def, Tenant: o.tenant, From: from, To: to, RequestedBy: o.as, DryRun: o.dryRun,
		Tracer: tracer, ForceSample: s.Trace.forced(), NewID: newRequestID,
	}.Run(ctx)
	g := grid{head: []string{"period", "status", "request", "trace"}}
	lines := make([]backfillLine, len(filled))
	for i, f := range filled {
		l := backfillLine{Period: f.Period.String(), Status: backfillWords[f.Answered], RequestID: f.RequestID, TraceID: f.TraceID}
		lines[i] = l
		g.rows = append(g.rows, []string{l.Period, l.Status, l.RequestID, l.TraceID})
	}
	if err != nil {
		_ = a.printGrid(g, lines) // what was asked for before it, as far as it can be shown
		return unavailable("", "%w", err)
	}
	if len(filled) == 0 {
		a.announce(fmt.Sprintf("%q has no period from %s to %s", name, from, to))
	}
	return a.printGrid(g, lines)
}
