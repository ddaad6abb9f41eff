package main

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"os"
	"slices"
	"strings"

	"charm.land/lipgloss/v2"
	"charm.land/lipgloss/v2/table"
	"golang.org/x/term"
)

// The forms of data on stdout.
const (
	formatTable = "table"
	formatJSON  = "json"
	formatCSV   = "csv"
)

// checkFormat refuses a form that a command does not know.
func (a *app) checkFormat(known ...string) error {
	for _, k := range known {
		if a.format == k {
			return nil
		}
	}
	return usage("", "-o %q is not one of %s", a.format, strings.Join(known, ", "))
}

// printJSON prints one object to stdout.
func (a *app) printJSON(v any) error {
	encoder := json.NewEncoder(a.stdout)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(v)
}

// grid is rows for people or for a spreadsheet.
type grid struct {
	head  []string
	rows  [][]string
	right map[int]bool // columns of figures
}

// printGrid prints g as table or CSV, and v, which holds the same, as JSON.
func (a *app) printGrid(g grid, v any) error {
	switch a.format {
	case formatJSON:
		return a.printJSON(v)
	case formatCSV:
		w := csv.NewWriter(a.stdout)
		if err := w.Write(g.head); err != nil {
			return err
		}
		if err := w.WriteAll(g.rows); err != nil {
			return err
		}
		return w.Error()
	}
	if len(g.rows) == 0 {
		return nil
	}
	faint := lipgloss.NewStyle().Faint(true)
	t := table.New().
		Headers(g.head...).
		Rows(g.rows...).
		Border(lipgloss.NormalBorder()).
		BorderTop(false).BorderBottom(false).BorderLeft(false).BorderRight(false).BorderColumn(false).
		BorderStyle(faint).
		StyleFunc(func(row, col int) lipgloss.Style {
			style := lipgloss.NewStyle().PaddingRight(2)
			if g.right[col] {
				style = style.Align(lipgloss.Right)
			}
			if row == table.HeaderRow {
				return style.Faint(true)
			}
			if style, ok := statusStyles[g.rows[row][col]]; ok {
				return style.PaddingRight(2)
			}
			return style
		})
	lines := strings.Split(t.Render(), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	_, err := lipgloss.Fprintln(a.stdout, strings.Join(lines, "\n"))
	return err
}

// statusStyles colour the cells that hold an outcome and nothing else.
var statusStyles = map[string]lipgloss.Style{
	"published":   lipgloss.NewStyle().Foreground(lipgloss.Green),
	"duplicate":   lipgloss.NewStyle().Foreground(lipgloss.Blue),
	"unchanged":   lipgloss.NewStyle().Foreground(lipgloss.Blue),
	"running":     lipgloss.NewStyle().Foreground(lipgloss.Cyan),
	"data_failed": lipgloss.NewStyle().Foreground(lipgloss.Yellow),
	"failed":      lipgloss.NewStyle().Foreground(lipgloss.Red),
	"cancelled":   lipgloss.NewStyle().Foreground(lipgloss.Magenta),
}

// terminal tells whether w is a terminal that people look at, and how wide it is.
func terminal(w io.Writer) (width int, ok bool) {
	f, isFile := w.(*os.File)
	if !isFile || !term.IsTerminal(int(f.Fd())) {
		return 0, false
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width < 40 {
		width = 80
	}
	return width, true
}

// coloured tells whether w may be coloured: a terminal, and NO_COLOR not set.
func (a *app) coloured(w io.Writer) bool {
	_, ok := terminal(w)
	return ok && !a.noColor()
}

// noColor tells whether NO_COLOR is set, to whatever value.
func (a *app) noColor() bool {
	return slices.ContainsFunc(a.env, func(v string) bool { return strings.HasPrefix(v, "NO_COLOR=") && v != "NO_COLOR=" })
}

// plain honours NO_COLOR in what the libraries draw, which read the environment themselves: they take it for a boolean, and leave bold
// and faint. https://no-color.org asks for no more than that; who sets it is taken to want plain text all the same.
func (a *app) plain() {
	if a.noColor() {
		os.Setenv("NO_COLOR", "1")
		os.Setenv("TERM", "dumb") // a terminal without styles
	}
}
