package pipeline

import "sync/atomic"

// Counters are what a Runner has done so far, beside what its Results say.
type Counters struct {
	Renewed         int64 // leases
	RenewalFailures int64 // renewals that brought no answer, or no for an answer
	Lost            int64 // deliveries left to another worker
	FencedCommits   int64 // ends of runs that the ledger refused: the lease was another's
	Uncommented     int64 // versions that were drawn without the commentary their definition asks for
	Slow            int64 // attempts that took longer than their definition's slow_after, or a stage of them did
}

type counters struct{ renewed, unrenewed, lost, fenced, slow, uncommented atomic.Int64 }

// Counters may be called at any time.
func (r *Runner) Counters() Counters {
	n := &r.counters
	return Counters{
		Renewed: n.renewed.Load(), RenewalFailures: n.unrenewed.Load(), Lost: n.lost.Load(),
		FencedCommits: n.fenced.Load(), Slow: n.slow.Load(), Uncommented: n.uncommented.Load(),
	}
}
