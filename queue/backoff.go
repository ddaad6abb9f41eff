package queue

import (
	"context"
	"math/rand/v2"
	"time"
)

// Backoff spaces repeated tries: a delay drawn evenly between zero and a ceiling that doubles with every failure up to a cap
// (full jitter), so that workers that failed together do not come back together.
type Backoff struct {
	Base time.Duration  // ceiling after the first failure; 0 = 100 ms
	Cap  time.Duration  // the ceiling never grows above it; 0 = 10 s
	Rand func() float64 // in [0, 1); nil = math/rand
}

// Delay is the time to wait after the given number of failures, counted from 1.
func (b Backoff) Delay(failures int) time.Duration {
	base, limit, draw := b.Base, b.Cap, b.Rand
	if base <= 0 {
		base = 100 * time.Millisecond
	}
	if limit <= 0 {
		limit = 10 * time.Second
	}
	if draw == nil {
		draw = rand.Float64
	}
	ceiling := min(base, limit)
	for i := 1; i < failures && ceiling < limit; i++ {
		// Compared by subtraction: doubling a cap of years would overflow.
		if ceiling > limit-ceiling {
			ceiling = limit
			break
		}
		ceiling *= 2
	}
	return time.Duration(draw() * float64(ceiling))
}

// pause waits for d and reports whether the whole of it passed before ctx ended.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
