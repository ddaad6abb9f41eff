package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"charm.land/lipgloss/v2"
	"github.com/shopspring/decimal"
	"github.com/spf13/cobra"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/trace/read"
)

// costOptions are what the flags say; 0 and "" are measured.
type costOptions struct {
	runs, documents, reads int64
	rate                   string
	back                   since
}

func newTraceCostCommand(a *app, s settings) *cobra.Command {
	var o costOptions
	cmd := &cobra.Command{
		Use:   "cost",
		Short: "Estimate what AWS X-Ray costs a month, by sampling rate",
		Long: "cost multiplies the runs of a month, from the ledger, with the documents of\n" +
			"a trace, from the traces that were recorded, at AWS's public prices, and\n" +
			"says what it takes for granted. It asks for nothing that a flag gives.",
		Example: "monthend trace cost\nmonthend trace cost --runs 200000 --sample-rate 5% --documents 20",
		Args:    wants(),
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.runTraceCost(cmd.Context(), s, o) },
	}
	fs := cmd.Flags()
	fs.Int64Var(&o.runs, "runs", 0, "runs a month; those of the last 30 days in the ledger without it")
	fs.Int64Var(&o.documents, "documents", 0, "documents a trace; measured in recorded traces without it")
	fs.Int64Var(&o.reads, "reads", 10, "how often each trace is listed, searched through or opened")
	fs.StringVar(&o.rate, "sample-rate", "", "sampling rate to look at, such as 5% or 0.05; several are shown without it")
	sinceFlag(fs, &o.back, 24*time.Hour)
	s.databaseFlags(fs)
	return cmd
}

// costShown is an estimate whole.
type costShown struct {
	costBasis
	Sources     map[string]string `json:"sources"`
	Rates       []costLine        `json:"rates"`
	Assumptions []string          `json:"assumptions"`
}

func (a *app) runTraceCost(ctx context.Context, s settings, o costOptions) error {
	if err := a.checkFormat(formatTable, formatJSON, formatCSV); err != nil {
		return err
	}
	rates, err := o.rates()
	if err != nil {
		return err
	}
	shown := costShown{costBasis: costBasis{Runs: o.runs, Documents: o.documents, Reads: o.reads}, Sources: map[string]string{
		"runs": "--runs", "documents": "--documents", "reads": "--reads",
	}}
	now := time.Now()
	if o.runs == 0 {
		if err := s.countRuns(ctx, now, &shown); err != nil {
			return err
		}
	}
	if o.documents == 0 {
		if err := measureTraces(ctx, now, o.back, &shown); err != nil {
			return err
		}
	}
	for _, rate := range rates {
		shown.Rates = append(shown.Rates, shown.at(rate))
	}
	shown.assume()
	return a.printCost(shown)
}

// rates are the one that was asked for, or those that people choose from.
func (o costOptions) rates() ([]decimal.Decimal, error) {
	if o.runs < 0 || o.documents < 0 || o.reads < 0 || max(o.runs, o.documents, o.reads) > 1_000_000_000 {
		return nil, usage("monthend trace cost --help", "--runs, --documents and --reads are between 0 and 1,000,000,000")
	}
	texts := []string{"1", "0.5", "0.1", "0.05", "0.01"}
	if o.rate != "" {
		texts = []string{o.rate}
	}
	var rates []decimal.Decimal
	for _, text := range texts {
		number, percent := strings.CutSuffix(text, "%")
		rate, err := decimal.NewFromString(strings.TrimSpace(number))
		if percent {
			rate = rate.Shift(-2)
		}
		if err != nil || len(text) > 20 || rate.IsNegative() || rate.GreaterThan(decimal.NewFromInt(1)) {
			return nil, usage("monthend trace cost --sample-rate 5%", "--sample-rate %.20q is not between 0 and 1, nor between 0%% and 100%%", text)
		}
		rates = append(rates, rate)
	}
	return rates, nil
}

// countRuns counts the runs of the last 30 days in the ledger, and the share of them that is kept at any rate.
func (s *settings) countRuns(ctx context.Context, now time.Time, shown *costShown) error {
	books, err := s.openLedger(ctx, "")
	if err != nil {
		return err
	}
	defer books.Close()
	const most = 100_000
	runs, err := books.Runs(ctx, ledger.Filter{Limit: most})
	if err != nil {
		return unavailable("", "count the runs: %w", err)
	}
	kept := int64(0)
	for _, r := range runs {
		if now.Sub(r.CreatedAt) > 30*24*time.Hour {
			continue
		}
		shown.Runs++
		if r.Attempt > 1 || r.Outcome == report.Failed || r.Outcome == report.DataFailed {
			kept++
		}
	}
	shown.Sources["runs"] = "runs of the last 30 days in the ledger"
	if len(runs) == most {
		shown.Sources["runs"] = fmt.Sprintf("the last %s runs in the ledger; there are more", count(most))
	}
	if shown.Runs > 0 {
		shown.Kept = decimal.NewFromInt(kept).Div(decimal.NewFromInt(shown.Runs)).Round(4)
	}
	return nil
}

