package schedule

import (
	"context"
	"time"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

// State is how a schedule stands.
type State string

// The states.
const (
	Waiting State = "waiting" // all that was due has been asked for, or found too late
	Due     State = "due"     // a period is due and will be asked for in a moment
	Overdue State = "overdue" // a period was due for longer than Grace: no scheduler runs
	Unseen  State = "unseen"  // no scheduler has met it
)

// Grace is how long after it was due a period may be asked for without anything being wrong.
const Grace = 5 * time.Minute

// Status is how one schedule stands, by the clock of the ledger's database.
type Status struct {
	ID           string
	Report       string
	Schedule     report.Schedule
	State        State
	SeenSince    time.Time          // zero: no scheduler has met it
	Next         report.Firing      // after now
	Due          []report.Firing    // due, and not asked for: oldest first
	Last         *ledger.PastFiring // of the latest period; nil: none
	LastAnswered ledger.Answered    // what there is of that period; "" without one
	LastSuccess  time.Time          // when the report last had a version of one of its periods; zero: never
	SinceSuccess time.Duration      // 0 when never
}

// Statuses are those of all schedules, in the order of the definitions. It changes nothing.
func Statuses(ctx context.Context, books *ledger.Store, definitions []report.Definition) ([]Status, error) {
	now, err := books.Now(ctx)
	if err != nil {
		return nil, err
	}
	out := []Status{}
	for _, e := range entries(definitions) {
		status, err := statusOf(ctx, books, e, now)
		if err != nil {
			return nil, err
		}
		out = append(out, status)
	}
	return out, nil
}

func statusOf(ctx context.Context, books *ledger.Store, e entry, now time.Time) (Status, error) {
	s := Status{ID: e.id, Report: e.report, Schedule: e.Schedule, Next: e.Next(now)}
	var err error
	if s.SeenSince, err = books.SeenSince(ctx, e.id, e.Rhythm()); err != nil {
		return s, err
	}
	past, err := books.Firings(ctx, e.id)
	if err != nil {
		return s, err
	}
	recorded := map[report.Period]bool{}
	for _, f := range past {
		recorded[f.Period] = true
	}
	if len(past) > 0 {
		s.Last = &past[0]
		s.LastAnswered, err = books.Answered(ctx, report.Key{Report: e.report, Period: past[0].Period})
		if err != nil {
			return s, err
		}
	}
	if s.LastSuccess, err = books.LastSuccess(ctx, e.id, e.report, e.Months()); err != nil {
		return s, err
	}
	if !s.LastSuccess.IsZero() {
		s.SinceSuccess = max(now.Sub(s.LastSuccess), 0)
	}
	if s.SeenSince.IsZero() {
		s.State = Unseen
		return s, nil
	}
	s.Due = e.Between(s.SeenSince, now, recorded)
	switch {
	case len(s.Due) == 0:
		s.State = Waiting
	case now.Sub(s.Due[0].At) > Grace:
		s.State = Overdue
	default:
		s.State = Due
	}
	return s, nil
}
