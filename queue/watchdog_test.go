package queue_test

import (
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/monthend/monthend/queue"
)

func TestStallIsReportedOnce(t *testing.T) {
	s := newStand(t, false)
	var log buffer
	var ticks atomic.Int32
	stalls, release, again := make(chan time.Duration, 100), make(chan struct{}), make(chan struct{}, 1000)
	r := s.consume(queue.ConsumerConfig{
		Wait:   time.Second,
		Stall:  3 * time.Second,
		Logger: slog.New(slog.NewTextHandler(&log, nil)),
		Tick: func(time.Time) {
			// The first tick is Run's, the second the loop's own: it hangs there, as on a dead disk.
			if ticks.Add(1) == 2 {
				<-release
			}
			again <- struct{}{}
		},
		OnStall: func(silent time.Duration) { stalls <- silent },
	}, always(queue.Delete()))
	if got := take(t, stalls, "the stall"); got <= 3*time.Second {
		t.Errorf("reported after %s of silence", got)
	}
	close(release)
	for range 4 {
		take(t, again, "a tick after the stall")
	}
	r.stop()
	if err := r.end(); err != nil {
		t.Error(err)
	}
	if got := r.Counters().Stalls; got != 1 || len(stalls) != 0 {
		t.Errorf("stalls: got %d, want 1", got)
	}
	if got := log.String(); strings.Count(got, "does not tick") != 1 || strings.Count(got, "ticks again") != 1 {
		t.Errorf("log:\n%s", got)
	}
}
