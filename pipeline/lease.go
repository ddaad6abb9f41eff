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
	cfg    Config
	claim  ledger.Claim
	count  *counters
	cancel context.CancelCauseFunc // of the work
	quit   context.CancelFunc      // of the renewals
	done   chan struct{}

	mu       sync.Mutex
	progress ledger.Progress // written by the attempt, read by the renewing goroutine
}

// hold keeps claim, which was asked for at sent. The returned context ends with ErrLeaseLost when the ledger says so, with
// ErrUnrenewed when no renewal has succeeded for FenceAfter, and with ErrCancelled when somebody asked for the run's end.
// stop must be called.
func (r *Runner) hold(ctx context.Context, claim ledger.Claim, sent time.Time) (context.Context, *lease) {
	work, cancel := context.WithCancelCause(ctx)
	// Renewals go on while cancelled work winds down: the lease must outlive the work, never the other way round.
	renewals, quit := context.WithCancel(trace.Silent(context.WithoutCancel(ctx)))
	l := &lease{cfg: r.cfg, claim: claim, count: &r.counters, cancel: cancel, quit: quit, done: make(chan struct{})}
	go l.keep(renewals, sent)
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

// stop ends the renewals, the one under way as well. It may be called more than once.
func (l *lease) stop() {
	l.quit()
	<-l.done
	l.cancel(nil)
}

// retryRenewal is how soon a renewal that failed is tried again.
const retryRenewal = time.Second

// keep is the renewing goroutine; it ends with stop or with the lease. Between two renewals it looks whether somebody asked
// for the run's end: one goroutine and one connection for both, so that neither gets into the other's way.
func (l *lease) keep(ctx context.Context, sent time.Time) {
	defer close(l.done)
	// The fence is measured from when the last successful renewal was sent, not from when its answer came: the
	// database counted from some instant between the two. The claim itself was the first.
	due := sent.Add(l.cfg.RenewEvery)
	for l.pause(ctx, due) {
		now := l.cfg.Now()
		if now.Before(due) {
			if !l.look(ctx, due.Sub(now)) {
				return
			}
			continue
		}
		err := l.renew(ctx, l.cfg.FenceAfter-now.Sub(sent))
		left := l.cfg.FenceAfter - l.cfg.Now().Sub(sent)
		if err != nil && ctx.Err() == nil {
			l.count.unrenewed.Add(1)
		}
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			l.count.renewed.Add(1)
			sent, due = now, now.Add(l.cfg.RenewEvery)
		case errors.Is(err, ledger.ErrFenced):
			l.cancel(fmt.Errorf("%w: %w", ErrLeaseLost, err))
			return
		case left <= 0:
			l.cancel(fmt.Errorf("%w: %w", ErrUnrenewed, err))
			return
		default:
			l.cfg.Logger.Warn("lease not renewed", "run", l.claim.RunID, "fence_in", left, "error", err)
			due = l.cfg.Now().Add(min(retryRenewal, left))
		}
	}
}

// pause waits for the next look, or for the renewal where that is near, and reports whether to go on. A look right before a
// renewal would have no time to be answered, and one cut short costs the connection.
func (l *lease) pause(ctx context.Context, due time.Time) bool {
	wait := due.Sub(l.cfg.Now())
	if wait > l.cfg.LookEvery+l.cfg.LookEvery/2 {
		wait = l.cfg.LookEvery
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// renew sends one renewal, which must answer before the fence.
func (l *lease) renew(ctx context.Context, left time.Duration) error {
	ctx, cancel := context.WithTimeoutCause(ctx, min(max(left, 0), l.cfg.RenewEvery), errRenewalSlow)
	defer cancel()
	cancelled, err := l.cfg.Ledger.Renew(ctx, l.claim, l.told())
	if cancelled {
		l.cancel(ErrCancelled)
	}
	return err
}

// look asks whether the run was cancelled, or the lease lost, until the next renewal is due. It reports whether the lease may
// still be held: a look that brings no answer says nothing, the renewal after it will.
func (l *lease) look(ctx context.Context, left time.Duration) bool {
	ctx, cancel := context.WithTimeoutCause(ctx, left, errRenewalSlow)
	defer cancel()
	cancelled, err := l.cfg.Ledger.CancelAsked(ctx, l.claim)
	if cancelled {
		l.cancel(ErrCancelled)
	}
	if errors.Is(err, ledger.ErrFenced) {
		l.cancel(fmt.Errorf("%w: %w", ErrLeaseLost, err))
		return false
	}
	return true
}

var errRenewalSlow = errors.New("the ledger did not answer a renewal in time")
