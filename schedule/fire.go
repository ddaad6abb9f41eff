package schedule

import (
	"context"
	"errors"
	"time"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/trace"
)

// fire asks for one period, in a trace of its own: the worker's segment continues it.
func (s *Scheduler) fire(ctx context.Context, p *planned, f report.Firing, now time.Time) error {
	job := report.Job{Report: p.report, Period: f.Period.String(), Schedule: p.id, ScheduledAt: f.At.UTC()}
	body, err := job.Encode()
	if err != nil {
		return err
	}
	b, ok := p.begun[f.Period]
	if !ok {
		b = s.begin(ctx, p, f, now)
		p.begun[f.Period] = b
	}
	fired, err := s.cfg.Ledger.Fire(ctx, ledger.Firing{
		Schedule: p.id, Rhythm: p.Rhythm(), Report: p.report, Period: f.Period, DueAt: f.At, CatchUp: s.cfg.CatchUp,
		RequestID: job.ID(""), Body: body, TraceHeader: b.header,
	})
	if err != nil {
		return err // the segment stays open: the next round asks under the same header, and is answered as if it were this one
	}
	delete(p.begun, f.Period)
	attrs := []any{"schedule", p.id, "report", p.report, "period", f.Period.String(), "scheduled_at", f.At.Format(time.RFC3339)}
	switch fired {
	case ledger.FiredNow:
		b.segment.End(nil)
		s.cfg.Fired()
		s.cfg.Logger.InfoContext(ctx, "schedule fired", append(attrs, "request", job.ID(""), "trace_id", b.id)...)
		return nil
	case ledger.FiredMissed:
		s.cfg.Logger.WarnContext(ctx, "schedule missed a period: it was due too long ago", append(attrs,
			"hint", "monthend schedule backfill "+p.report+" --from "+f.Period.String()+" --to "+f.Period.String())...)
	}
	b.segment.Discard() // somebody else has asked, or nobody
	return nil
}

// begin begins the trace of a firing.
func (s *Scheduler) begin(ctx context.Context, p *planned, f report.Firing, now time.Time) begun {
	ctx, segment := s.cfg.Tracer.Begin(ctx, Segment, "", trace.BeginOptions{Path: "/" + p.report})
	trace.Annotate(ctx, "report", p.report)
	trace.Annotate(ctx, "period", f.Period.String())
	trace.Annotate(ctx, "schedule", p.id)
	trace.Annotate(ctx, "scheduled_at", f.At.UTC())
	trace.Annotate(ctx, "late_ms", now.Sub(f.At))
	return begun{segment: segment, header: trace.Header(ctx), id: trace.ID(ctx)}
}

var errEnded = errors.New("the scheduler ended before the ledger had answered")

// end closes what is still open when the scheduler ends.
func (s *Scheduler) end() {
	for _, p := range s.planned {
		for _, b := range p.begun {
			b.segment.End(errEnded)
		}
		clear(p.begun)
	}
}
