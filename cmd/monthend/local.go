package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// formatEnv prints variables for a shell.
const formatEnv = "env"

func newLocalCommand(a *app) *cobra.Command {
	var o cloudOptions
	cmd := &cobra.Command{
		Use:   "local",
		Short: "Keep the laptop's cloud running: PostgreSQL, SQS and X-Ray on loopback",
		Long: "local starts what demo starts and leaves it running until Ctrl-C, and prints the environment that the other\n" +
			"commands need: as a list, as lines for a shell with -o env, as one object with -o json. With --dir the\n" +
			"database and the reports are kept; the queue and the traces live as long as the command.",
		Args:        wants(),
		Annotations: map[string]string{ownCloud: "yes"},
		RunE:        func(cmd *cobra.Command, _ []string) error { return a.runLocal(cmd.Context(), o) },
	}
	fs := cmd.Flags()
	fs.StringVar(&o.dir, "dir", "", "folder that keeps the database and the reports; temporary without it")
	fs.StringVar(&o.sqsAddr, "sqs-addr", "", "address of the local SQS; a free port of loopback without it")
	fs.StringVar(&o.xrayAddr, "xray-addr", "", "address of the local X-Ray, UDP and TCP; a free port of loopback without it")
	fs.BoolVar(&o.noDownload, "no-download", false, "do not fetch a PostgreSQL with npm where none is installed")
	return cmd
}

func (a *app) runLocal(ctx context.Context, o cloudOptions) (err error) {
	if err := a.checkFormat(formatTable, formatJSON, formatEnv); err != nil {
		return err
	}
	o.announce = a.announce
	c, err := startCloud(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	if err := a.printEnvironment(c.environment()); err != nil {
		return err
	}
	fmt.Fprintln(a.stderr, "monthend: ready; Ctrl-C stops it")
	<-ctx.Done()
	return nil
}

// printEnvironment prints variables in the form asked for.
func (a *app) printEnvironment(variables []variable) error {
	switch a.format {
	case formatJSON:
		values := make(map[string]string, len(variables))
		for _, v := range variables {
			values[v.name] = v.value
		}
		return a.printJSON(map[string]any{"env": values})
	case formatEnv:
		for _, v := range variables {
			fmt.Fprintf(a.stdout, "export %s=%s\n", v.name, shellQuote(v.value))
		}
		return nil
	}
	for _, v := range variables {
		fmt.Fprintf(a.stdout, "%-22s %s\n", v.name, v.value)
	}
	return nil
}

// shellQuote makes a value one word of any POSIX shell.
func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
