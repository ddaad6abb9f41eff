package schedule

import (
	"context"
	"fmt"
	"time"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/trace"
)

// Backfill says which periods of a report are to be there.
type Backfill struct {
	Ledger      *ledger.Store
	Definition  report.Definition
	Tenant      string // "" for none, or for all of them
	From, To    report.Period
	RequestedBy string
	DryRun      bool // look, and ask for nothing

	Tracer      *trace.Tracer // nil traces nothing
	ForceSample bool
	NewID       func() string // of a request
}

// Filled is one period of a Backfill.
type Filled struct {
	Period    report.Period
	Answered  ledger.Answered // AnsweredPosted, AnsweredMissing of a dry run, or why nothing was asked for
	RequestID string          // of what was asked for
	TraceID   string
}

// Run asks for each period that is not there yet, in order, each in a trace of its own; to run it twice asks once. Of a report
// with schedules the periods are those of the schedules, else all months. What was done before an error is told with it.
func (b Backfill) Run(ctx context.Context) ([]Filled, error) {
	now, err := b.Ledger.Now(ctx)
	if err != nil {
		return nil, err
	}
	filled := []Filled{}
	for _, p := range b.periods() {
		one, err := b.fill(ctx, p, now)
		if err != nil {
			return filled, fmt.Errorf("backfill %s of %q: %w", p, b.Definition.Name, err)
		}
		filled = append(filled, one)
	}
	return filled, nil
}

// periods are those between the bounds, both included.
func (b Backfill) periods() []report.Period {
	var out []report.Period
	for p := b.From; !b.To.Before(p); p = p.Add(1) {
		has := len(b.Definition.Schedules) == 0
		for _, s := range b.Definition.Schedules {
			has = has || s.Has(p)
		}
		if has {
			out = append(out, p)
		}
	}
	return out
}

func (b Backfill) fill(ctx context.Context, p report.Period, now time.Time) (Filled, error) {
	key := report.Key{Report: b.Definition.Name, Period: p, Tenant: b.Tenant}
	_, ends := p.Bounds(b.Definition.Location)
	if b.DryRun {
		answered, err := b.Ledger.Answered(ctx, key)
		if ends.After(now) {
			answered = ledger.AnsweredUnended
		}
		return Filled{Period: p, Answered: answered}, err
	}
	job := report.Job{Report: key.Report, Period: p.String(), Tenant: b.Tenant, RequestedBy: b.RequestedBy, RequestID: b.NewID()}
	body, err := job.Encode()
	if err != nil {
		return Filled{}, err
	}
	ctx, segment := b.Tracer.Begin(ctx, Segment, "", trace.BeginOptions{ForceSample: b.ForceSample, Path: "/" + key.Report})
	trace.Annotate(ctx, "report", key.Report)
	trace.Annotate(ctx, "period", p.String())
	trace.Annotate(ctx, "backfill", true)
	answered, err := b.Ledger.Backfill(ctx, ledger.Posting{
		RequestID: job.RequestID, Key: key, Body: body, TraceHeader: trace.Header(ctx),
	}, ends)
	if err == nil && answered != ledger.AnsweredPosted {
		segment.Discard()
		return Filled{Period: p, Answered: answered}, nil
	}
	defer segment.End(err)
	return Filled{Period: p, Answered: answered, RequestID: job.RequestID, TraceID: trace.ID(ctx)}, err
}
