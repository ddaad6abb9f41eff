package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/monthend/monthend/queue"
)

func newDLQDiscardCommand(a *app, s settings) *cobra.Command {
	var url string
	var all, yes bool
	cmd := &cobra.Command{
		Use:   "discard MESSAGE|--all",
		Short: "Delete dead letters for good",
		Long: "discard deletes dead letters and asks before it does. Where nobody can be asked, it wants --yes. What the ledger\n" +
			"recorded of their requests stays.",
		Args: letterOrAll(&all),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.runDLQDiscard(cmd.Context(), s, url, args, yes)
		},
	}
	fs := cmd.Flags()
	fs.BoolVar(&all, "all", false, "all dead letters")
	fs.BoolVar(&yes, "yes", false, "do not ask")
	s.deadLetterFlags(fs, &url)
	return cmd
}

func (a *app) runDLQDiscard(ctx context.Context, s settings, url string, args []string, yes bool) error {
	if err := a.checkFormat(formatTable, formatJSON); err != nil {
		return err
	}
	if in, ok := a.stdin.(*os.File); !yes && (!ok || !term.IsTerminal(int(in.Fd()))) {
		return usage("", "--yes is missing, and nobody is there to be asked")
	}
	letters, err := s.openDeadLetters(ctx, url, false)
	if err != nil {
		return err
	}
	if !yes {
		what := "all dead letters of " + letters.URL()
		if len(args) > 0 {
			what = "dead letter " + args[0]
		}
		if err := a.confirm(ctx, "Delete "+what+" for good?"); err != nil {
			return err
		}
	}
	gone := []letterLine{}
	remove := func(_ context.Context, l queue.Letter) (queue.Verdict, error) {
		gone = append(gone, newLetterLine(l))
		return queue.Remove, nil
	}
	if len(args) > 0 {
		err = withLetter(ctx, letters, args[0], remove)
	} else {
		var more int
		more, err = letters.Browse(ctx, 0, remove)
		defer a.tellMore(more)
	}
	if printed := a.printDiscarded(gone); printed != nil {
		return printed
	}
	return letterFailure(err)
}

func (a *app) printDiscarded(gone []letterLine) error {
	if a.format == formatJSON {
		return a.printJSON(gone)
	}
	for _, l := range gone {
		about := strings.TrimSpace(l.Report + " " + l.Period + " " + l.Tenant)
		if _, err := fmt.Fprintln(a.stdout, oneLine(fmt.Sprintf("discarded: %s %s", l.MessageID, about))); err != nil {
			return err
		}
	}
	return nil
}

// confirm asks a yes of whoever sits at the terminal.
func (a *app) confirm(ctx context.Context, question string) error {
	fmt.Fprintf(a.stderr, "%s [y/N] ", question)
	answered := make(chan error, 1)
	go func() { // ends with its line, or with the process
		line, err := bufio.NewReader(a.stdin).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			answered <- err
			return
		}
		switch strings.ToLower(strings.TrimSpace(line)) {
		case "y", "yes":
			answered <- nil
		default:
			answered <- withCode(exitFailed, "", errors.New("nothing was deleted"))
		}
	}()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case err := <-answered:
		return err
	}
}
