package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/queue"
	"github.com/monthend/monthend/report"
)

func newDLQRedriveCommand(a *app, s settings) *cobra.Command {
	var url string
	var all bool
	cmd := &cobra.Command{
		Use:   "redrive MESSAGE|--all",
		Short: "Send dead letters back to the queue",
		Long: "redrive sends a dead letter to the queue and then deletes it. A job becomes a new request, since the old one keeps\n" +
			"its outcome; where a ledger is configured and knows a run of it, the new one attempts that run again. Anything else\n" +
			"is sent as it is. What is published already is acknowledged by the worker and published no second time. On a FIFO\n" +
			"queue, and with --all, the order is kept.",
		Args: letterOrAll(&all),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runDLQRedrive(cmd.Context(), s, url, args) },
	}
	fs := cmd.Flags()
	fs.BoolVar(&all, "all", false, "all dead letters")
	s.deadLetterFlags(fs, &url)
	s.databaseFlags(fs)
	return cmd
}

// letterOrAll wants either the id of one dead letter or --all.
func letterOrAll(all *bool) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if !*all {
			return wants("MESSAGE")(cmd, args)
		}
		return wants()(cmd, args)
	}
}

// redriven is one dead letter that was sent back.
type redriven struct {
	MessageID    string `json:"message_id"`
	NewMessageID string `json:"new_message_id"`
	RequestID    string `json:"request_id,omitempty"`
	RunID        string `json:"run_id,omitempty"` // attempted again
}

// redrive is one call of dlq redrive.
type redrive struct {
	letters *queue.DeadLetters
	ledger  *ledger.Store // nil: not configured
	sent    []redriven
	ids     map[string]bool // of the messages that were sent
	stay    []error         // why letters stay where they are
}

func (a *app) runDLQRedrive(ctx context.Context, s settings, url string, args []string) error {
	if err := a.checkFormat(formatTable, formatJSON); err != nil {
		return err
	}
	letters, err := s.openDeadLetters(ctx, url, true)
	if err != nil {
		return err
	}
	r := redrive{letters: letters, sent: []redriven{}, ids: map[string]bool{}}
	if s.DatabaseURL != "" {
		if r.ledger, err = s.openLedger(ctx, ""); err != nil {
			return err
		}
		defer r.ledger.Close()
	}
	if len(args) > 0 {
		err = withLetter(ctx, letters, args[0], r.one)
	} else {
		var more int
		more, err = letters.Browse(ctx, 0, r.each)
		defer a.tellMore(more)
	}
	// What was sent is told whatever came after it.
	if printed := a.printRedriven(r.sent); printed != nil {
		return printed
	}
	switch {
	case err != nil:
		return letterFailure(err)
	case len(r.stay) > 0:
		return withCode(exitFailed, "monthend dlq list", fmt.Errorf("%s stay where they are; the first: %w", things(len(r.stay), "dead letter"), r.stay[0]))
	}
	return nil
}

// each sends one of all. One that cannot go to this queue stays and holds up nobody, and so does one that was sent a moment
// ago and is back already: it would go round for ever.
func (r *redrive) each(ctx context.Context, l queue.Letter) (queue.Verdict, error) {
	if r.ids[l.OriginalID()] {
		r.stay = append(r.stay, fmt.Errorf("dead letter %q is one again: %s", l.ID, l.Reason()))
		return queue.Keep, nil
	}
	verdict, err := r.one(ctx, l)
	if errors.Is(err, queue.ErrForeign) {
		r.stay = append(r.stay, err)
		return queue.Keep, nil
	}
	return verdict, err
}

// one sends one back.
func (r *redrive) one(ctx context.Context, l queue.Letter) (queue.Verdict, error) {
	body, line, err := r.renew(ctx, l)
	if err != nil {
		return queue.Keep, err
	}
	deduplication := line.RequestID
	if deduplication == "" {
		deduplication = digest(l.ID)
	}
	if line.NewMessageID, err = r.letters.Redrive(ctx, l, body, deduplication); err != nil {
		return queue.Keep, err
	}
	r.ids[line.NewMessageID] = true
	r.sent = append(r.sent, line)
	return queue.Remove, nil
}

// renew makes the body that is sent: a job under a new request id, which is the same however often this letter is sent, and
// where the old request had a run, asking for that run. What is no job is sent as it is.
func (r *redrive) renew(ctx context.Context, l queue.Letter) ([]byte, redriven, error) {
	line := redriven{MessageID: l.ID}
	job, err := report.DecodeJob(l.Body)
	if err != nil {
		return l.Body, line, nil
	}
	old := job.ID(l.OriginalID())
	job.RequestID = digest(old + l.ID)
	run, err := r.runOf(ctx, old, job)
	if err != nil {
		return nil, line, err
	}
	if run != "" {
		job.Retry = run
	}
	body, err := job.Encode()
	line.RequestID, line.RunID = job.RequestID, job.Retry
	return body, line, err
}

// runOf is the run that a request led to, "" where there is none or where the id stands for another job's request.
func (r *redrive) runOf(ctx context.Context, id string, job report.Job) (string, error) {
	if r.ledger == nil {
		return "", nil
	}
	request, err := r.ledger.Request(ctx, id)
	if errors.Is(err, ledger.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", unavailable("", "%w", err)
	}
	same := request.Report == job.Report && request.Tenant == job.Tenant &&
		(request.Period == job.Period || job.Period == report.PreviousMonthName)
	if !same {
		return "", nil
	}
	return request.RunID, nil
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func (a *app) printRedriven(sent []redriven) error {
	if a.format == formatJSON {
		return a.printJSON(sent)
	}
	for _, l := range sent {
		text := fmt.Sprintf("sent: %s as message %s", l.MessageID, l.NewMessageID)
		if l.RequestID != "" {
			text += ", request " + l.RequestID
		}
		if l.RunID != "" {
			text += ", attempts run " + l.RunID + " again"
		}
		if _, err := fmt.Fprintln(a.stdout, text); err != nil {
			return err
		}
	}
	return nil
}
