package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/monthend/monthend/metric"
	"github.com/monthend/monthend/pipeline"
	"github.com/monthend/monthend/queue"
	"github.com/monthend/monthend/report"
)

// unknownReport labels what names no report that is known here: a stranger's text must not become a label.
const unknownReport = "unknown"

// watchWorker gives the worker's figures their sources and is the loops that show them.
func (a *app) watchWorker(s settings, cfg aws.Config, r *rooms, w *worker) ([]loop, error) {
	for _, name := range append(r.catalog.Names(), unknownReport) { // a counter that begins at its first event hides that event
		for _, outcome := range []report.Outcome{report.Published, report.Unchanged, report.DataFailed, report.Failed, report.Cancelled} {
			r.figures.Add(metric.Runs, 0, name, string(outcome))
		}
	}
	w.readCounters()
	readTracer(r.figures, r.tracer)
	readLedger(r.figures, r.ledger)
	readSchedules(r.figures, r.ledger, r.catalog)
	readQueue(r.figures, sqs.NewFromConfig(cfg), s.QueueURL)

	var loops []loop
	if s.Metric.Exit == exitEMF {
		loops = append(loops, loop{"metrics on stdout", func(ctx context.Context) error {
			return r.figures.EmitTo(ctx, a.stdout, metric.EMF{})
		}})
	}
	if s.Metric.Addr != "" {
		page := watchPage{figures: r.figures, live: w.live, ready: w.ready}
		l, err := listenMetrics(context.Background(), s.Metric.Addr, page, w.logger)
		if err != nil {
			return nil, err
		}
		loops = append(loops, l)
	}
	return loops, nil
}

// live says whether the poll loop polls, as healthcheck does.
func (w *worker) live() error {
	polled, _ := w.health.state()
	if polled.IsZero() {
		return errors.New("the worker has not polled yet")
	}
	if age := time.Since(polled); age > healthAge {
		return &staleError{age: age}
	}
	return nil
}

// ready says whether it can work as well, as healthcheck --ready does.
func (w *worker) ready() error {
	if err := w.live(); err != nil {
		return err
	}
	if _, troubles := w.health.state(); troubles != "" {
		return &unreadyError{troubles}
	}
	return nil
}

// timed is told by the pipeline how long a stage took.
func (r *rooms) timed(stage pipeline.Stage, took time.Duration) {
	r.figures.Observe(metric.StageSeconds, took.Seconds(), string(stage))
}

// begun counts a delivery that is being worked; the function returned ends that.
func (w *worker) begun(m queue.Message) (end func()) {
	w.figures.Add(metric.InWork, 1)
	if wait := m.ReceivedAt.Sub(m.SentAt); m.ReceiveCount == 1 { // when a redelivery became receivable is not told by the queue
		w.figures.Observe(metric.QueueWait, max(0, wait.Seconds()))
		w.waits.add(wait)
	}
	return func() { w.figures.Add(metric.InWork, -1) }
}

// count counts what became of a delivery.
func (w *worker) count(r pipeline.Result) {
	name := r.Key.Report
	if name == "" {
		name = unknownReport
	}
	switch {
	case r.Lost, r.Asked > 0:
	case r.Answered, r.Outcome == report.Duplicate:
		w.figures.Add(metric.DuplicatesSuppressed, 1)
	case r.Outcome == "":
		w.figures.Add(metric.RunsPutBack, 1, name)
	default:
		w.figures.Add(metric.Runs, 1, name, string(r.Outcome))
		w.figures.Add(metric.RowsExtracted, float64(r.Extracted), name)
		w.figures.Add(metric.RowsRejected, float64(r.Rejected), name)
	}
}

// readCounters shows what consumer and runner count themselves.
func (w *worker) readCounters() {
	w.figures.Read(func(put metric.Put) {
		q := w.consumer.Counters()
		for settlement, n := range map[string]int64{
			"deleted": q.Deleted, "retried": q.Retried, "dead_lettered": q.DeadLettered, "left": q.Left, "released": q.Released,
			"unsettled": q.SettlementFailures,
		} {
			put(metric.Settlements, float64(n), settlement)
		}
		put(metric.VisibilityRenewals, float64(q.Renewed), "renewed")
		put(metric.VisibilityRenewals, float64(q.RenewalFailures), "lost")
		put(metric.PollFailures, float64(q.PollFailures))
		put(metric.PollStalls, float64(q.Stalls))
		put(metric.HandlerPanics, float64(q.Panics))
		put(metric.QueueAge, w.waits.worst().Seconds())

		p := w.runner.Counters()
		put(metric.Heartbeats, float64(p.Renewed), "renewed")
		put(metric.Heartbeats, float64(p.RenewalFailures), "lost")
		put(metric.LeasesLost, float64(p.Lost))
		put(metric.FencedCommits, float64(p.FencedCommits))
		put(metric.SlowRuns, float64(p.Slow))
		put(metric.Uncommented, float64(p.Uncommented))
	})
}

// oldest knows the longest wait of the last minute, of whole minutes by the clock: the one before counts until this one is over.
type oldest struct {
	mu           sync.Mutex
	minute       int64
	this, before time.Duration
}

func (o *oldest) add(wait time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.turn()
	o.this = max(o.this, wait)
}

func (o *oldest) worst() time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.turn()
	return max(o.this, o.before)
}

// turn lets go of what is too long ago. The lock is held.
func (o *oldest) turn() {
	switch now := time.Now().Unix() / 60; now - o.minute {
	case 0:
	case 1:
		o.minute, o.before, o.this = now, o.this, 0
	default:
		o.minute, o.before, o.this = now, 0, 0
	}
}
