package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/monthend/monthend/queue"
)

func newDLQCommand(a *app, s settings) *cobra.Command {
	return group("dlq", "The dead letters: jobs that could not be worked, and why",
		newDLQListCommand(a, s), newDLQShowCommand(a, s), newDLQRedriveCommand(a, s), newDLQDiscardCommand(a, s))
}

// deadLetterFlags are what all of them take.
func (s *settings) deadLetterFlags(fs *pflag.FlagSet, url *string) {
	s.queueFlags(fs)
	fs.StringVar(url, "dlq-url", "", "dead-letter queue, SQS; the one that the queue's redrive policy names by default")
}

// openDeadLetters finds the dead-letter queue. What is only looked at needs no queue where the dead-letter queue is named.
func (s *settings) openDeadLetters(ctx context.Context, url string, sending bool) (*queue.DeadLetters, error) {
	if url != "" {
		if err := checkURL("--dlq-url", url, "http", "https"); err != nil {
			return nil, err
		}
	}
	if sending || url == "" || s.QueueURL != "" {
		if err := s.needQueue(); err != nil {
			return nil, err
		}
	}
	cfg, err := awsConfig(ctx)
	if err != nil {
		return nil, err
	}
	letters, err := queue.OpenDeadLetters(ctx, queue.DeadLettersConfig{
		Client: sqs.NewFromConfig(cfg), QueueURL: s.QueueURL, DeadLetterURL: url,
	})
	if errors.Is(err, queue.ErrNoDeadLetters) {
		return nil, usage("", "%w", err)
	}
	return letters, queueFailure(err)
}

func newDLQListCommand(a *app, s settings) *cobra.Command {
	var url string
	var limit int
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List dead letters, with the reason and the trace of each",
		Long: "list looks at the dead letters and leaves them where they are: each is hidden from others while list reads, for a\n" +
			"minute at the most, and its number of receives grows by one.",
		Args: wants(),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runDLQList(cmd.Context(), s, url, limit) },
	}
	fs := cmd.Flags()
	s.deadLetterFlags(fs, &url)
	fs.IntVar(&limit, "limit", 50, "how many at the most")
	return cmd
}

func (a *app) runDLQList(ctx context.Context, s settings, url string, limit int) error {
	if err := a.checkFormat(formatTable, formatJSON, formatCSV); err != nil {
		return err
	}
	if limit < 1 || limit > maxListed {
		return usage("", "--limit %d is not between 1 and %d", limit, maxListed)
	}
	letters, err := s.openDeadLetters(ctx, url, false)
	if err != nil {
		return err
	}
	lines := []letterLine{}
	more, err := letters.Browse(ctx, limit, func(_ context.Context, l queue.Letter) (queue.Verdict, error) {
		lines = append(lines, newLetterLine(l))
		return queue.Keep, nil
	})
	slices.SortStableFunc(lines, func(x, y letterLine) int { return x.At.Compare(y.At) })
	if printed := a.printLetters(lines); printed != nil {
		return printed
	}
	if err != nil {
		return letterFailure(err)
	}
	a.tellMore(more)
	return nil
}

// maxListed bounds what one list holds back from others, and in memory.
const maxListed = 1000

// tellMore says that there are others.
func (a *app) tellMore(n int) {
	if n > 0 {
		fmt.Fprintf(a.stderr, "about %s not shown: beyond the limit, behind others of their group, or looked at by somebody else\n", things(n, "more dead letter"))
	}
}

func (a *app) printLetters(lines []letterLine) error {
	g := grid{
		head:  []string{"message", "when", "report", "period", "tenant", "receives", "trace", "reason"},
		right: map[int]bool{5: true},
	}
	for _, l := range lines {
		reason := l.Reason
		if a.format == formatTable {
			reason = shorten(oneLine(printable(reason)), 100)
		}
		g.rows = append(g.rows, []string{
			l.MessageID, l.At.Format(time.RFC3339), l.Report, l.Period, l.Tenant, strconv.Itoa(l.Receives), l.TraceID, reason,
		})
	}
	return a.printGrid(g, lines)
}

func newDLQShowCommand(a *app, s settings) *cobra.Command {
	var url string
	cmd := &cobra.Command{
		Use:   "show MESSAGE",
		Short: "Show one dead letter whole",
		Args:  wants("MESSAGE"),
		RunE:  func(cmd *cobra.Command, args []string) error { return a.runDLQShow(cmd.Context(), s, url, args[0]) },
	}
	s.deadLetterFlags(cmd.Flags(), &url)
	return cmd
}

// letterShown is one dead letter whole, the body as it came.
type letterShown struct {
	letterLine
	OriginalID string            `json:"original_message_id"`
	From       string            `json:"moved_from,omitempty"`
	Header     string            `json:"trace_header,omitempty"`
	Group      string            `json:"group,omitempty"`
	Attributes map[string]string `json:"attributes"`
	Body       string            `json:"body"`
}

func (a *app) runDLQShow(ctx context.Context, s settings, url, id string) error {
	if err := a.checkFormat(formatTable, formatJSON); err != nil {
		return err
	}
	letters, err := s.openDeadLetters(ctx, url, false)
	if err != nil {
		return err
	}
	var shown letterShown
	err = withLetter(ctx, letters, id, func(_ context.Context, l queue.Letter) (queue.Verdict, error) {
		shown = letterShown{
			letterLine: newLetterLine(l), OriginalID: l.OriginalID(), From: l.DeadLetterOf, Header: l.TraceHeader,
			Group: l.Group, Attributes: l.Attributes, Body: string(l.Body),
		}
		return queue.Keep, nil
	})
	if err != nil {
		return err
	}
	if a.format == formatJSON {
		return a.printJSON(shown)
	}
	return a.printLetter(shown)
}

func (a *app) printLetter(l letterShown) error {
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	line := func(name, value string) {
		if value = oneLine(printable(value)); value != "" {
			fmt.Fprintf(w, "%s\t%s\n", name, value)
		}
	}
	line("message", l.MessageID)
	line("was", l.OriginalID)
	line("when", l.At.Format(time.RFC3339))
	line("reason", l.Reason)
	line("report", l.Report+" "+l.Period+" "+l.Tenant)
	line("request", l.RequestID)
	line("trace", l.Header)
	line("group", l.Group)
	line("moved from", l.From)
	line("receives", strconv.Itoa(l.Receives))
	for _, name := range slices.Sorted(maps.Keys(l.Attributes)) {
		if name != queue.ReasonAttribute && name != queue.MessageAttribute {
			line("attribute "+name, l.Attributes[name])
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(a.stdout, "\n%s\n", printable(pretty(l.Body)))
	return err
}
