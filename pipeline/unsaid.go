package pipeline

import (
	"context"
	"errors"
	"sync"

	"github.com/monthend/monthend/pipeline/ledger"
)

// unsaid are claims that this process gave up while the ledger could not be told. To the ledger they look like crashes; as
// soon as it answers it is told that their owner lives, and strikes what it counted.
type unsaid struct {
	mu     sync.Mutex
	claims []ledger.Claim
}

func (u *unsaid) add(c ledger.Claim) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.claims = append(u.claims, c)
}

func (u *unsaid) takeAll() []ledger.Claim {
	u.mu.Lock()
	defer u.mu.Unlock()
	taken := u.claims
	u.claims = nil
	return taken
}

var errToldLate = errors.New("given up while the ledger could not be reached")

// say tells the ledger what it was not told. A claim that it no longer holds for ours is said as well: it was taken over, and
// asking strikes the crash.
func (r *Runner) say(ctx context.Context) {
	for _, claim := range r.unsaid.takeAll() {
		err := r.cfg.Ledger.Release(ctx, claim, errToldLate)
		if err != nil && !errors.Is(err, ledger.ErrFenced) {
			r.unsaid.add(claim)
		}
	}
}
