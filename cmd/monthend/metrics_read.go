package main

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/monthend/monthend/metric"
	"github.com/monthend/monthend/pipeline/alert"
	"github.com/monthend/monthend/pipeline/deliver"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/queue"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/schedule"
	"github.com/monthend/monthend/trace"
)

// How often the ledger and the queue are asked for their figures, however often those are read, and how long they may take.
const (
	readingAge  = 15 * time.Second
	readingTime = 3 * time.Second
)

// readTracer shows what became of the trace documents.
func readTracer(set *metric.Set, tracer *trace.Tracer) {
	set.Read(func(put metric.Put) {
		c := tracer.Counters()
		for result, n := range map[string]uint64{
			"unsampled": c.Unsampled, "discarded": c.Discarded, "over_budget": c.OverBudget, "too_big": c.TooBig, "hold_full": c.HoldFull,
		} {
			put(metric.TraceDocuments, float64(n), "none", result)
		}
		for result, n := range map[string]uint64{
			"sent": c.Sent, "queue_full": c.QueueFull, "unreachable": c.Unreachable, "refused": c.Refused, "after_close": c.AfterClose,
		} {
			put(metric.TraceDocuments, float64(n), exportXRay, result)
		}
		for result, n := range map[string]uint64{
			"sent": c.Exported, "queue_full": c.ExportFull, "not_exported": c.NotExported, "after_close": c.ExportClosed,
		} {
			put(metric.TraceDocuments, float64(n), exportOTLP, result)
		}
		put(metric.TraceKept, float64(c.Kept))
		put(metric.TraceHeld, float64(c.HeldBytes))
	})
}

// readLedger shows what is open in the ledger.
func readLedger(set *metric.Set, store *ledger.Store) {
	set.ReadEvery("the ledger", readingAge, readingTime, func(ctx context.Context, put metric.Put) error {
		n, err := store.Standing(ctx)
		if err != nil {
			put(metric.LedgerUp, 0)
			return err
		}
		put(metric.LedgerUp, 1)
		put(metric.OpenRuns, float64(n.Held), "held")
		put(metric.OpenRuns, float64(n.Expired), "expired")
		put(metric.OpenRuns, float64(n.Waiting), "waiting")
		put(metric.ClaimAge, n.ClaimAge.Seconds())
		put(metric.OutboxPending, float64(n.OutboxPending))
		put(metric.OutboxAge, n.OutboxAge.Seconds())
		put(metric.OpenDeliveries, float64(n.DeliveriesWaiting), "waiting")
		put(metric.OpenDeliveries, float64(n.DeliveriesHeld), "held")
		put(metric.OpenDeliveries, float64(n.DeliveriesFailed), "failed")
		return nil
	})
}

// readSchedules shows how the schedules stand, and what is late.
func readSchedules(set *metric.Set, books *ledger.Store, catalog *report.Catalog) {
	known := definitionsOf(catalog)
	set.ReadEvery("the schedules", readingAge, readingTime, func(ctx context.Context, put metric.Put) error {
		statuses, err := schedule.Statuses(ctx, books, known)
		if err != nil {
			return err
		}
		for _, s := range statuses {
			overdue := 0.0
			if s.State == schedule.Overdue {
				overdue = 1
			}
			put(metric.ScheduleOverdue, overdue, s.ID)
			if !s.LastSuccess.IsZero() {
				put(metric.SuccessAge, s.SinceSuccess.Seconds(), s.ID)
			}
		}
		late, err := schedule.DueNotPublished(ctx, books, known)
		if err != nil {
			return err
		}
		missing := map[string]int{}
		for _, u := range late {
			missing[u.Report]++
		}
		for _, def := range known {
			if def.DueBy != nil {
				put(metric.DueNotPublished, float64(missing[def.Name]), def.Name)
			}
		}
		return nil
	})
}

// readOutside shows what became of deliveries and alerts.
func readOutside(set *metric.Set, deliverer *deliver.Deliverer, alerter *alert.Alerter) {
	set.Read(func(put metric.Put) {
		c := deliverer.Counters()
		for result, n := range map[string]int64{
			"delivered": c.Delivered, "retried": c.Retried, "failed": c.Failed, "skipped": c.Skipped, "lost": c.Lost,
		} {
			put(metric.Tries, float64(n), result)
		}
		put(metric.Alerts, float64(alerter.Told()))
	})
}

// readQueue shows how long the queue and its dead-letter queue are.
func readQueue(set *metric.Set, client *sqs.Client, url string) {
	dead := ""
	set.ReadEvery("the queue", readingAge, readingTime, func(ctx context.Context, put metric.Put) error {
		d, err := queue.Inspect(ctx, client, url)
		if err != nil {
			return err
		}
		put(metric.QueueMessages, float64(d.Waiting), "waiting")
		put(metric.QueueMessages, float64(d.InFlight), "in_flight")
		put(metric.QueueMessages, float64(d.Delayed), "delayed")
		if dead == "" && d.DeadLetterARN != "" {
			letters, err := queue.OpenDeadLetters(ctx, queue.DeadLettersConfig{Client: client, QueueURL: url})
			if err != nil {
				return err
			}
			dead = letters.URL()
		}
		if dead == "" {
			return nil
		}
		if d, err = queue.Inspect(ctx, client, dead); err != nil {
			return err
		}
		put(metric.QueueMessages, float64(d.Waiting+d.InFlight+d.Delayed), "dead")
		return nil
	})
}
