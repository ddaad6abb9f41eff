package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"

	"charm.land/fang/v2"
	"github.com/spf13/cobra"
)

// app is one call of the program: its arguments, its environment and its streams. Data goes to stdout, the rest to stderr.
type app struct {
	args   []string
	env    []string
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer

	format string          // of -o: table, json or csv
	abort  context.Context // ends with the second signal: whoever drains must stop at once
}

func newApp(args, env []string, stdin io.Reader, stdout, stderr io.Writer) *app {
	return &app{args: args, env: env, stdin: stdin, stdout: stdout, stderr: stderr, format: formatTable}
}

// signalError is the cause of a context that a signal ended.
type signalError struct{ signal os.Signal }

func (e signalError) Error() string { return "stopped by " + e.signal.String() }

// main runs the command line and answers with the exit code.
func (a *app) main() int {
	ctx, stop := a.watchSignals(context.Background())
	defer stop()
	a.plain()
	root := newRootCommand(a)
	root.SetArgs(a.args)
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	err := fang.Execute(ctx, root,
		fang.WithErrorHandler(func(io.Writer, fang.Styles, error) {}), // ours, below: fang rewrites what was said
		fang.WithVersion(version()),
		fang.WithoutManpage(),
	)
	return a.finish(ctx, err)
}

// watchSignals ends the returned context at the first SIGINT or SIGTERM, and a.abort at the second.
func (a *app) watchSignals(parent context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	abort, abortNow := context.WithCancelCause(parent)
	a.abort = abort
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		for _, end := range []context.CancelCauseFunc{cancel, abortNow} {
			select {
			case s := <-signals:
				end(signalError{s})
			case <-done:
				return
			}
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(done)
		cancel(nil)
		abortNow(nil)
	}
}

// finish prints err, if it is one, and answers with the exit code.
func (a *app) finish(ctx context.Context, err error) int {
	var second signalError
	if errors.As(context.Cause(a.abort), &second) {
		return signalCode(second.signal)
	}
	if err == nil {
		return exitDone
	}
	code := exitCode(ctx, err)
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	a.complain(err, code)
	return code
}

// group makes a command that only holds others.
func group(use, short string, commands ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use:   use,
		Short: short,
		Args:  noCommand,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(commands...)
	return cmd
}

// noCommand refuses words that name no command, with the nearest one as a hint.
func noCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := cmd.CommandPath() + " --help"
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		hint = cmd.CommandPath() + " " + near[0]
	}
	return usage(hint, "unknown command %q for %q", args[0], cmd.CommandPath())
}

// wants checks the number of arguments, by their names.
func wants(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < len(names):
			return usage(cmd.CommandPath()+" --help", "%s is missing", names[len(args)])
		case len(args) > len(names):
			return usage(cmd.CommandPath()+" --help", "%q is one argument too many", args[len(names)])
		}
		return nil
	}
}

// newRootCommand builds the tree of commands. It reads the environment, since flags show what it says as their default.
func newRootCommand(a *app) *cobra.Command {
	s, malformed := readSettings(a.env)
	root := &cobra.Command{
		Use:   "monthend",
		Short: "Month-end reports from a queue: extracted, validated, published once, traced",
		Long: "monthend takes report jobs from Amazon SQS, extracts the month from PostgreSQL, validates every row,\n" +
			"publishes exactly one immutable version and shows the whole run as one AWS X-Ray trace.",
		Args: noCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Annotations[ownCloud] != "" {
				return nil
			}
			return malformed
		},
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.PersistentFlags().StringVarP(&a.format, "format", "o", formatTable, "how data is printed: table, json or csv")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return mistyped(err, cmd.CommandPath()+" --help")
	})
	root.AddCommand(
		newDemoCommand(a),
		newLocalCommand(a),
		newWorkCommand(a, s),
		newTriggerCommand(a, s),
		newScheduleCommand(a, s),
		newRunCommand(a, s),
		newRunsCommand(a, s),
		newDLQCommand(a, s),
		newTraceCommand(a, s),
		newServeCommand(a, s),
		newTokensCommand(a, s),
		newReportsCommand(a, s),
		newMigrateCommand(a, s),
		newHealthcheckCommand(a, s),
		newDoctorCommand(a, s),
	)
	return root
}

// ownCloud annotates the commands that bring everything with them: what the environment says is none of their business.
const ownCloud = "own cloud"
