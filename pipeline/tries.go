package pipeline

import (
	"context"
	"strings"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/trace"
)

// stoppedError ends an attempt whose worker was told to stop. The ledger keeps its text, by which such attempts are told from
// those that met an error.
type stoppedError struct{ cause error }

const stopped = "worker stopped: "

func (e *stoppedError) Error() string { return stopped + e.cause.Error() }

func (e *stoppedError) Unwrap() error { return e.cause }

// spent reports whether a run that met a transient error has had its tries: MaxAttempts of them ended with one. A crash has
// a count of its own; what was stopped or released with its worker, or found the source not ready, has none.
func (j *attempt) spent(ctx context.Context) bool {
	if j.claim.Attempt < j.cfg.MaxAttempts {
		return false
	}
	ctx, cancel := afterwards(trace.Silent(ctx))
	defer cancel()
	attempts, err := j.cfg.Ledger.Attempts(ctx, j.claim.RunID)
	if err != nil {
		return false // without the ledger nothing could be ended either
	}
	tries := 1 // this one
	for _, a := range unended(attempts) {
		if !a.EndedAt.IsZero() && !a.Crashed && !strings.HasPrefix(a.Error, stopped) && !strings.HasPrefix(a.Error, notReady) {
			tries++
		}
	}
	return tries >= j.cfg.MaxAttempts
}

// unended are the attempts after the last one that gave the run an outcome: somebody who retries an ended run means to try
// it anew.
func unended(attempts []ledger.Attempt) []ledger.Attempt {
	for i := len(attempts); i > 0; i-- {
		if attempts[i-1].Outcome != "" {
			return attempts[i:]
		}
	}
	return attempts
}
