package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// CancelAsked reports whether somebody asked for the end of c's run: a look between two renewals, on their connection, that
// writes nothing. ErrFenced as with Renew.
func (s *Store) CancelAsked(ctx context.Context, c Claim) (asked bool, err error) {
	if s.beat == nil {
		return false, fmt.Errorf("ledger: look after run %q: the ledger was opened without an owner", c.RunID)
	}
	err = s.beat.QueryRow(ctx, `
		SELECT cancel_asked_at IS NOT NULL
		  FROM monthend.runs
		 WHERE run_id = $1 AND token = $2 AND owner = $3 AND ended_at IS NULL`, c.RunID, c.Token, c.Owner).Scan(&asked)
	if errors.Is(err, pgx.ErrNoRows) {
		err = s.fenced(ctx, s.beat, c)
	}
	if err != nil {
		return false, fmt.Errorf("ledger: look after run %q: %w", c.RunID, err)
	}
	return asked, nil
}

// WorkAlone records that the owner of c works on nothing else from now until its attempt ends: should that end be a crash,
// this run and no other is to blame. ErrFenced as with Renew; repeating it is safe.
func (s *Store) WorkAlone(ctx context.Context, c Claim) error {
	held, err := repeat(ctx, func() (bool, error) {
		tag, err := s.pool.Exec(ctx, `
			UPDATE monthend.attempts a SET alone = true
			  FROM monthend.runs r
			 WHERE r.run_id = $1 AND r.token = $2 AND r.owner = $3 AND r.ended_at IS NULL
			   AND a.run_id = r.run_id AND a.token = r.token AND a.ended_at IS NULL`, c.RunID, c.Token, c.Owner)
		return tag.RowsAffected() == 1, err
	})
	if err == nil && !held {
		err = s.fenced(ctx, s.pool, c)
	}
	if err != nil {
		return fmt.Errorf("ledger: work run %q alone: %w", c.RunID, err)
	}
	return nil
}
