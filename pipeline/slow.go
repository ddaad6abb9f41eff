package pipeline

import (
	"context"
	"log/slog"
	"time"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/trace"
)

// total is what the time of an attempt as a whole is called.
const total = "total"

// within marks, tells and counts the moment in which what has taken longer than the definition calls slow; the work goes on.
// The function returned ends the watching and must be called.
func (j *attempt) within(ctx context.Context, what string, limit time.Duration) (end func()) {
	if limit <= 0 {
		return func() {}
	}
	crossed := make(chan struct{})
	timer := time.AfterFunc(limit, func() {
		defer close(crossed)
		trace.Keep(ctx, "slow")
		trace.AnnotateSegment(ctx, "slow", true)
		if !j.slow.Swap(true) {
			j.counters.slow.Add(1)
			j.note(ctx, what+" takes longer than "+limit.String())
		}
		j.cfg.Logger.WarnContext(ctx, "run is slow", slog.String("run", j.claim.RunID), slog.String("report", j.def.Name),
			slog.String("period", j.claim.Key.Period.String()), slog.String("stage", what), slog.String("after", limit.String()))
	})
	return func() {
		if !timer.Stop() {
			<-crossed // the segment must not end while it is being marked
		}
	}
}

// note has the ledger write down that the run is slow, for whoever is to hear of it. It is done beside the work, which waits for it
// only at its end.
func (j *attempt) note(ctx context.Context, why string) {
	if j.lease == nil {
		return // a draft
	}
	id := trace.ID(ctx)
	j.noting.Go(func() {
		ctx, cancel := afterwards(trace.Silent(ctx))
		defer cancel()
		_, err := j.cfg.Ledger.Note(ctx, ledger.Condition{
			Name: string(report.AlertSlow) + "/" + j.claim.RunID, Kind: report.AlertSlow, Key: j.claim.Key, RunID: j.claim.RunID,
			Attempt: j.claim.Attempt, TraceID: id, Why: why,
		})
		if err != nil {
			j.cfg.Logger.Warn("nobody is told that a run is slow", "run", j.claim.RunID, "error", err)
		}
	})
}
