package main

import (
	"github.com/spf13/cobra"

	"github.com/monthend/monthend/report"
)

func newReportsSchemaCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON schema of report.yaml, for editors",
		Long: "schema prints the JSON schema of report.yaml. An editor with a YAML language server completes and explains every\n" +
			"field where the first line of report.yaml names it:\n\n" +
			"  # yaml-language-server: $schema=../report.schema.json",
		Example: "  monthend reports schema > definitions/report.schema.json",
		Args:    wants(),
		RunE: func(*cobra.Command, []string) error {
			if err := a.checkFormat(formatTable, formatJSON); err != nil { // it is JSON either way
				return err
			}
			_, err := a.stdout.Write(report.Schema)
			return err
		},
	}
}
