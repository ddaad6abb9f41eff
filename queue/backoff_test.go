package queue_test

import (
	"math"
	"testing"
	"time"

	"github.com/monthend/monthend/queue"
)

func TestBackoffDoublesUpToItsCap(t *testing.T) {
	most := func() float64 { return 1 }
	for _, tt := range []struct {
		name     string
		b        queue.Backoff
		failures int
		want     time.Duration
	}{
		{"first", queue.Backoff{Rand: most}, 1, 100 * time.Millisecond},
		{"none", queue.Backoff{Rand: most}, 0, 100 * time.Millisecond},
		{"third", queue.Backoff{Rand: most}, 3, 400 * time.Millisecond},
		{"capped", queue.Backoff{Rand: most}, 8, 10 * time.Second},
		{"for ever", queue.Backoff{Rand: most}, math.MaxInt, 10 * time.Second},
		{"own bounds", queue.Backoff{Base: time.Second, Cap: 5 * time.Second, Rand: most}, 4, 5 * time.Second},
		{"cap below base", queue.Backoff{Base: time.Minute, Cap: time.Second, Rand: most}, 1, time.Second},
		{"huge cap", queue.Backoff{Base: time.Hour, Cap: math.MaxInt64, Rand: func() float64 { return 0.5 }}, math.MaxInt, math.MaxInt64 / 2},
		{"jitter", queue.Backoff{Rand: func() float64 { return 0.25 }}, 2, 50 * time.Millisecond},
	} {
		t.Run(tt.name, func(t *testing.T) {
			// A float64 holds a duration of centuries to the microsecond only.
			if got := tt.b.Delay(tt.failures); (got - tt.want).Abs() > time.Microsecond {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestBackoffDrawsByItself(t *testing.T) {
	seen := map[time.Duration]bool{}
	for range 100 {
		d := queue.Backoff{}.Delay(3)
		if d < 0 || d > 400*time.Millisecond {
			t.Fatalf("got %s, outside the ceiling", d)
		}
		seen[d] = true
	}
	if len(seen) < 50 {
		t.Errorf("100 draws gave %d values", len(seen))
	}
}
