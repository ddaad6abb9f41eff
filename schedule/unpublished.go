package schedule

import (
	"context"
	"time"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

// lookBack is how long ago a period may have had to be published and still be told as missing.
const lookBack = 366 * 24 * time.Hour

// Unpublished is a period that has to be published and is not.
type Unpublished struct {
	Report string
	Period report.Period
	DueBy  time.Time     // when it had to be
	Late   time.Duration // since then, by the ledger's clock
}

// DueNotPublished are the periods of all reports with a due_by that had to be published in the last 366 days and are not, in the
// order of the definitions, the oldest first. What was due before anybody asked here, or before a scheduler ran, does not count.
func DueNotPublished(ctx context.Context, books *ledger.Store, definitions []report.Definition) ([]Unpublished, error) {
	var out []Unpublished
	var now time.Time
	for _, def := range definitions {
		if def.DueBy == nil {
			continue
		}
		// Met before the clock is asked: of what is met here and now nothing is late.
		since, err := books.Meet(ctx, def.Name, dueByRhythm(*def.DueBy), def.Name)
		if err != nil {
			return nil, err
		}
		if now.IsZero() {
			if now, err = books.Now(ctx); err != nil {
				return nil, err
			}
		}
		if back := now.Add(-lookBack); since.Before(back) {
			since = back
		}
		missing, err := unpublishedOf(ctx, books, def, since, now)
		if err != nil {
			return nil, err
		}
		out = append(out, missing...)
	}
	return out, nil
}

func unpublishedOf(ctx context.Context, books *ledger.Store, def report.Definition, since, now time.Time) ([]Unpublished, error) {
	firings := def.DueBy.Between(since, now, nil)
	if len(firings) == 0 {
		return nil, nil
	}
	dueBy := map[report.Period]time.Time{}
	periods := make([]report.Period, len(firings))
	for i, f := range firings {
		periods[i], dueBy[f.Period] = f.Period, f.At
	}
	missing, err := books.Unpublished(ctx, def.Name, periods)
	out := make([]Unpublished, len(missing))
	for i, p := range missing {
		out[i] = Unpublished{Report: def.Name, Period: p, DueBy: dueBy[p], Late: now.Sub(dueBy[p])}
	}
	return out, err
}
