package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/monthend/monthend/report"
)

// Condition is something that went wrong, which somebody may have to hear of, once. Its end as failed or data_failed a run notes by
// itself, in the ledger, together with that end.
type Condition struct {
	Name      string // the kind, and what it happened to, such as failed/RUN
	Kind      report.AlertKind
	Key       report.Key
	RunID     string // "" of what is missing, and of a request that led to no run
	RequestID string // of such a request, whose refusal the ledger notes by itself too; else ""
	Attempt   int    // of the run; 0 without one
	TraceID   string // of that attempt
	Why       string // in words
	Extracted int64
	Rejected  int64
	DueAt     time.Time // of what is missing; else zero
	NotedAt   time.Time // by the database's clock; set by the ledger
	Parent    string    // request of all tenants, with whose others it is told; "" by itself; set by the ledger
}

// Note writes a condition down, and reports whether it was not known before.
func (s *Store) Note(ctx context.Context, c Condition) (bool, error) {
	if c.Name == "" || c.Name != clip(c.Name, maxText) {
		return false, fmt.Errorf("ledger: note a condition: its name of %d bytes is not a text of 1 to %d", len(c.Name), maxText)
	}
	var due *time.Time
	if !c.DueAt.IsZero() {
		due = &c.DueAt
	}
	noted, err := repeat(ctx, func() (int64, error) {
		tag, err := s.pool.Exec(ctx, `
			INSERT INTO monthend.conditions (condition, kind, report, tenant, period, run_id, attempt, trace_id, why,
			                                 records_extracted, records_rejected, due_at, noted_at, next_at)
			VALUES (@name, @kind, @report, @tenant, @period, @run, @attempt, @trace, @why, @extracted, @rejected, @due, clock_timestamp(), clock_timestamp())
			    ON CONFLICT (condition) DO NOTHING`,
			pgx.NamedArgs{"name": c.Name, "kind": c.Kind, "report": c.Key.Report, "tenant": c.Key.Tenant, "period": c.Key.Period.String(),
				"run": clip(c.RunID, maxName), "attempt": c.Attempt, "trace": clip(c.TraceID, maxName), "why": clip(c.Why, maxText),
				"extracted": c.Extracted, "rejected": c.Rejected, "due": due})
		return tag.RowsAffected(), err
	})
	return noted > 0, wrapUnlessNil(err, "ledger: note condition %q", c.Name)
}

const selectConditions = `
	SELECT condition, kind, report, tenant, period, run_id, request_id, attempt, trace_id, why, records_extracted, records_rejected, due_at,
	       noted_at, parent
	  FROM monthend.conditions `

// Untold are conditions of which nobody has been told yet, those noted longest ago first. Of a parent's tenants it may answer some
// alone: the others are found by TellTogether.
func (s *Store) Untold(ctx context.Context, most int) ([]Condition, error) {
	conditions, err := repeat(ctx, func() ([]Condition, error) {
		rows, err := s.pool.Query(ctx, selectConditions+`
			 WHERE told_at IS NULL AND next_at <= clock_timestamp()
			 ORDER BY next_at, condition LIMIT $1`, most)
		if err != nil {
			return nil, err
		}
		return pgx.CollectRows(rows, scanCondition)
	})
	return conditions, wrapUnlessNil(err, "ledger: look for what is to be told")
}

func scanCondition(row pgx.CollectableRow) (Condition, error) {
	var c Condition
	var period string
	var due *time.Time
	err := row.Scan(&c.Name, &c.Kind, &c.Key.Report, &c.Key.Tenant, &period, &c.RunID, &c.RequestID, &c.Attempt, &c.TraceID, &c.Why,
		&c.Extracted, &c.Rejected, &due, &c.NotedAt, &c.Parent)
	if err == nil {
		c.Key.Period, err = report.ParsePeriod(period)
	}
	c.DueAt, c.NotedAt = value(due).UTC(), c.NotedAt.UTC()
	return c, err
}

// Told records that the deliveries of a condition are written, one for each of so many recipients; 0 is that there is nobody to tell.
func (s *Store) Told(ctx context.Context, name string, recipients int) error {
	_, err := repeat(ctx, func() (struct{}, error) {
		_, err := s.pool.Exec(ctx, `
			UPDATE monthend.conditions SET told_at = clock_timestamp(), recipients = $2 WHERE condition = $1 AND told_at IS NULL`, name, recipients)
		return struct{}{}, err
	})
	return wrapUnlessNil(err, "ledger: record condition %q as told", name)
}

// TellLater has a condition looked at again after a while, for somebody who knows whom to tell.
func (s *Store) TellLater(ctx context.Context, name string, after time.Duration) error {
	_, err := s.pool.Exec(ctx, `
		UPDATE monthend.conditions SET next_at = clock_timestamp() + $2::interval WHERE condition = $1 AND told_at IS NULL`, name, after)
	return wrapUnlessNil(err, "ledger: put condition %q off", name)
}
