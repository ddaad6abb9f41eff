package ledger

import (
	"context"
	"errors"
	"fmt"
)

// CancelRequest asks for the end of a request, in the name of by. One that led to a run asks for the run's end, as Cancel
// does, whoever else waits for it; one that waits for another run is over at once; the parent of all tenants is CancelFanout's.
//
// Where unmet is set, a request that no worker has met yet is recorded as cancelled, though nobody knows whether it exists:
// the message that brings it, if one does, is Settled by that. Otherwise it is ErrNotFound.
func (s *Store) CancelRequest(ctx context.Context, id, by string, unmet bool) (CancelAnswer, error) {
	if id == "" || id != clip(id, maxName) {
		return "", fmt.Errorf("ledger: cancel a request: its id of %d bytes is not a text of 1 to %d", len(id), maxName)
	}
	answer, err := s.cancelFanout(ctx, id, clip(by, maxName))
	if errors.Is(err, ErrNotFound) {
		answer, err = s.cancelRequest(ctx, id, by, unmet)
	}
	return answer, wrapUnlessNil(err, "ledger: cancel request %q", id)
}

func (s *Store) cancelRequest(ctx context.Context, id, by string, unmet bool) (CancelAnswer, error) {
	return s.cancelWord(ctx, `SELECT monthend.cancel_request($1, $2, $3)`, id, clip(by, maxName), unmet)
}

// cancelWord asks the schema to cancel and understands its answer.
func (s *Store) cancelWord(ctx context.Context, sql string, args ...any) (CancelAnswer, error) {
	word, err := repeat(ctx, func() (CancelAnswer, error) {
		var word CancelAnswer
		err := s.pool.QueryRow(ctx, sql, args...).Scan(&word)
		return word, err
	})
	if err == nil && word == "unknown" {
		err = ErrNotFound
	}
	return word, err
}
