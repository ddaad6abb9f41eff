package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/spf13/cobra"

	"github.com/monthend/monthend/trace"
)

// formatEnv prints variables for a shell.
const formatEnv = "env"

func newLocalCommand(a *app) *cobra.Command {
	var o cloudOptions
	var strict bool
	cmd := &cobra.Command{
		Use:   "local",
		Short: "Keep the laptop's cloud running: PostgreSQL, SQS and X-Ray on loopback",
		Long: "local starts what demo starts and leaves it running until Ctrl-C, and prints\n" +
			"the environment that the other commands need: as a list, as lines for a\n" +
			"shell with -o env, as one object with -o json. With --dir the database and\n" +
			"the reports are kept; the queue and the traces live as long as the command.\n" +
			"--only starts some of it: --only xray is an X-Ray for anything that sends\n" +
			"traces, over UDP like the daemon and over HTTP like AWS. The AWS CLI reads\n" +
			"from it with AWS_ENDPOINT_URL_XRAY set as printed, or with --endpoint-url.",
		Example: "monthend local --dir ./laptop -o env > local.env\n" +
			"monthend local --only xray --xray-addr 127.0.0.1:2000 --strict\n" +
			"export AWS_ENDPOINT_URL_XRAY=http://127.0.0.1:2000\n" +
			"aws xray get-sampling-rules --region eu-central-1",
		Args:        wants(),
		Annotations: map[string]string{ownCloud: "yes"},
		RunE:        func(cmd *cobra.Command, _ []string) error { return a.runLocal(cmd.Context(), o, strict) },
	}
	fs := cmd.Flags()
	fs.StringVar(&o.dir, "dir", "", "folder that keeps the database and the reports; temporary without it")
	fs.StringVar(&o.sqsAddr, "sqs-addr", "", "address of the local SQS; a free port of loopback without it")
	fs.StringVar(&o.xrayAddr, "xray-addr", "", "address of the local X-Ray, UDP and TCP; a free port of loopback without it")
	fs.StringSliceVar(&o.only, "only", nil, "start these only: postgres, sqs, xray")
	fs.BoolVar(&strict, "strict", false, "tell each rule of X-Ray's documents that one breaks")
	fs.BoolVar(&o.noDownload, "no-download", false, "do not fetch a PostgreSQL with npm where none is installed")
	return cmd
}

func (a *app) runLocal(ctx context.Context, o cloudOptions, strict bool) (err error) {
	if err := a.checkFormat(formatTable, formatJSON, formatEnv); err != nil {
		return err
	}
	if err := o.check(strict); err != nil {
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
	if strict {
		c.xray.FollowViolations(ctx, func(v trace.Violation) { fmt.Fprintln(a.stderr, "monthend: "+oneLine(v.String())) })
	}
	<-ctx.Done()
	return nil
}

// check refuses servers that there are not, and what is said of one that is not to be started.
func (o cloudOptions) check(strict bool) error {
	for _, name := range o.only {
		if name != serverPostgres && name != serverSQS && name != serverXRay {
			return usage("monthend local --help", "--only %q is not one of postgres, sqs, xray", name)
		}
	}
	for _, of := range []struct {
		set          bool
		flag, server string
	}{
		{o.dir != "", "--dir", serverPostgres}, {o.sqsAddr != "", "--sqs-addr", serverSQS}, {o.xrayAddr != "", "--xray-addr", serverXRay},
		{strict, "--strict", serverXRay},
	} {
		if of.set && !o.wants(of.server) {
			return usage("monthend local --help", "%s is about %s, which --only leaves out", of.flag, of.server)
		}
	}
	for _, of := range []struct{ flag, addr string }{{"--sqs-addr", o.sqsAddr}, {"--xray-addr", o.xrayAddr}} {
		if of.addr == "" {
			continue
		}
		_, port, err := net.SplitHostPort(of.addr)
		if err == nil {
			_, err = net.LookupPort("tcp", port)
		}
		if err != nil || port == "" {
			return usage("monthend local "+of.flag+" 127.0.0.1:0", "%s %q is not of the form host:port", of.flag, of.addr)
		}
	}
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
