package main

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"charm.land/lipgloss/v2"
	"github.com/spf13/cobra"

	"github.com/monthend/monthend/pipeline"
	"github.com/monthend/monthend/pipeline/desk"
	"github.com/monthend/monthend/pipeline/engine"
	"github.com/monthend/monthend/report"
)

func newReportsTestCommand(a *app, s settings) *cobra.Command {
	update := false
	cmd := &cobra.Command{
		Use:   "test [REPORT…]",
		Short: "Run definitions over rows that stand beside them, without a database",
		Long: "test runs each case of the definitions named, or of all of them. A case is a folder test/NAME beside report.yaml:\n\n" +
			"  transactions.csv           the rows of an extract; the header says name:type, such as amount:numeric(18,2),\n" +
			"                             an empty value is NULL, and \"\" is an empty text\n" +
			"  expect/summary.csv         what a dataset must be\n" +
			"  expect/transactions_rejected.csv  key and rules of the rows that must be rejected; without it none may be\n" +
			"  previous/summary.csv       what previous.summary is, typed; year_ago likewise\n" +
			"  case.yaml                  if wanted: period: 2026-03, tenant: …, fails: [rules of severity fail, gate],\n" +
			"                             broken: {rule: rows}, previous: {extract: rows of the month before}\n\n" +
			"Exit code 0: all as expected; 1: a difference or a mistake; 2: usage.",
		Example: "  monthend reports test\n" +
			"  monthend reports test sales --definitions ./definitions\n" +
			"  monthend reports test sales --definitions ./definitions --update",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.runReportsTest(cmd.Context(), s, args, update)
		},
	}
	fs := cmd.Flags()
	s.definitionFlags(fs)
	s.engineFlags(fs)
	fs.BoolVar(&update, "update", false, "write what comes out as what is expected")
	return cmd
}

// testedLine is one case as test found it.
type testedLine struct {
	Report      string           `json:"report"`
	Case        string           `json:"case"`
	Compared    int              `json:"files_compared"`
	Rejected    int64            `json:"rows_rejected"`
	Written     []string         `json:"files_written,omitempty"`
	Problems    []problemLine    `json:"problems"`
	Differences []differenceLine `json:"differences"`
}

// differenceLine is one thing that is not as expected; row counts from 1 below the header, 0 where no row is meant.
type differenceLine struct {
	File   string `json:"file"`
	Row    int    `json:"row,omitempty"`
	Column string `json:"column,omitempty"`
	Want   string `json:"want"`
	Got    string `json:"got"`
}

