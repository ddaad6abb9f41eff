package pipeline

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/trace"
)

// lease keeps a claim alive while an attempt works on it, and ends the work when the claim is no longer ours.
type lease struct {
	cancel context.CancelCauseFunc
	done   chan struct{}
	quit   chan struct{}
	once   sync.Once

	mu       sync.Mutex
	progress ledger.Progress // written by the attempt, read by the renewing goroutine
}

// hold starts renewing claim. The returned context ends with ErrLeaseLost when a renewal is refused or none has succeeded
// for FenceAfter, and with ErrCancelled when somebody asked for the run's end. stop must be called.
func (r *Runner) hold(ctx context.Context, claim ledger.Claim) (context.Context, *lease) {
	work, cancel := context.WithCancelCause(ctx)
	l := &lease{cancel: cancel, done: make(chan struct{}), quit: make(chan struct{})}
	// Renewals go on while cancelled work winds down: the lease must outlive the work, never the other way round.
	go l.renew(trace.Silent(context.WithoutCancel(ctx)), r.cfg, claim)
	return work, l
}

// tell stores what the next renewal carries to the ledger.
func (l *lease) tell(p ledger.Progress) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.progress = p
}

func (l *lease) told() ledger.Progress {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.progress
}

// stop ends the renewals and waits for the last one. It may be called more than once.
func (l *lease) stop() {
	l.once.Do(func() { close(l.quit) })
	<-l.done
	l.cancel(nil)
}

// retryRenewal is how soon a renewal that failed is tried again.
const retryRenewal = time.Second

// renew is the renewing goroutine; it ends with stop or with the lease.
func (l *lease) renew(ctx context.Context, cfg Config, claim ledger.Claim) {
	defer close(l.done)
	timer := time.NewTimer(cfg.RenewEvery)
	defer timer.Stop()

	// The fence is measured from when the last successful renewal was sent, not from when its answer came: the
	// database counted from some instant between the two.
	sent := cfg.Now()
	for {
		select {
		case <-l.quit:
			return
		case <-timer.C:
		}
		trying := cfg.Now()
		err := l.renewOnce(ctx, cfg, claim, cfg.FenceAfter-trying.Sub(sent))
		if err == nil {
			sent = trying
			timer.Reset(cfg.RenewEvery)
			continue
		}
		left := cfg.FenceAfter - cfg.Now().Sub(sent)
		if errors.Is(err, ledger.ErrFenced) || left <= 0 {
			l.cancel(fmt.Errorf("%w: %w", ErrLeaseLost, err))
			return
		}
		cfg.Logger.Warn("lease not renewed", "run", claim.RunID, "fence_in", left, "error", err)
		timer.Reset(min(retryRenewal, left))
	}
}

// renewOnce sends one renewal, which must answer before the fence.
func (l *lease) renewOnce(ctx context.Context, cfg Config, claim ledger.Claim, left time.Duration) error {
	ctx, cancel := context.WithTimeoutCause(ctx, min(max(left, 0), cfg.RenewEvery), errRenewalSlow)
	defer cancel()
	cancelled, err := cfg.Ledger.Renew(ctx, claim, l.told())
	if cancelled {
		l.cancel(ErrCancelled)
	}
	return err
}

var errRenewalSlow = errors.New("the ledger did not answer a renewal in time")
