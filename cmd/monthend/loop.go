package main

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/monthend/monthend/queue"
)

// loop is what a process does beside its work for as long as it lives. Run goes on until ctx ends and rides out outages by itself;
// when it returns all the same, or panics, that is logged and it is begun anew: a loop has no silent end.
type loop struct {
	name string
	run  func(ctx context.Context) error
}

// loopEnd is how long the loops of a process that ends are waited for.
const loopEnd = 10 * time.Second

// loopPace spaces the beginnings of a loop that ends by itself.
var loopPace = queue.Backoff{Base: time.Second, Cap: 30 * time.Second}

// beside runs the loops until ctx ends or stop is called. Stop waits for them, but for no longer than loopEnd.
func beside(ctx context.Context, logger *slog.Logger, loops ...loop) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	for _, l := range loops {
		running.Go(func() { l.keep(ctx, logger) })
	}
	return func() {
		cancel()
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			running.Wait()
		}()
		timer := time.NewTimer(loopEnd)
		defer timer.Stop()
		select {
		case <-ended:
		case <-timer.C:
			logger.Warn("ended without waiting any longer for what goes on beside the work")
		}
	}
}

// keep begins the loop again and again.
func (l loop) keep(ctx context.Context, logger *slog.Logger) {
	for failures := 1; ; failures++ {
		began := time.Now()
		err := l.once(ctx)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > loopPace.Cap {
			failures = 1
		}
		logger.Error("a loop ended and is begun again", "loop", l.name, "error", err)
		timer := time.NewTimer(loopPace.Delay(failures))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

func (l loop) once(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return l.run(ctx)
}
