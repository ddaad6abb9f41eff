package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/monthend/monthend/report"
)

// Firing is one period of a schedule that is due, with the message that asks for it.
type Firing struct {
	Schedule    string // what it is called, see report.ScheduleID
	Rhythm      string // as it was met
	Report      string
	Period      report.Period
	DueAt       time.Time
	CatchUp     time.Duration // due longer ago than this it is missed
	RequestID   string
	Body        []byte // the job message
	TraceHeader string // of the trace that the firing begins; "" for none
}

// Fired is what became of a firing.
type Fired string

// The answers of Fire. Only the first one has put a message into the outbox.
const (
	FiredNow    Fired = "fired"
	FiredBefore Fired = "again"  // by whomever: a period is asked for once
	FiredEarly  Fired = "early"  // it is not due yet, by the database's clock
	FiredUnseen Fired = "unseen" // it was due before its schedule was known
	FiredMissed Fired = "missed" // it was due too long ago; recorded, and never asked for by this schedule
)

// Meet is since when a schedule of this rhythm is known: since now, if nobody has met it before.
func (s *Store) Meet(ctx context.Context, schedule, rhythm, reportName string) (time.Time, error) {
	since, err := repeat(ctx, func() (time.Time, error) {
		var since time.Time
		err := s.pool.QueryRow(ctx, `SELECT monthend.meet($1, $2, $3)`, schedule, rhythm, reportName).Scan(&since)
		return since.UTC(), err
	})
	return since, wrapUnlessNil(err, "ledger: meet schedule %q", schedule)
}

// Fire asks for one period of a schedule: its row and its message are written together, once, whoever fires and however often.
func (s *Store) Fire(ctx context.Context, f Firing) (Fired, error) {
	posting := Posting{RequestID: f.RequestID, Key: report.Key{Report: f.Report, Period: f.Period}, Body: f.Body}
	err := posting.check()
	if err != nil {
		return "", fmt.Errorf("ledger: fire schedule %q for %s: %w", f.Schedule, f.Period, err)
	}
	fired, err := repeat(ctx, func() (Fired, error) {
		var fired Fired
		err := s.pool.QueryRow(ctx, `
			SELECT monthend.fire(@schedule, @rhythm, @report, @period, @due, @window, @request, @body, @header)`,
			pgx.NamedArgs{"schedule": f.Schedule, "rhythm": f.Rhythm, "report": f.Report, "period": f.Period.String(), "due": f.DueAt,
				"window": f.CatchUp, "request": f.RequestID, "body": string(f.Body), "header": f.TraceHeader}).Scan(&fired)
		return fired, err
	})
	return fired, wrapUnlessNil(err, "ledger: fire schedule %q for %s", f.Schedule, f.Period)
}

// PastFiring is a firing that is over.
type PastFiring struct {
	Period    report.Period
	DueAt     time.Time
	FiredAt   time.Time
	RequestID string // "": missed, and not asked for
}

// Firings are those of a schedule, the latest period first.
func (s *Store) Firings(ctx context.Context, schedule string) ([]PastFiring, error) {
	firings, err := repeat(ctx, func() ([]PastFiring, error) {
		rows, err := s.pool.Query(ctx, `
			SELECT period, due_at, fired_at, coalesce(request_id, '') FROM monthend.firings WHERE schedule = $1 ORDER BY period DESC`, schedule)
		if err != nil {
			return nil, err
		}
		return pgx.CollectRows(rows, func(row pgx.CollectableRow) (PastFiring, error) {
			var f PastFiring
			var period string
			err := row.Scan(&period, &f.DueAt, &f.FiredAt, &f.RequestID)
			if err == nil {
				f.Period, err = report.ParsePeriod(period)
			}
			f.DueAt, f.FiredAt = f.DueAt.UTC(), f.FiredAt.UTC()
			return f, err
		})
	})
	return firings, wrapUnlessNil(err, "ledger: read the firings of schedule %q", schedule)
}

// SeenSince is since when a schedule of this rhythm is known; zero when nobody has met it.
func (s *Store) SeenSince(ctx context.Context, schedule, rhythm string) (time.Time, error) {
	var since *time.Time
	err := s.pool.QueryRow(ctx, `
		SELECT max(first_seen_at) FROM monthend.schedules WHERE schedule = $1 AND rhythm = $2`, schedule, rhythm).Scan(&since)
	return value(since).UTC(), wrapUnlessNil(err, "ledger: look up schedule %q", schedule)
}