func (a *app) runReportsTest(ctx context.Context, s settings, names []string, update bool) error {
	if err := a.checkFormat(formatTable, formatJSON); err != nil {
		return err
	}
	definitions, done, err := s.openDefinitions()
	if err != nil {
		return err
	}
	defer done()
	if update && len(names) == 0 {
		return usage("monthend reports test REPORT --update", "--update wants the name of a report")
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
	limits := engine.Config{MemoryLimit: s.MemoryMB << 20, Spool: spool.Dir}

	lines := []testedLine{}
	var untested []string
	bad := 0
	for _, name := range names {
		if update && definitions.Layer(name) == 0 {
			return usage("", "report %q is built in, and its cases cannot be written; give --definitions", name)
		}
		cases, err := desk.Cases(definitions.Files(name))
		if err != nil {
			return err
		}
		if len(cases) == 0 {
			untested = append(untested, name)
		}
		for _, c := range cases {
			line, err := s.testOne(ctx, definitions, name, c, limits, update)
			if err != nil {
				return err
			}
			if len(line.Problems)+len(line.Differences) > 0 {
				bad++
			}
			lines = append(lines, line)
		}
	}
	if err := a.printTested(lines, untested); err != nil {
		return err
	}
	if bad > 0 {
		return withCode(exitFailed, "", fmt.Errorf("%d of %s not as expected", bad, things(len(lines), "case")))
	}
	return nil
}

func (s *settings) testOne(ctx context.Context, definitions *report.Catalog, name, c string, limits engine.Config, update bool) (testedLine, error) {
	line := testedLine{Report: name, Case: c, Problems: []problemLine{}, Differences: []differenceLine{}}
	reading, err := definitions.Reading(name)
	if err != nil {
		return line, err
	}
	result, err := desk.Test(ctx, reading, definitions.Files(name), c, limits)
	if err != nil {
		return line, err
	}
	line.Compared, line.Rejected = result.Compared, result.Rejected
	if update {
		if line.Written, err = s.writeExpected(name, c, result.Files); err != nil {
			return line, err
		}
		if len(line.Written) > 0 { // what was wrong about the files may be mended now
			if result, err = desk.Test(ctx, reading, definitions.Files(name), c, limits); err != nil {
				return line, err
			}
			line.Compared = result.Compared
		}
	}
	line.Problems = s.problemLines(result.Problems, definitions.Layer(name) == 0)
	for _, d := range result.Differences {
		line.Differences = append(line.Differences, differenceLine(d))
	}
	return line, nil
}

// writeExpected writes the files that differ from what came out, below the folder of the definitions and nowhere else.
func (s *settings) writeExpected(name, c string, files map[string][]byte) (written []string, err error) {
	root, err := os.OpenRoot(s.Definitions)
	if err != nil {
		return nil, usage("", "MONTHEND_DEFINITIONS %q is not a folder", s.Definitions)
	}
	defer root.Close()
	for _, file := range slices.Sorted(maps.Keys(files)) {
		at := path.Join(name, desk.TestFolder, c, file)
		if old, err := root.ReadFile(at); err == nil && bytes.Equal(old, files[file]) {
			continue
		}
		if err := root.MkdirAll(path.Dir(at), 0o755); err != nil {
			return nil, fmt.Errorf("write %s: %w", at, err)
		}
		if err := root.WriteFile(at, files[file], 0o644); err != nil {
			return nil, fmt.Errorf("write %s: %w", at, err)
		}
		written = append(written, filepath.Join(s.Definitions, filepath.FromSlash(at)))
	}
	return written, nil
}

// printTested prints a line a case and, below it, what is not as expected.
func (a *app) printTested(lines []testedLine, untested []string) error {
	if a.format == formatJSON {
		return a.printJSON(lines)
	}
	bold, red, green, faint := lipgloss.NewStyle().Bold(true), lipgloss.NewStyle().Foreground(lipgloss.Red),
		lipgloss.NewStyle().Foreground(lipgloss.Green), lipgloss.NewStyle().Faint(true)
	var b strings.Builder
	for _, l := range lines {
		verdict := green.Render("as expected")
		if n := len(l.Differences); n > 0 {
			verdict = red.Render(things(n, "difference"))
		}
		if n := len(l.Problems); n > 0 {
			verdict = red.Render(things(n, "mistake"))
		}
		fmt.Fprintf(&b, "%s/%s  %s  %s compared, %s rejected\n", bold.Render(l.Report), bold.Render(l.Case), verdict,
			things(l.Compared, "file"), things(int(l.Rejected), "row"))
		for _, p := range l.Problems {
			fmt.Fprintf(&b, "%s %s\n%s", bold.Render(p.place()+":"), p.Message, p.excerpt(red))
		}
		w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
		for _, d := range l.Differences {
			fmt.Fprintf(w, "  %s\t%s\twant %s\tgot %s\n", d.File, d.where(), d.Want, d.Got)
		}
		w.Flush()
		for _, file := range l.Written {
			fmt.Fprintf(&b, "  wrote %s\n", file)
		}
	}
	for _, name := range untested {
		fmt.Fprintf(&b, "%s  %s\n", bold.Render(name), faint.Render("no cases; one is a folder "+name+"/"+desk.TestFolder+"/NAME"))
	}
	_, err := lipgloss.Fprint(a.stdout, b.String())
	return err
}

// where is the row and the column of a difference.
func (d differenceLine) where() string {
	switch {
	case d.Row == 0:
		return d.Column
	case d.Column == "":
		return fmt.Sprintf("row %d", d.Row)
	}
	return fmt.Sprintf("row %d, %s", d.Row, d.Column)
}
