package queue

import (
	"context"
	"time"
)

// tick is the sign of life of the poll loop.
func (c *Consumer) tick() {
	now := c.cfg.Now()
	c.lastTick.Store(&now)
	if c.cfg.Tick != nil {
		c.cfg.Tick(now)
	}
}

// watch reports a poll loop that has not ticked for longer than Stall, and that it ticks again: each once. It only looks and
// tells; whether to end the process is the caller's decision.
func (c *Consumer) watch(ctx context.Context) {
	look := time.NewTicker(max(c.cfg.Stall/4, time.Millisecond))
	defer look.Stop()
	stalled := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
		silent := c.cfg.Now().Sub(*c.lastTick.Load())
		switch {
		case silent > c.cfg.Stall && !stalled:
			stalled = true
			c.counters.stalls.Add(1)
			c.cfg.Logger.Error("the poll loop does not tick, nothing is received", "queue", c.queue.label, "silent", silent)
			if c.cfg.OnStall != nil {
				c.cfg.OnStall(silent)
			}
		case silent <= c.cfg.Stall && stalled:
			stalled = false
			c.cfg.Logger.Info("the poll loop ticks again", "queue", c.queue.label)
		}
	}
}
