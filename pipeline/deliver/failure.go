package deliver

import (
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"time"
)

// FinalError says that trying again cannot help, until somebody has changed something: the recipient said no, or the operator
// does not allow it.
type FinalError struct{ Err error }

func (e *FinalError) Error() string { return e.Err.Error() }

func (e *FinalError) Unwrap() error { return e.Err }

// TraceClass marks that nothing of ours broke.
func (e *FinalError) TraceClass() string { return "error" }

// laterError says when the recipient wants to be asked again.
type laterError struct {
	after time.Duration
	err   error
}

func (e *laterError) Error() string { return e.err.Error() }

func (e *laterError) Unwrap() error { return e.err }

// The pace of trying again: doubling from 5 s to an hour.
const (
	firstPause   = 5 * time.Second
	longestPause = time.Hour
)

// pace is how long to wait after so many failures, with full jitter on the upper half: those that failed together do not come back
// together.
func pace(failures int) time.Duration {
	most := longestPause
	if failures <= 10 {
		most = min(most, firstPause<<max(0, failures-1))
	}
	return most/2 + rand.N(most/2+1)
}

// again is how long to wait after a try; a recipient may ask for more, up to the longest.
func again(err error, tries int) time.Duration {
	var later *laterError
	if errors.As(err, &later) {
		return max(pace(tries), min(later.after, longestPause))
	}
	return pace(tries)
}

// Counters tells what became of the tries of this process.
type Counters struct {
	Delivered int64 // accepted by the recipient
	Retried   int64 // to be tried again
	Failed    int64 // ended without being accepted
	Skipped   int64 // superseded while they waited
	Lost      int64 // made, but not recorded: tried again by whoever takes them
}

type counted struct{ delivered, retried, failed, skipped, lost atomic.Int64 }

// Counters is what was counted so far.
func (d *Deliverer) Counters() Counters {
	return Counters{
		Delivered: d.counted.delivered.Load(), Retried: d.counted.retried.Load(), Failed: d.counted.failed.Load(),
		Skipped: d.counted.skipped.Load(), Lost: d.counted.lost.Load(),
	}
}