// measureTraces takes the median of the newest traces that are whole.
func measureTraces(ctx context.Context, now time.Time, back since, shown *costShown) error {
	const sample = 25
	client, err := openTraces(ctx)
	if err != nil {
		return err
	}
	q := read.Query{Filter: "!partial", Limit: sample}
	q.From, q.To = back.until(now)
	found, err := client.Summaries(ctx, q)
	if err != nil {
		return traceFailure(err)
	}
	var documents, bytes []int
	for _, s := range found {
		t, err := readTrace(ctx, client, s.TraceID)
		if err != nil {
			return err
		}
		d, b := t.Size()
		documents, bytes = append(documents, d), append(bytes, b)
	}
	if len(documents) == 0 {
		return withCode(exitFailed, "monthend trace cost --documents 20", fmt.Errorf("no whole trace began in the last %s to measure", back.String()))
	}
	slices.Sort(documents)
	slices.Sort(bytes)
	shown.Documents, shown.Bytes = int64(documents[len(documents)/2]), int64(bytes[len(bytes)/2])
	shown.Sources["documents"] = fmt.Sprintf("median of %s, %s each", things(len(documents), "recorded trace"), sizeText(shown.Bytes))
	return nil
}

// assume says what the figures rest on.
func (c *costShown) assume() {
	c.Assumptions = []string{
		"public prices: 5.00 a million traces recorded, 0.50 a million read or scanned",
		"free a month, once an account: 100,000 recorded, 1,000,000 read",
		"full price is without what is free: where others of the account use it up",
		"a run is one trace, whatever its documents: those only say what is sent",
	}
	if c.Kept.IsPositive() {
		c.Assumptions = append(c.Assumptions, percent(c.Kept.String())+" of the runs failed or were tried again: they are kept at any rate")
	}
	if c.Bytes > guaranteedBytes {
		c.Assumptions = append(c.Assumptions, fmt.Sprintf("X-Ray guarantees %s a trace: of larger ones it may drop documents", sizeText(guaranteedBytes)))
	}
	c.Assumptions = append(c.Assumptions, "left out: spans in CloudWatch (Transaction Search), Insights, dearer regions")
}

func (a *app) printCost(c costShown) error {
	g := grid{
		head:  []string{"rate", "traces", "documents", "sent", "recorded", "read", "total", "full price"},
		right: map[int]bool{0: true, 1: true, 2: true, 3: true, 4: true, 5: true, 6: true, 7: true},
	}
	for _, r := range c.Rates {
		sent := ""
		if c.Bytes > 0 {
			sent = sizeText(r.Bytes)
		}
		g.rows = append(g.rows, []string{
			percent(r.Rate.String()), count(r.Traces), count(r.Documents), sent,
			dollars(r.Recorded), dollars(r.Read), dollars(r.Total), dollars(r.WithoutFee),
		})
	}
	if a.format != formatTable {
		return a.printGrid(g, c)
	}
	bold, faint := lipgloss.NewStyle().Bold(true), lipgloss.NewStyle().Faint(true)
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "%s\n", bold.Render("What X-Ray costs a month, in USD"))
	fmt.Fprintf(w, "  runs a month\t%s\t%s\n", count(c.Runs), faint.Render(c.Sources["runs"]))
	fmt.Fprintf(w, "  documents a trace\t%s\t%s\n", count(c.Documents), faint.Render(c.Sources["documents"]))
	fmt.Fprintf(w, "  reads of a trace\t%s\t%s\n", count(c.Reads), faint.Render(c.Sources["reads"]))
	w.Flush()
	if _, err := lipgloss.Fprintln(a.stdout, b.String()); err != nil {
		return err
	}
	if err := a.printGrid(g, c); err != nil {
		return err
	}
	b.Reset()
	for _, line := range c.Assumptions {
		fmt.Fprintf(&b, "\n%s", faint.Render("- "+line))
	}
	_, err := lipgloss.Fprintln(a.stdout, b.String())
	return err
}

// dollars are an amount with its cents; what is less than one is not nothing.
func dollars(d decimal.Decimal) string {
	if d.IsPositive() && d.LessThan(decimal.RequireFromString("0.005")) {
		return "<0.01"
	}
	return d.StringFixed(2)
}
