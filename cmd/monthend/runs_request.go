package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/monthend/monthend/pipeline/ledger"
)

// runOf finds the run of an id, which is its own or that of a request that led to it. A request that led to none is answered
// alone, with a run of no id.
func runOf(ctx context.Context, books *ledger.Store, id string) (ledger.Run, ledger.Request, error) {
	run, err := books.Run(ctx, id)
	if !errors.Is(err, ledger.ErrNotFound) {
		return run, ledger.Request{}, wrapRead(err, "run", id)
	}
	request, err := books.Request(ctx, id)
	switch {
	case errors.Is(err, ledger.ErrNotFound):
		return ledger.Run{}, request, withCode(exitFailed, "monthend runs list", fmt.Errorf("there is no run and no request %q", id))
	case err != nil || request.RunID == "":
		return ledger.Run{}, request, wrapRead(err, "request", id)
	}
	run, err = books.Run(ctx, request.RunID)
	return run, request, wrapRead(err, "run", request.RunID)
}

func wrapRead(err error, what, id string) error {
	if err == nil {
		return nil
	}
	return unavailable("", "show %s %q: %w", what, id, err)
}

// needsRun refuses a request that led to no run.
func needsRun(run ledger.Run, request ledger.Request) error {
	if run.RunID != "" {
		return nil
	}
	return withCode(exitFailed, "monthend runs show "+request.RequestID, fmt.Errorf("request %q led to no run", request.RequestID))
}

// requestShown is a request that led to no run: it waits, was refused, or was cancelled before anybody claimed it.
type requestShown struct {
	RequestID   string     `json:"request_id"`
	Report      string     `json:"report"`
	Period      string     `json:"period"`
	Tenant      string     `json:"tenant,omitempty"`
	Status      string     `json:"status"`
	Restate     bool       `json:"restate,omitempty"`
	Reason      string     `json:"reason,omitempty"`
	RequestedBy string     `json:"requested_by,omitempty"`
	Schedule    string     `json:"schedule,omitempty"`
	MessageID   string     `json:"message_id,omitempty"`
	Error       string     `json:"error,omitempty"`
	Created     time.Time  `json:"created_at"`
	Ended       *time.Time `json:"ended_at,omitempty"`
}

func newRequestShown(r ledger.Request) requestShown {
	shown := requestShown{
		RequestID: r.RequestID, Report: r.Report, Period: r.Period, Tenant: r.Tenant, Status: string(r.Outcome), Restate: r.Restate,
		Reason: r.Reason, RequestedBy: r.RequestedBy, Schedule: r.Schedule, MessageID: r.MessageID, Error: r.Error, Created: r.CreatedAt,
	}
	if r.Outcome == "" {
		shown.Status = "waiting"
	}
	if !r.EndedAt.IsZero() {
		shown.Ended = &r.EndedAt
	}
	return shown
}

// printRequest prints a request that led to no run.
func (a *app) printRequest(r requestShown) error {
	if a.format == formatJSON {
		return a.printJSON(r)
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	line := func(name, text string) {
		if text = strings.TrimSpace(text); text != "" {
			fmt.Fprintf(w, "%s\t%s\n", name, text)
		}
	}
	line("request", r.RequestID)
	line("report", strings.Join([]string{r.Report, r.Period, r.Tenant}, " "))
	line("status", r.Status)
	line("asked by", r.RequestedBy)
	line("schedule", r.Schedule)
	line("reason", r.Reason)
	line("error", oneLine(r.Error))
	line("created", r.Created.Format(time.RFC3339))
	if r.Ended != nil {
		line("ended", r.Ended.Format(time.RFC3339))
	}
	return w.Flush()
}
