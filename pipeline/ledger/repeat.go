package ledger

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// pauses are how long a statement waits before each repetition, about as long as a restarted database takes. Beyond them
// the caller's own way of trying again is the better one.
var pauses = []time.Duration{50 * time.Millisecond, 250 * time.Millisecond, time.Second}

// repeat runs fn again when it is not known, or known not, to have taken effect. fn must look before it writes: each
// deciding function of the schema does.
func repeat[T any](ctx context.Context, fn func() (T, error)) (T, error) {
	for _, pause := range pauses {
		result, err := fn()
		if err == nil || !repeatable(err) || ctx.Err() != nil {
			return result, err
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return result, err
		case <-timer.C:
		}
	}
	return fn()
}

// repeatable tells a lost answer and a passing refusal from a considered one.
func repeatable(err error) bool {
	var refused *pgconn.PgError
	if !errors.As(err, &refused) {
		// Not an answer of the database: the connection broke, before the statement or after its effect.
		return !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
	}
	switch refused.Code {
	case "40001", "40P01", // serialisation, deadlock
		"25006",                   // read only: a failover is under way
		"23505",                   // two first deliveries of one request id at once; the repeat sees the winner
		"57P01", "57P02", "57P03": // shutting down, crashed, starting up
		return true
	}
	return strings.HasPrefix(refused.Code, "08") // connection
}
