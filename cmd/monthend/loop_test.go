package main

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A loop that ends by itself or panics is told of and begun again, and its end is waited for.
func TestLoopHasNoSilentEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told strings.Builder
		var turns atomic.Int64
		ended := false
		stop := beside(t.Context(), slog.New(slog.NewTextHandler(&told, nil)), loop{"turner", func(ctx context.Context) error {
			switch turns.Add(1) {
			case 1:
				return errors.New("slipped")
			case 2:
				panic("fell")
			}
			<-ctx.Done()
			ended = true
			return ctx.Err()
		}})
		for turns.Load() < 3 {
			<-time.After(loopPace.Cap)
			synctest.Wait()
		}
		stop()
		if !ended {
			t.Error("stop did not wait for the loop")
		}
		for _, want := range []string{"slipped", "panic: fell", "loop=turner"} {
			if !strings.Contains(told.String(), want) {
				t.Errorf("the log does not tell %q:\n%s", want, told.String())
			}
		}
	})
}
