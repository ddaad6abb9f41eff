package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/spf13/cobra"

	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/report/scaffold"
)

// ownDefinitions is the folder for definitions where none is set.
const ownDefinitions = "definitions"

func newReportsNewCommand(a *app, s settings) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "new REPORT",
		Short: "Begin a definition that runs as it is",
		Long: "new makes a folder with a small definition: report.yaml, its SQL files and a test case, with comments that say what\n" +
			"each part is for. It runs as it is over the books of the demo. The folder must not be there yet.\n\n" +
			"The folder of the definitions is ./" + ownDefinitions + " unless one is set. The schema of report.yaml is written beside the\n" +
			"definitions, where editors find it by the first line of report.yaml.",
		Example: "  monthend reports new sales\n" +
			"  monthend reports new sales --definitions ./reports",
		Args: wants("REPORT"),
		RunE: func(_ *cobra.Command, args []string) error { return a.runReportsNew(s, args[0]) },
	}
	s.definitionFlags(cmd.Flags())
	return cmd
}

// begun is what new has made.
type begun struct {
	Report string   `json:"report"`
	Files  []string `json:"files"`
	Next   []string `json:"next"` // commands to type
}

func (a *app) runReportsNew(s settings, name string) error {
	if err := a.checkFormat(formatTable, formatJSON); err != nil {
		return err
	}
	if !report.ValidName(name) {
		return usage("", "%q is not a name for a report; want 1 to 48 of a-z, 0-9 and -", name)
	}
	dir := s.Definitions
	if dir == "" {
		dir = ownDefinitions
	}
	files, err := scaffold.Files(name)
	if err != nil {
		return err
	}
	made := begun{Report: name}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return unavailable("", "make the folder of the definitions: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return unavailable("", "open the folder of the definitions: %w", err)
	}
	defer root.Close()
	// Made, not found: whatever lies there is somebody's work.
	if err := root.Mkdir(name, 0o755); errors.Is(err, fs.ErrExist) {
		return usage("monthend reports check "+name+" --definitions "+dir, "%s is there already", filepath.Join(dir, name))
	} else if err != nil {
		return unavailable("", "make the folder of the report: %w", err)
	}
	for _, f := range files {
		at := path.Join(name, f.Path)
		if err := root.MkdirAll(path.Dir(at), 0o755); err != nil {
			return unavailable("", "write %s: %w", at, err)
		}
		if err := root.WriteFile(at, f.Data, 0o644); err != nil {
			return unavailable("", "write %s: %w", at, err)
		}
		made.Files = append(made.Files, filepath.Join(dir, filepath.FromSlash(at)))
	}
	if _, err := root.Stat(scaffold.SchemaFile); errors.Is(err, fs.ErrNotExist) {
		if err := root.WriteFile(scaffold.SchemaFile, report.Schema, 0o644); err != nil {
			return unavailable("", "write %s: %w", scaffold.SchemaFile, err)
		}
		made.Files = append(made.Files, filepath.Join(dir, scaffold.SchemaFile))
	}
	made.Next = []string{
		"monthend reports test " + name + " --definitions " + dir,
		"monthend reports check " + name + " --definitions " + dir,
	}
	return a.printBegun(made)
}

func (a *app) printBegun(made begun) error {
	if a.format == formatJSON {
		return a.printJSON(made)
	}
	bold, faint := lipgloss.NewStyle().Bold(true), lipgloss.NewStyle().Faint(true)
	var b strings.Builder
	for _, f := range made.Files {
		fmt.Fprintln(&b, f)
	}
	fmt.Fprintf(&b, "\n%s  %s\n", bold.Render("Next"), made.Next[0])
	for _, next := range made.Next[1:] {
		fmt.Fprintf(&b, "      %s  %s\n", next, faint.Render("with MONTHEND_SOURCE_URL set, against that database"))
	}
	_, err := lipgloss.Fprint(a.stdout, b.String())
	return err
}
