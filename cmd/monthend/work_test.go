package main

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/monthend/monthend/pipeline"
	"github.com/monthend/monthend/queue"
	"github.com/monthend/monthend/report"
)

// TestSettlement holds the four settlements: what becomes of a message follows from the result and from nothing else.
func TestSettlement(t *testing.T) {
	why := errors.New("why")
	for _, c := range []struct {
		name   string
		result pipeline.Result
		want   queue.Settlement
	}{
		{"Published", pipeline.Result{Outcome: report.Published}, queue.Delete()},
		{"Duplicate", pipeline.Result{Outcome: report.Duplicate}, queue.Delete()},
		{"Unchanged", pipeline.Result{Outcome: report.Unchanged}, queue.Delete()},
		{"DataFailed", pipeline.Result{Outcome: report.DataFailed, Err: why}, queue.Delete()},
		{"Cancelled", pipeline.Result{Outcome: report.Cancelled, Err: why}, queue.Delete()},
		{"Failed", pipeline.Result{Outcome: report.Failed, Err: why}, queue.DeadLetter("why")},
		{"FailedBefore", pipeline.Result{Outcome: report.Failed}, queue.DeadLetter("failed before")},
		{"Busy", pipeline.Result{RetryAfter: time.Minute, Err: why}, queue.Retry(time.Minute)},
		{"Drained", pipeline.Result{Err: why}, queue.Retry(0)},
		{"Lost", pipeline.Result{Lost: true, Err: why}, queue.Leave()},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := settlement(c.result); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// TestUnknownVersion: a job of a newer producer waits for newer workers, for a day.
func TestUnknownVersion(t *testing.T) {
	w := &worker{logger: slog.New(slog.DiscardHandler), stalled: t.Context()}
	sent := time.Date(2026, 4, 1, 6, 0, 0, 0, time.UTC)
	m := queue.Message{ID: "m1", Body: []byte(`{"v":99,"anything":"new"}`), SentAt: sent, ReceiveCount: 1}
	for _, age := range []time.Duration{0, 23 * time.Hour} {
		m.ReceivedAt = sent.Add(age)
		if got, want := w.handle(t.Context(), m), queue.Retry(15*time.Minute); got != want {
			t.Errorf("after %s: got %v, want %v", age, got, want)
		}
	}
}
