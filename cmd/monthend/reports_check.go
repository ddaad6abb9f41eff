package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/spf13/cobra"

	"github.com/monthend/monthend/pipeline"
	"github.com/monthend/monthend/pipeline/desk"
	"github.com/monthend/monthend/pipeline/engine"
	"github.com/monthend/monthend/pipeline/source"
	"github.com/monthend/monthend/report"
)

func newReportsCheckCommand(a *app, s settings) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check [REPORT…]",
		Short: "Find every mistake in definitions, without reading data",
		Long: "check reads the definitions named, or all of them, and shows every mistake at its file, line and column. Where a\n" +
			"source is set, each extract query is prepared there, and the rules, datasets and blocks are bound with the\n" +
			"columns that it would bring; no row is read. Without one the SQL is only parsed.\n\n" +
			"Exit code 0: all well; 1: mistakes were found; 2: usage; 4: the source cannot be reached.",
		Example: "  monthend reports check\n" +
			"  monthend reports check sales --definitions ./definitions\n" +
			"  monthend reports check sales --source-url postgres://reader@db.example/books -o json",
		RunE: func(cmd *cobra.Command, args []string) error { return a.runReportsCheck(cmd.Context(), s, args) },
	}
	fs := cmd.Flags()
	s.definitionFlags(fs)
	s.databaseFlags(fs)
	s.sourceFlags(fs)
	s.engineFlags(fs)
	return cmd
}

// checkedLine is one definition as check found it.
type checkedLine struct {
	Name     string        `json:"name"`
	BuiltIn  bool          `json:"built_in"`
	Problems []problemLine `json:"problems"`

	reading *report.Reading
}

// problemLine is one mistake; line and column count from 1, and are 0 where the file as a whole is meant.
type problemLine struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Col     int    `json:"column"`
	Message string `json:"message"`
	Source  string `json:"source,omitempty"` // the line it stands in
}

// checked is the answer of check.
type checked struct {
	Source      string        `json:"source"` // checked, left out, or unreachable
	Definitions []checkedLine `json:"definitions"`
}

func (a *app) runReportsCheck(ctx context.Context, s settings, names []string) error {
	if err := a.checkFormat(formatTable, formatJSON); err != nil {
		return err
	}
	definitions, err := s.openCatalog()
	if err != nil {
		return err
	}
	if names, err = namesOf(definitions, names); err != nil {
		return err
	}
	if err := s.makeSpool(); err != nil {
		return err
	}
	spool, err := pipeline.OpenSpool(ctx, s.Spool)
	if err != nil {
		return unavailable("export MONTHEND_SPOOL=/some/folder", "%w", err)
	}
	defer spool.Close()

	// What can be checked without the source is checked, even where there should be one and is not.
	answer := checked{Source: "left out"}
	var src *source.Postgres
	var unreachable error
	if s.SourceURL != "" || s.DatabaseURL != "" {
		if err := s.needSource(); err != nil {
			return err
		}
		answer.Source = "checked"
		if src, unreachable = source.OpenPostgres(ctx, s.SourceURL, nil); unreachable != nil {
			answer.Source = "unreachable"
		} else {
			defer src.Close()
		}
	}
	limits := engine.Config{MemoryLimit: s.MemoryMB << 20, Spool: spool.Dir}
	found := 0
	for _, name := range names {
		line, err := s.checkOne(ctx, definitions, name, src, limits)
		if err != nil {
			return unavailable("", "%w", err)
		}
		found += len(line.Problems)
		answer.Definitions = append(answer.Definitions, line)
	}
	if err := a.printChecked(answer); err != nil {
		return err
	}
	switch {
	case unreachable != nil:
		return unavailable("", "open the source: %w", unreachable)
	case found > 0:
		return withCode(exitFailed, "", fmt.Errorf("%s found", things(found, "mistake")))
	}
	return nil
}

// namesOf are the definitions that are asked for: all of them when none is named.
func namesOf(definitions *report.Catalog, names []string) ([]string, error) {
	if len(names) == 0 {
		return definitions.Names(), nil
	}
	for _, name := range names {
		if _, err := definitions.Reading(name); err != nil {
			return nil, usage("monthend reports list", "%w", err)
		}
	}
	return names, nil
}

func (s *settings) checkOne(ctx context.Context, definitions *report.Catalog, name string, src *source.Postgres, limits engine.Config) (checkedLine, error) {
	reading, err := definitions.Reading(name)
	if err != nil {
		return checkedLine{}, err
	}
	problems, err := desk.Check(ctx, reading, src, limits)
	if err != nil {
		return checkedLine{}, err
	}
	line := checkedLine{Name: name, BuiltIn: definitions.Layer(name) == 0, reading: reading}
	line.Problems = s.problemLines(problems, line.BuiltIn)
	return line, nil
}

// problemLines names the files of problems as they are reached from here; what is built in has no path.
func (s *settings) problemLines(problems []report.Problem, builtIn bool) []problemLine {
	lines := make([]problemLine, len(problems))
	for i, p := range problems {
		lines[i] = problemLine{p.File, p.Line, p.Col, p.Message, p.Source}
		if !builtIn {
			lines[i].File = filepath.Join(s.Definitions, filepath.FromSlash(p.File))
		}
	}
	return lines
}

// printChecked prints each mistake as compilers do, with the line it stands in and a mark below it, and a line on each definition.
func (a *app) printChecked(c checked) error {
	if a.format == formatJSON {
		return a.printJSON(c)
	}
	bold, red, green := lipgloss.NewStyle().Bold(true), lipgloss.NewStyle().Foreground(lipgloss.Red), lipgloss.NewStyle().Foreground(lipgloss.Green)
	var b strings.Builder
	for _, d := range c.Definitions {
		for _, p := range d.Problems {
			fmt.Fprintf(&b, "%s %s\n%s\n", bold.Render(p.place()+":"), p.Message, p.excerpt(red))
		}
		name := d.Name
		if d.BuiltIn {
			name += " (built in)"
		}
		if len(d.Problems) > 0 {
			fmt.Fprintf(&b, "%s  %s\n\n", bold.Render(name), red.Render(things(len(d.Problems), "mistake")))
			continue
		}
		def := d.reading.Definition
		how := ""
		if c.Source != "checked" {
			how = "; only parsed"
		}
		fmt.Fprintf(&b, "%s  %s  %s, %s, %s%s\n", bold.Render(name), green.Render("well"),
			things(len(def.Extract), "extract"), things(len(def.Rules), "rule"), things(len(def.Datasets), "dataset"), how)
	}
	if _, err := lipgloss.Fprint(a.stdout, b.String()); err != nil {
		return err
	}
	if c.Source == "left out" {
		fmt.Fprintf(a.stderr, "no source is set, so tables and columns were not looked up; set MONTHEND_SOURCE_URL or give --source-url\n")
	}
	return nil
}

// place is "file:line:col".
func (p problemLine) place() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}
