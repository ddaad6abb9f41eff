package ledger

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/monthend/monthend/report"
)

// LastSuccess is when a report last got a version of one of these months of a year (1 to 12), or the versions of all its tenants,
// or when an asking of this schedule was last answered well; zero when none of it ever was.
func (s *Store) LastSuccess(ctx context.Context, schedule, reportName string, months []int) (time.Time, error) {
	var last *time.Time
	err := s.pool.QueryRow(ctx, `
		SELECT greatest(
		       (SELECT max(v.published_at) FROM monthend.versions v
		         WHERE v.report = $2 AND v.tenant = '' AND right(v.period, 2)::integer = ANY ($3)),
		       (SELECT max(f.ended_at) FROM monthend.fanouts f JOIN monthend.requests r USING (request_id)
		         WHERE f.state = 'done' AND r.report = $2 AND right(r.period, 2)::integer = ANY ($3)),
		       (SELECT max(r.ended_at) FROM monthend.firings f JOIN monthend.requests r USING (request_id)
		         WHERE f.schedule = $1 AND r.outcome IN ('published', 'duplicate', 'unchanged')))`,
		schedule, reportName, months).Scan(&last)
	return value(last).UTC(), wrapUnlessNil(err, "ledger: read the last success of schedule %q", schedule)
}

// Unpublished are those of the periods that a report has no version of, in their order. An asking for all tenants counts as one when
// each of them has a version.
func (s *Store) Unpublished(ctx context.Context, reportName string, periods []report.Period) ([]report.Period, error) {
	texts := make([]string, len(periods))
	for i, p := range periods {
		texts[i] = p.String()
	}
	rows, err := s.pool.Query(ctx, `
		SELECT asked.period FROM unnest($2::text[]) WITH ORDINALITY AS asked (period, nth)
		 WHERE monthend.answered($1, '', asked.period) <> 'published'
		 ORDER BY asked.nth`, reportName, texts)
	if err != nil {
		return nil, wrapUnlessNil(err, "ledger: look for unpublished periods of %q", reportName)
	}
	missing, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (report.Period, error) {
		var text string
		if err := row.Scan(&text); err != nil {
			return report.Period{}, err
		}
		return report.ParsePeriod(text)
	})
	return missing, wrapUnlessNil(err, "ledger: look for unpublished periods of %q", reportName)
}
