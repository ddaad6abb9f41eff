package ledger

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/monthend/monthend/report"
)

// Published is a page of the keys that f picks and that have a version: up to f.Limit of them, those after the key given, by
// report, tenant and period. The zero key begins; an empty page is the end.
func (s *Store) Published(ctx context.Context, f Filter, after report.Key) ([]report.Key, error) {
	if f.Limit <= 0 {
		f.Limit = defaultLimit
	}
	args := pgx.NamedArgs{"report": f.Report, "tenant": f.Tenant, "period": "", "limit": f.Limit,
		"after_report": after.Report, "after_tenant": after.Tenant, "after_period": ""}
	if !f.Period.IsZero() {
		args["period"] = f.Period.String()
	}
	if !after.Period.IsZero() {
		args["after_period"] = after.Period.String()
	}
	keys, err := repeat(ctx, func() ([]report.Key, error) {
		rows, err := s.pool.Query(ctx, `
			SELECT report, tenant, period FROM monthend.current
			 WHERE (@report = '' OR report = @report) AND (@period = '' OR period = @period) AND (@tenant = '' OR tenant = @tenant)
			   AND (report::text, tenant::text, period::text) > (@after_report, @after_tenant, @after_period)
			 ORDER BY report::text, tenant::text, period::text LIMIT @limit`, args)
		if err != nil {
			return nil, err
		}
		return pgx.CollectRows(rows, func(row pgx.CollectableRow) (report.Key, error) {
			var key report.Key
			var period string
			err := row.Scan(&key.Report, &key.Tenant, &period)
			if err == nil {
				key.Period, err = report.ParsePeriod(period)
			}
			return key, err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("ledger: list what is published: %w", err)
	}
	return keys, nil
}
