package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/monthend/monthend/pipeline"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/pipeline/store"
	"github.com/monthend/monthend/report"
)

// shownBad is how many tenants that failed a table shows; -o json has them all.
const shownBad = 20

// parent is one asking for all tenants of a report, for people and as JSON.
type parent struct {
	RequestID   string         `json:"request_id"`
	Report      string         `json:"report"`
	Period      string         `json:"period"`
	Status      string         `json:"status"` // open, done, partial or failed
	Tenants     int            `json:"tenants"`
	Done        int            `json:"done"`
	Outcomes    map[string]int `json:"outcomes"` // of the tenants that have ended
	Rounds      int            `json:"rounds"`
	Restate     bool           `json:"restate,omitempty"`
	Reason      string         `json:"reason,omitempty"`
	RequestedBy string         `json:"requested_by,omitempty"`
	TraceID     string         `json:"trace_id,omitempty"`
	Overview    []string       `json:"overview"`
	Failed      []childLine    `json:"failed"`
	Created     time.Time      `json:"created_at"`
	Ended       *time.Time     `json:"ended_at,omitempty"`
}

// childLine is one tenant that ended without a version.
type childLine struct {
	Tenant    string `json:"tenant"`
	RequestID string `json:"request_id"`
	RunID     string `json:"run_id,omitempty"`
	Status    string `json:"status"`
	Error     string `json:"error,omitempty"`
}

func newParent(f ledger.Fanout, output string) parent {
	p := parent{
		RequestID: f.RequestID, Report: f.Report, Period: f.Period.String(), Status: string(f.State), Tenants: f.Tenants, Done: f.Good(),
		Outcomes: map[string]int{}, Rounds: f.Rounds, Restate: f.Restate, Reason: f.Reason, RequestedBy: f.RequestedBy, TraceID: f.TraceID,
		Overview: []string{}, Failed: []childLine{}, Created: f.CreatedAt,
	}
	for outcome, n := range f.Children {
		if outcome != "" {
			p.Outcomes[string(outcome)] = n
		}
	}
	for _, file := range pipeline.OverviewFiles(f) {
		p.Overview = append(p.Overview, store.Locate(output, file))
	}
	if !f.EndedAt.IsZero() {
		p.Ended = &f.EndedAt
	}
	return p
}

// loadParent reads a parent and those of its tenants that failed. ledger.ErrNotFound: the request is none.
func loadParent(ctx context.Context, s settings, books *ledger.Store, id string) (parent, error) {
	f, err := books.Fanout(ctx, id)
	if errors.Is(err, ledger.ErrNotFound) {
		return parent{}, err
	}
	if err != nil {
		return parent{}, unavailable("", "show request %q: %w", id, err)
	}
	p := newParent(f, s.Output)
	bad, err := books.Children(ctx, id, ledger.ChildFilter{Bad: true})
	if err != nil {
		return parent{}, unavailable("", "show request %q: %w", id, err)
	}
	for _, c := range bad {
		p.Failed = append(p.Failed, childLine{c.Tenant, c.RequestID, c.RunID, string(c.Outcome), c.Error})
	}
	return p, nil
}

