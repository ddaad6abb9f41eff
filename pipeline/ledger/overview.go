package ledger

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

// TakeOverview gives a parent whose document over all tenants is to be drawn to one caller, for as long as lease: one that was
// closed, done or partial, since the last was. False: there is none to draw.
func (s *Store) TakeOverview(ctx context.Context, lease time.Duration) (Fanout, bool, error) {
	// Not repeated: what was taken and not answered is taken again when its lease is over.
	var id string
	err := s.pool.QueryRow(ctx, `
		UPDATE monthend.fanouts f SET overview_until = clock_timestamp() + $1::interval
		 WHERE f.request_id = (
			SELECT u.request_id FROM monthend.fanouts u
			 WHERE u.state IN ('done', 'partial') AND u.overview_of < u.closings
			   AND (u.overview_until IS NULL OR u.overview_until < clock_timestamp())
			 ORDER BY u.ended_at LIMIT 1 FOR UPDATE SKIP LOCKED)
		RETURNING f.request_id`, lease).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return Fanout{}, false, nil
	}
	if err != nil {
		return Fanout{}, false, wrapUnlessNil(err, "ledger: take an overview to draw")
	}
	fanout, err := s.Fanout(ctx, id)
	return fanout, err == nil, err
}

// RecordOverview records where the document over all tenants lies, as of a closing of the parent. An older one than is recorded
// writes nothing.
func (s *Store) RecordOverview(ctx context.Context, parent string, closing int, path string) error {
	_, err := repeat(ctx, func() (struct{}, error) {
		_, err := s.pool.Exec(ctx, `
			UPDATE monthend.fanouts SET overview = $3, overview_of = $2, overview_until = NULL
			 WHERE request_id = $1 AND overview_of < $2`, parent, closing, path)
		return struct{}{}, err
	})
	return wrapUnlessNil(err, "ledger: record the overview of request %q", parent)
}
