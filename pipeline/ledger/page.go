package ledger

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/monthend/monthend/report"
)

// Page is a part of the list of runs, the newest first. An empty field picks all; a tenant "" is that of reports without tenants.
type Page struct {
	Reports []string
	Tenants []string
	Period  report.Period
	Outcome report.Outcome
	Unended bool // those without an outcome, whatever Outcome says
	After   Place
	Limit   int // 0 is 50
}

// Place is where a run stands in the list; the next page begins after it. The zero Place begins the list.
type Place struct {
	CreatedAt time.Time // to the microsecond
	RunID     string
}

// Place is where r stands in the list of runs.
func (r Run) Place() Place { return Place{r.CreatedAt, r.RunID} }

// RunPage is one page of runs. A run that is made meanwhile comes before it and shifts nothing.
func (s *Store) RunPage(ctx context.Context, p Page) ([]Run, error) {
	if p.Limit <= 0 {
		p.Limit = defaultLimit
	}
	period := ""
	if !p.Period.IsZero() {
		period = p.Period.String()
	}
	args := pgx.NamedArgs{"reports": p.Reports, "tenants": p.Tenants, "period": period, "outcome": p.Outcome, "unended": p.Unended,
		"at": nil, "id": p.After.RunID, "limit": p.Limit}
	if !p.After.CreatedAt.IsZero() {
		args["at"] = p.After.CreatedAt
	}
	runs, err := s.runs(ctx, `
		WHERE (cardinality(coalesce(@reports::text[], '{}')) = 0 OR report = ANY (@reports::text[]))
		  AND (cardinality(coalesce(@tenants::text[], '{}')) = 0 OR tenant = ANY (@tenants::text[]))
		  AND (@period = '' OR period = @period)
		  AND CASE WHEN @unended THEN ended_at IS NULL ELSE @outcome = '' OR outcome = @outcome END
		  AND (@at::timestamptz IS NULL OR (created_at, run_id) < (@at::timestamptz, @id::text COLLATE "C"))
		ORDER BY created_at DESC, run_id DESC LIMIT @limit`, args)
	return runs, wrapUnlessNil(err, "ledger: list runs")
}