// printParent prints a parent.
func (a *app) printParent(p parent) error {
	if a.format == formatJSON {
		return a.printJSON(p)
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	line := func(name, format string, args ...any) {
		if text := strings.TrimSpace(fmt.Sprintf(format, args...)); text != "" {
			fmt.Fprintf(w, "%s\t%s\n", name, text)
		}
	}
	line("request", "%s", p.RequestID)
	line("report", "%s %s", p.Report, p.Period)
	line("status", "%s", p.Status)
	line("tenants", "%s", p.counts())
	line("asked by", "%s", p.RequestedBy)
	line("reason", "%s", p.Reason)
	if p.Rounds > 1 {
		line("retried", "%s", things(p.Rounds-1, "time"))
	}
	line("trace", "%s", p.TraceID)
	line("created", "%s", p.Created.Format(time.RFC3339))
	if p.Ended != nil {
		line("ended", "%s  after %s", p.Ended.Format(time.RFC3339), p.Ended.Sub(p.Created).Round(time.Millisecond))
	}
	for i, c := range p.Failed {
		if i == shownBad {
			line("…", "%s more: -o json", count(int64(len(p.Failed)-shownBad)))
			break
		}
		line(c.Status, "%s\t%s\t%s", c.Tenant, c.RunID, oneLine(c.Error))
	}
	for _, file := range p.Overview {
		line("overview", "%s", file)
	}
	return w.Flush()
}

// counts is how many tenants there are and how they stand, in a fixed order.
func (p parent) counts() string {
	parts := []string{fmt.Sprintf("%s of %s done", count(int64(p.Done)), count(int64(p.Tenants)))}
	ended := 0
	for _, outcome := range []report.Outcome{report.Published, report.Duplicate, report.Unchanged, report.DataFailed, report.Failed, report.Cancelled} {
		if n := p.Outcomes[string(outcome)]; n > 0 {
			parts = append(parts, count(int64(n))+" "+string(outcome))
			ended += n
		}
	}
	if open := p.Tenants - ended; open > 0 {
		parts = append(parts, count(int64(open))+" open")
	}
	return strings.Join(parts, ", ")
}

// failure is the exit of a parent that has ended otherwise than well: 3 where nothing but data failed.
func (p parent) failure() error {
	bad := 0
	for _, outcome := range []report.Outcome{report.DataFailed, report.Failed, report.Cancelled} {
		bad += p.Outcomes[string(outcome)]
	}
	if bad == 0 {
		return nil
	}
	err := fmt.Errorf("%s of %s tenants have no version of %s %s", count(int64(bad)), count(int64(p.Tenants)), p.Report, p.Period)
	hint := "monthend runs retry " + p.RequestID
	if bad == p.Outcomes[string(report.DataFailed)] {
		return withCode(exitData, hint, err)
	}
	return withCode(exitFailed, hint, err)
}

// followParent waits until a parent is closed that has been closed no more than before times, and prints it.
func (a *app) followParent(ctx context.Context, s settings, books *ledger.Store, timeout time.Duration, id string, before int) error {
	err := poll(ctx, timeout, func(ctx context.Context) (bool, error) {
		f, err := books.Fanout(ctx, id)
		return f.State != ledger.FanoutOpen && f.Closing > before, err
	})
	if errors.Is(err, errWaitedTooLong) {
		return unavailable("monthend runs show "+id, "the tenants of request %q have not all ended after %s", id, timeout)
	}
	if err != nil {
		return err
	}
	a.awaitOverview(ctx, books, id)
	p, err := loadParent(ctx, s, books, id)
	if err != nil {
		return err
	}
	if err := a.printParent(p); err != nil {
		return err
	}
	return p.failure()
}

// overviewWait is how long the document over all tenants is waited for: a worker that is not busy has it sooner.
const overviewWait = 10 * time.Second

// awaitOverview waits a moment for the document over all tenants. Where none comes in time, none is shown.
func (a *app) awaitOverview(ctx context.Context, books *ledger.Store, id string) {
	_ = poll(ctx, overviewWait, func(ctx context.Context) (bool, error) {
		f, err := books.Fanout(ctx, id)
		return f.State == ledger.FanoutFailed || f.OverviewCurrent, err
	})
}

// needsTenant refuses to take a definition that has a report a tenant for one report.
func (s *settings) needsTenant(job report.Job, hint string) error {
	definitions, err := s.openCatalog()
	if err != nil {
		return err
	}
	def, err := definitions.Get(job.Report)
	if err != nil {
		return definitionFailure(err)
	}
	if pipeline.FansOut(def, job) {
		return usage(hint, "%q is a report a tenant; say whose with --tenant", job.Report)
	}
	return nil
}
