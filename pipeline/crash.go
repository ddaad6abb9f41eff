package pipeline

import (
	"context"
	"fmt"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/trace"
)

// CrashError says that a run ended its worker again and again, with nothing beside it to blame.
type CrashError struct{ Times int }

func (e *CrashError) Error() string {
	return fmt.Sprintf("crashed %d times while worked alone", e.Times)
}

// admit lets a run that was never in a crash through. Any other was in work when its worker died, perhaps beside the one to
// blame: it waits until this process works on nothing else and is worked alone, so that its next crash has one suspect. A
// run that crashed CrashLimit times alone is failed, before it ends the next worker.
func (j *attempt) admit(ctx context.Context) error {
	if j.claim.Crashes == 0 {
		return nil
	}
	ctx = trace.Silent(ctx)
	attempts, err := j.cfg.Ledger.Attempts(ctx, j.claim.RunID)
	if err != nil {
		return fmt.Errorf("count the crashes of run %q: %w", j.claim.RunID, err)
	}
	n := crashesAlone(attempts)
	if n >= j.cfg.CrashLimit {
		return &CrashError{Times: n}
	}
	j.cfg.Logger.Warn("run was in work when a worker died, it is worked alone", "run", j.claim.RunID,
		"crashes", j.claim.Crashes, "alone", n, "limit", j.cfg.CrashLimit)
	// The lease is renewed meanwhile, and nobody new comes in: the wait lasts as long as what is in work.
	j.advance(Progress{Stage: StageClaim, Step: "alone"})
	if err := j.pass.alone(ctx); err != nil {
		return err
	}
	return j.cfg.Ledger.WorkAlone(ctx, j.claim)
}

// crashesAlone is how many attempts crashed while worked alone.
func crashesAlone(attempts []ledger.Attempt) int {
	n := 0
	for _, a := range unended(attempts) {
		if a.Crashed && a.Alone {
			n++
		}
	}
	return n
}
