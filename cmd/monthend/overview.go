package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/monthend/monthend/pipeline"
	"github.com/monthend/monthend/queue"
)

// overviewEvery is how often a worker looks for a document over all tenants that is to be drawn.
const overviewEvery = 2 * time.Second

// overviewLoop draws the document over all tenants of every parent that ends. One worker draws each.
func overviewLoop(runner *pipeline.Runner, logger *slog.Logger) loop {
	return loop{name: "overview", run: func(ctx context.Context) error {
		backoff := queue.Backoff{Base: overviewEvery, Cap: 2 * time.Minute}
		for failures := 0; ; {
			pause := overviewEvery
			drawn, err := runner.Overview(ctx)
			switch {
			case ctx.Err() != nil:
				return nil
			case err != nil:
				failures++
				pause += backoff.Delay(failures)
				logger.WarnContext(ctx, "no overview was drawn; it is tried again", "error", err)
			case drawn:
				failures, pause = 0, 0
			default:
				failures = 0
			}
			if !sleep(ctx, pause) {
				return nil
			}
		}
	}}
}
