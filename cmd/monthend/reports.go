package main

import (
	"strings"

	"github.com/spf13/cobra"
)

func newReportsCommand(a *app, s settings) *cobra.Command {
	return group("reports", "The report definitions at hand, and the desk to write them at",
		newReportsListCommand(a, s),
		newReportsNewCommand(a, s),
		newReportsCheckCommand(a, s),
		newReportsTestCommand(a, s),
		newReportsDriftCommand(a, s),
		newReportsSchemaCommand(a),
	)
}

func newReportsListCommand(a *app, s settings) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the reports that can be asked for",
		Args:  wants(),
		RunE:  func(*cobra.Command, []string) error { return a.runReportsList(s) },
	}
	s.definitionFlags(cmd.Flags())
	return cmd
}

// reportLine is one definition as lists show it.
type reportLine struct {
	Name     string   `json:"name"`
	Title    string   `json:"title"`
	Timezone string   `json:"timezone"`
	Currency string   `json:"currency"`
	Formats  []string `json:"formats"`
	Error    string   `json:"error,omitempty"`
}

// runReportsList lists every definition; one with a mistake is listed with it and does not hide the others.
func (a *app) runReportsList(s settings) error {
	if err := a.checkFormat(formatTable, formatJSON, formatCSV); err != nil {
		return err
	}
	definitions, err := s.openCatalog()
	if err != nil {
		return err
	}
	g := grid{head: []string{"report", "title", "time zone", "currency", "formats"}}
	lines := []reportLine{}
	var broken error
	for _, name := range definitions.Names() {
		def, err := definitions.Get(name)
		line := reportLine{Name: name}
		if err != nil {
			line.Error = err.Error()
			broken = err
			g.rows = append(g.rows, []string{name, "broken", "", "", ""})
		} else {
			line.Title, line.Timezone, line.Currency, line.Formats = def.Title, def.Location.String(), def.Currency, def.Formats
			g.rows = append(g.rows, []string{name, def.Title, line.Timezone, def.Currency, strings.Join(def.Formats, " ")})
		}
		lines = append(lines, line)
	}
	if err := a.printGrid(g, lines); err != nil {
		return err
	}
	if broken != nil {
		return withCode(exitFailed, "", broken)
	}
	return nil
}
