package pipeline

import (
	"time"

	"github.com/monthend/monthend/pipeline/column"
)

// watched is the reader of one query that tells how far it is, and how fast. The engine reads it on threads of its own, one at
// a time, while the run's goroutine waits for it.
type watched struct {
	column.Reader
	now  func() time.Time
	tell func(Progress)
	step Progress // as it was before the query

	rows  int64
	began time.Time
	told  time.Time
}

// watch has the steps of a query told from step on.
func (j *attempt) watch(rows column.Reader, step Progress) *watched {
	now := j.cfg.Now()
	return &watched{Reader: rows, now: j.cfg.Now, tell: j.advance, step: step, began: now, told: now}
}

// tellEvery is how often, at most.
const tellEvery = 250 * time.Millisecond

// Next is the reader's own.
func (w *watched) Next(batch *column.Batch) error {
	err := w.Reader.Next(batch)
	w.rows += int64(batch.Len())
	if now := w.now(); err == nil && now.Sub(w.told) >= tellEvery {
		w.told = now
		step := w.step
		step.Rows, step.Rate = step.Rows+w.rows, rate(w.rows, now.Sub(w.began))
		w.tell(step)
	}
	return err
}

// rate is rows a second, 0 before there was any time.
func rate(rows int64, in time.Duration) int64 {
	if in <= 0 {
		return 0
	}
	return int64(float64(rows) / in.Seconds())
}
