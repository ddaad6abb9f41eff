package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"charm.land/lipgloss/v2"

	"github.com/monthend/monthend/pipeline"
	"github.com/monthend/monthend/report"
)

// explained is what run --explain prints: the stages with their queries, plans and numbers of rows. There is no row in it.
type explained struct {
	Report     string        `json:"report"`
	Period     string        `json:"period"`
	Tenant     string        `json:"tenant,omitempty"`
	Extraction []explainLine `json:"data_extraction"`
	Validation []explainLine `json:"data_validation"`
	Generation []explainLine `json:"report_generation"`
}

// explainLine is one query. Rows is of an extract or a dataset, Broken of a rule.
type explainLine struct {
	Name     string   `json:"name"`
	File     string   `json:"file,omitempty"`
	On       string   `json:"on,omitempty"`
	Severity string   `json:"severity,omitempty"`
	Rows     *int64   `json:"rows,omitempty"`
	Broken   *int64   `json:"broken,omitempty"`
	SQL      string   `json:"sql,omitempty"`
	Plan     []string `json:"plan,omitempty"`
}

// runExplain runs a month up to its datasets and prints what each stage did; nothing is drawn or published.
func (a *app) runExplain(ctx context.Context, s settings, job report.Job, logger *slog.Logger, bars *bars) error {
	rooms, err := s.openReading(ctx, logger)
	if err != nil {
		return err
	}
	defer rooms.close(ctx, a.abort)
	told, result := pipeline.Explain(ctx, s.pipelineConfig(rooms, logger, bars.progress), pipeline.Asking{Job: job, Trace: s.Trace.Header, Sample: s.Trace.forced()})
	bars.end()
	if result.Err != nil && len(told.Extracts) == 0 {
		return withCode(exitFailed, "", result.Err) // there is nothing to show
	}
	shown := explained{Report: job.Report, Period: job.Period, Tenant: job.Tenant,
		Extraction: []explainLine{}, Validation: []explainLine{}, Generation: []explainLine{}}
	for _, e := range told.Extracts {
		shown.Extraction = append(shown.Extraction, explainLine{Name: e.Name, File: e.Path, Rows: &e.Rows, SQL: e.SQL, Plan: e.Plan})
	}
	for _, r := range told.Rules {
		shown.Validation = append(shown.Validation, explainLine{
			Name: r.Rule, On: r.On, Severity: string(r.Severity), Broken: &r.Broken, SQL: r.SQL, Plan: r.Steps})
	}
	for _, d := range told.Datasets {
		rows := int64(d.Rows)
		shown.Generation = append(shown.Generation, explainLine{Name: d.Name, File: d.Path, Rows: &rows, SQL: d.SQL, Plan: d.Steps})
	}
	if err := a.printExplained(shown); err != nil {
		return err
	}
	switch {
	case result.Outcome == report.DataFailed:
		return withCode(exitData, "", fmt.Errorf("explained: %w", result.Err))
	case result.Err != nil:
		return withCode(exitFailed, "monthend reports check "+job.Report, result.Err)
	}
	return nil
}

func (a *app) printExplained(e explained) error {
	if a.format == formatJSON {
		return a.printJSON(e)
	}
	bold, faint := lipgloss.NewStyle().Bold(true), lipgloss.NewStyle().Faint(true)
	var b strings.Builder
	fmt.Fprintf(&b, "%s  explained; nothing is published\n", bold.Render(strings.TrimSpace(e.Report+" "+e.Period+" "+e.Tenant)))
	for _, stage := range []struct {
		name  pipeline.Stage
		lines []explainLine
	}{{pipeline.StageExtract, e.Extraction}, {pipeline.StageValidate, e.Validation}, {pipeline.StageGenerate, e.Generation}} {
		if len(stage.lines) == 0 {
			continue // it was not reached, or has nothing to do
		}
		fmt.Fprintf(&b, "\n%s\n", bold.Render(string(stage.name)))
		for _, l := range stage.lines {
			fmt.Fprintf(&b, "  %s\n", l.head(bold))
			for _, line := range strings.Split(strings.TrimSpace(l.SQL), "\n") {
				if l.SQL != "" {
					fmt.Fprintf(&b, "      %s\n", strings.TrimRight(line, " \t\r"))
				}
			}
			for _, line := range l.Plan {
				fmt.Fprintf(&b, "    %s %s\n", faint.Render("┊"), faint.Render(line))
			}
		}
	}
	_, err := lipgloss.Fprint(a.stdout, b.String())
	return err
}

// head is a query's name and what came of it.
func (l explainLine) head(bold lipgloss.Style) string {
	parts := []string{bold.Render(l.Name)}
	if l.On != "" {
		parts = append(parts, "on "+l.On)
	}
	if l.Severity != "" {
		parts = append(parts, l.Severity)
	}
	if l.File != "" {
		parts = append(parts, l.File)
	}
	if l.Rows != nil {
		parts = append(parts, things(int(*l.Rows), "row"))
	}
	if l.Broken != nil {
		found := "kept"
		if *l.Broken > 0 {
			found = "broken by " + count(*l.Broken)
		}
		parts = append(parts, found)
	}
	return strings.Join(parts, "  ")
}
