package pipeline

import (
	"context"
	"log/slog"
	"time"

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
