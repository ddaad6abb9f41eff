package deliver

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/trace"
)

// hold renews the lease of a delivery under way until the function it returns is called. It ends the work, with errLost as the
// cause, when somebody else has the delivery, and before the lease runs out when it could not be renewed: by monotonic time since
// the last renewal that succeeded was sent, for no answer says when it was.
func (d *Deliverer) hold(ctx context.Context, taken ledger.Delivery, end context.CancelCauseFunc) (stop func()) {
	ctx, cancel := context.WithCancel(trace.Silent(ctx))
	every, most := d.cfg.Lease/4, d.cfg.Lease*3/4
	var renewing sync.WaitGroup
	renewing.Go(func() {
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		fence := time.AfterFunc(most, func() { end(errLost) })
		defer fence.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			sent := time.Now()
			bounded, done := context.WithTimeout(ctx, every)
			err := d.cfg.Ledger.RenewDelivery(bounded, taken, d.cfg.Lease)
			done()
			switch {
			case err == nil:
				fence.Reset(most - time.Since(sent))
			case errors.Is(err, ledger.ErrFenced):
				end(errLost)
				return
			}
		}
	})
	return func() {
		cancel()
		renewing.Wait()
	}
}
