package ledger

import (
	"context"
	"fmt"
)

// CancelRequest asks for the end of a request, in the name of by. One that led to a run asks for the run's end, as Cancel
// does, whoever else waits for it; one that waits for another run is over at once.
//
// Where unmet is set, a request that no worker has met yet is recorded as cancelled, though nobody knows whether it exists:
// the message that brings it, if one does, is Settled by that. Otherwise it is ErrNotFound.
func (s *Store) CancelRequest(ctx context.Context, id, by string, unmet bool) (CancelAnswer, error) {
	if id == "" || id != clip(id, maxName) {
		return "", fmt.Errorf("ledger: cancel a request: its id of %d bytes is not a text of 1 to %d", len(id), maxName)
	}
	word, err := repeat(ctx, func() (CancelAnswer, error) {
		var word CancelAnswer
		err := s.pool.QueryRow(ctx, `SELECT monthend.cancel_request($1, $2, $3)`, id, clip(by, maxName), unmet).Scan(&word)
		return word, err
	})
	if err == nil && word == "unknown" {
		err = ErrNotFound
	}
	if err != nil {
		return "", fmt.Errorf("ledger: cancel request %q: %w", id, err)
	}
	return word, nil
}
