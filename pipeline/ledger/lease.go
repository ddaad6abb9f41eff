package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Progress is how far a run is; each renewal carries it.
type Progress struct {
	Stage string
	Rows  int64
}

// Renew sets the lease of c to its full length from now, on a connection of its own, and reports whether somebody asked for
// the run's end. ErrFenced: the run is another's, or ended; the work must stop. A lease that ran out while nobody took it
// over is renewed like any other. A renewal is not repeated here: its time is short, and the next one does as well.
func (s *Store) Renew(ctx context.Context, c Claim, p Progress) (cancelled bool, err error) {
	if s.beat == nil {
		return false, fmt.Errorf("ledger: renew run %q: the ledger was opened without an owner", c.RunID)
	}
	err = s.beat.QueryRow(ctx, `
		UPDATE monthend.runs
		   SET lease_until = clock_timestamp() + @lease::interval, stage = @stage, progress = @rows
		 WHERE run_id = @run AND token = @token AND owner = @owner AND ended_at IS NULL
		RETURNING cancel_asked_at IS NOT NULL`,
		pgx.NamedArgs{"lease": c.Lease, "stage": clip(p.Stage, maxName), "rows": p.Rows,
			"run": c.RunID, "token": c.Token, "owner": c.Owner}).Scan(&cancelled)
	if errors.Is(err, pgx.ErrNoRows) {
		err = s.fenced(ctx, s.beat, c)
	}
	if err != nil {
		return false, fmt.Errorf("ledger: renew run %q: %w", c.RunID, err)
	}
	return cancelled, nil
}

// Release gives the run back after an error that may pass, or because its worker stops: the attempt ends with cause, the
// lease is free at once, and the run stays unended for the next claim. ErrFenced as with Renew; repeating it is safe.
func (s *Store) Release(ctx context.Context, c Claim, cause error) error {
	_, err := s.decide(ctx, c, `SELECT monthend.release(@run, @token, @owner, @why)`, pgx.NamedArgs{"why": causeText(cause)})
	if err != nil {
		return fmt.Errorf("ledger: release run %q: %w", c.RunID, err)
	}
	return nil
}

// decide calls a fenced function of the schema, which answers one word.
func (s *Store) decide(ctx context.Context, c Claim, sql string, args pgx.NamedArgs) (string, error) {
	args["run"], args["token"], args["owner"] = c.RunID, c.Token, c.Owner
	word, err := repeat(ctx, func() (string, error) {
		var word string
		err := s.pool.QueryRow(ctx, sql, args).Scan(&word)
		return word, err
	})
	switch {
	case err != nil:
		return "", err
	case word == "fenced":
		return "", s.fenced(ctx, s.pool, c)
	case word == "cancelled":
		return "", ErrCancelled
	}
	return word, nil
}

// fenced strikes the crash that was counted against c: its owner is here to say that it was frozen or cut off, not dead.
// It returns ErrFenced, with what went wrong beside it.
func (s *Store) fenced(ctx context.Context, on *pgxpool.Pool, c Claim) error {
	_, err := on.Exec(ctx, `
		UPDATE monthend.attempts SET crashed = false, error = 'the lease ran out; its owner came back'
		 WHERE run_id = $1 AND token = $2 AND owner = $3 AND crashed`, c.RunID, c.Token, c.Owner)
	if err != nil {
		return fmt.Errorf("%w (strike its crash: %w)", ErrFenced, err)
	}
	return ErrFenced
}

func causeText(cause error) string {
	if cause == nil {
		return ""
	}
	return clip(cause.Error(), maxText)
}
