package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"charm.land/lipgloss/v2"
	"github.com/spf13/cobra"

	"github.com/monthend/monthend/trace/read"
	"github.com/monthend/monthend/trace/read/filter"
)

func newTraceListCommand(a *app) *cobra.Command {
	var q read.Query
	var back since
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List traces, the newest first",
		Long: "list finds traces by X-Ray's filter expressions, such as\n" +
			"annotation.report = \"monthly-financials\" AND fault. There are error, fault,\n" +
			"throttle, ok and partial; duration and responsetime in seconds;\n" +
			"annotation.KEY for report, period, tenant, outcome, attempt, run_id, slow\n" +
			"and queue_wait_ms; service(\"NAME\") { … } and edge(\"FROM\", \"TO\") { … };\n" +
			"AND, OR, ! and parentheses.",
		Example: `monthend trace list --filter 'annotation.period = "2026-03" AND fault'` + "\n" +
			`monthend trace list --since 7d --filter 'duration > 60'` + "\n" +
			`monthend trace list --filter 'service("reports") { fault }'`,
		Args: wants(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			q.From, q.To = back.until(time.Now())
			return a.runTraceList(cmd.Context(), q)
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&q.Filter, "filter", "", "X-Ray filter expression; all traces without it")
	fs.IntVar(&q.Limit, "limit", 50, "how many at the most")
	sinceFlag(fs, &back, 24*time.Hour)
	return cmd
}

// traceLine is one trace as lists show it; what several segments say differently stands side by side.
type traceLine struct {
	read.Summary
	Report  string `json:"report,omitempty"`
	Period  string `json:"period,omitempty"`
	Tenant  string `json:"tenant,omitempty"`
	Outcome string `json:"outcome,omitempty"`
	Status  string `json:"status"`
}

func newTraceLine(s read.Summary) traceLine {
	said := func(key string) string { return strings.Join(slices.Compact(s.Text(key)), " ") }
	return traceLine{Summary: s, Report: said("report"), Period: said("period"), Tenant: said("tenant"), Outcome: said("outcome"), Status: s.Status()}
}

// flags are what is to be said about how it went, beside the outcome.
func (l traceLine) flags() string {
	var flags []string
	for _, f := range []struct {
		set  bool
		name string
	}{{l.Fault, "fault"}, {l.Error, "error"}, {l.Throttle, "throttle"}, {l.Partial, "partial"}} {
		if f.set {
			flags = append(flags, f.name)
		}
	}
	return strings.Join(flags, " ")
}

func (a *app) runTraceList(ctx context.Context, q read.Query) error {
	if err := a.checkFormat(formatTable, formatJSON, formatCSV); err != nil {
		return err
	}
	if q.Limit < 1 {
		return usage("", "--limit %d is below 1", q.Limit)
	}
	client, err := openTraces(ctx)
	if err != nil {
		return err
	}
	found, err := client.Summaries(ctx, q)
	if err != nil {
		return a.filterFailure(q.Filter, err)
	}
	lines := make([]traceLine, len(found))
	g := grid{head: []string{"trace", "began", "took", "report", "period", "tenant", "outcome", "status"}, right: map[int]bool{2: true}}
	for i, s := range found {
		l := newTraceLine(s)
		lines[i] = l
		g.rows = append(g.rows, []string{
			l.TraceID, l.Start.Format(time.RFC3339), l.Duration().Round(time.Millisecond).String(), l.Report, l.Period, l.Tenant, l.Outcome, l.flags(),
		})
	}
	if a.format != formatTable {
		return a.printGrid(g, lines)
	}
	if len(lines) == 0 {
		fmt.Fprintf(a.stderr, "monthend: no such traces began since %s\n", q.From.UTC().Format(time.RFC3339))
		return nil
	}
	g = g.without(5, func(cell string) bool { return cell == "" }) // nobody has tenants
	if width, ok := terminal(a.stdout); ok && width < g.width() {
		return a.printTraceCards(lines)
	}
	return a.printGrid(g, lines)
}

// without leaves a column out that says nothing in any row.
func (g grid) without(column int, nothing func(string) bool) grid {
	if slices.ContainsFunc(g.rows, func(row []string) bool { return !nothing(row[column]) }) {
		return g
	}
	g.head = slices.Delete(slices.Clone(g.head), column, column+1)
	for i, row := range g.rows {
		g.rows[i] = slices.Delete(row, column, column+1)
	}
	return g
}

// width is how many cells a table takes.
func (g grid) width() int {
	total := 0
	for i, head := range g.head {
		cells := len(head)
		for _, row := range g.rows {
			cells = max(cells, lipgloss.Width(row[i]))
		}
		total += cells + 2
	}
	return total - 2
}

// printTraceCards prints a list for a narrow terminal, two lines a trace.
func (a *app) printTraceCards(lines []traceLine) error {
	faint := lipgloss.NewStyle().Faint(true)
	var b strings.Builder
	for _, l := range lines {
		fmt.Fprintf(&b, "%s  %s  %s\n", l.TraceID, faint.Render(l.Start.Format(time.RFC3339)), l.Duration().Round(time.Millisecond))
		var words []string
		for _, word := range []string{l.Report, l.Period, l.Tenant, statusStyles[l.Outcome].Render(l.Outcome), l.flags()} {
			if word != "" {
				words = append(words, word)
			}
		}
		if len(words) > 0 {
			fmt.Fprintf(&b, "  %s\n", strings.Join(words, " "))
		}
	}
	_, err := lipgloss.Fprint(a.stdout, b.String())
	return err
}

// filterFailure shows where an expression is wrong, as far as we understand the language as well as X-Ray does.
func (a *app) filterFailure(expression string, err error) error {
	var refused *read.RefusedError
	var wrong *filter.Error
	if !errors.As(err, &refused) || expression == "" {
		return traceFailure(err)
	}
	if _, mistake := filter.Parse(expression); !errors.As(mistake, &wrong) {
		return usage("monthend trace list --help", "%w", err)
	}
	if a.format == formatTable {
		text := []rune(strings.Map(blank, expression))
		fmt.Fprintf(a.stderr, "  %s\n  %*s%s\n", string(text), lipgloss.Width(string(text[:wrong.At])), "", strings.Repeat("^", wrong.Length))
	}
	return usage("monthend trace list --help", "%w", wrong)
}

// blank makes a line of what may have been several, and keeps the place of every character.
func blank(r rune) rune {
	if r < ' ' || r == 0x7f {
		return ' '
	}
	return r
}
