package metric

// The times of a stage reach from a month of a thousand rows to one of many millions.
var stageBuckets = []float64{0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600}

// A message waits for milliseconds where a worker is idle, and for hours behind a backlog.
var waitBuckets = []float64{0.01, 0.05, 0.25, 1, 5, 15, 60, 300, 900, 3600, 14400, 43200}

// Requests and runs, as this process ended them.
var (
	Runs = Metric{Name: "monthend_runs_total", Kind: Counter, Unit: Count, Labels: []string{"report", "outcome"},
		Help: "Requests that this process brought to an outcome, by report and outcome."}
	RunsPutBack = Metric{Name: "monthend_runs_put_back_total", Kind: Counter, Unit: Count, Labels: []string{"report"},
		Help: "Deliveries given back to be worked again later: a transient error, a source that is not ready, another's lease."}
	DuplicatesSuppressed = Metric{Name: "monthend_duplicates_suppressed_total", Kind: Counter, Unit: Count,
		Help: "Deliveries answered from the ledger: what they asked for was done before."}
	SlowRuns = Metric{Name: "monthend_slow_runs_total", Kind: Counter, Unit: Count,
		Help: "Attempts that took longer than the slow_after of their definition."}
	Uncommented = Metric{Name: "monthend_uncommented_versions_total", Kind: Counter, Unit: Count,
		Help: "Versions drawn without the commentary that their definition asks for."}
	StageSeconds = Metric{Name: "monthend_stage_seconds", Kind: Histogram, Unit: Seconds, Labels: []string{"stage"}, Buckets: stageBuckets,
		Help: "How long the stages of runs took, whether or not they went well."}
	RowsExtracted = Metric{Name: "monthend_rows_extracted_total", Kind: Counter, Unit: Count, Labels: []string{"report"},
		Help: "Rows read from the sources by runs that ended."}
	RowsRejected = Metric{Name: "monthend_rows_rejected_total", Kind: Counter, Unit: Count, Labels: []string{"report"},
		Help: "Rows put into quarantine by runs that ended."}
	InWork = Metric{Name: "monthend_in_work", Kind: Gauge, Unit: Count,
		Help: "Deliveries that this process is working on."}
)

// Leases, and what becomes of a worker that lost one.
var (
	Heartbeats = Metric{Name: "monthend_lease_renewals_total", Kind: Counter, Unit: Count, Labels: []string{"result"},
		Help: "Renewals of the ledger's lease: renewed or lost."}
	LeasesLost = Metric{Name: "monthend_leases_lost_total", Kind: Counter, Unit: Count,
		Help: "Runs that this process had to leave to another worker."}
	FencedCommits = Metric{Name: "monthend_fenced_commits_total", Kind: Counter, Unit: Count,
		Help: "Ends of runs that the ledger refused because the lease had become another's."}
)

// The queue, as this process sees it.
var (
	QueueMessages = Metric{Name: "monthend_queue_messages", Kind: Gauge, Unit: Count, Labels: []string{"state"},
		Help: "Messages of the queue by SQS's approximate count: waiting, in_flight, delayed or dead."}
	QueueWait = Metric{Name: "monthend_queue_wait_seconds", Kind: Histogram, Unit: Seconds, Buckets: waitBuckets,
		Help: "How long messages waited from their sending to their first delivery."}
	QueueAge = Metric{Name: "monthend_queue_age_seconds", Kind: Gauge, Unit: Seconds,
		Help: "Age of the oldest message that was first delivered to this process within the last minute; SQS tells of the oldest of all only to CloudWatch."}
	Settlements = Metric{Name: "monthend_queue_settlements_total", Kind: Counter, Unit: Count, Labels: []string{"settlement"},
		Help: "Messages by what became of them after a delivery to this process: deleted, retried, dead_lettered, left, released or unsettled."}
	VisibilityRenewals = Metric{Name: "monthend_visibility_renewals_total", Kind: Counter, Unit: Count, Labels: []string{"result"},
		Help: "Renewals of the visibility of messages in work: renewed or lost."}
	PollFailures = Metric{Name: "monthend_poll_failures_total", Kind: Counter, Unit: Count,
		Help: "Receive calls that did not succeed."}
	PollStalls = Metric{Name: "monthend_poll_stalls_total", Kind: Counter, Unit: Count,
		Help: "Times that the poll loop was found silent."}
	HandlerPanics = Metric{Name: "monthend_handler_panics_total", Kind: Counter, Unit: Count,
		Help: "Panics while a delivery was worked; the message came back."}
)

// Those outside.
var (
	Tries = Metric{Name: "monthend_delivery_tries_total", Kind: Counter, Unit: Count, Labels: []string{"result"},
		Help: "Tries of this process to bring something to somebody outside: delivered, retried, failed, skipped or lost."}
	Alerts = Metric{Name: "monthend_alerts_posted_total", Kind: Counter, Unit: Count,
		Help: "Things gone wrong of which this process wrote an alert for somebody; bringing it is a delivery."}
)

// Schedules, by the definitions that this process knows.
var (
	SuccessAge = Metric{Name: "monthend_schedule_success_age_seconds", Kind: Gauge, Unit: Seconds, Labels: []string{"schedule"},
		Help: "How long ago a report of the schedule was last published; not shown before the first."}
	ScheduleOverdue = Metric{Name: "monthend_schedule_overdue", Kind: Gauge, Unit: None, Labels: []string{"schedule"},
		Help: "Whether a period of the schedule is due and no scheduler has asked for it: 1 or 0."}
	DueNotPublished = Metric{Name: "monthend_due_not_published", Kind: Gauge, Unit: Count, Labels: []string{"report"},
		Help: "Periods that had to be published by the due_by of the report and are not."}
)

// Traces.
var (
	TraceDocuments = Metric{Name: "monthend_trace_documents_total", Kind: Counter, Unit: Count, Labels: []string{"exit", "result"},
		Help: "Trace documents by exit (xray, otlp) and by what became of them: sent, or the reason for which they were dropped."}
	TraceKept = Metric{Name: "monthend_trace_segments_kept_total", Kind: Counter, Unit: Count,
		Help: "Segments kept although sampling said no, because they failed, were slow or were retried."}
	TraceHeld = Metric{Name: "monthend_trace_held_bytes", Kind: Gauge, Unit: Bytes,
		Help: "Memory of the documents that are held back until their segments end."}
)

// The ledger, which all processes share: every one of them tells the same.
var (
	LedgerUp = Metric{Name: "monthend_ledger_up", Kind: Gauge, Unit: None,
		Help: "Whether the ledger answered when it was last asked for the figures below: 1 or 0."}
	OpenRuns = Metric{Name: "monthend_open_runs", Kind: Gauge, Unit: Count, Labels: []string{"state"},
		Help: "Runs without an outcome: held under a live lease, expired, or waiting to be claimed again."}
	ClaimAge = Metric{Name: "monthend_claim_age_seconds", Kind: Gauge, Unit: Seconds,
		Help: "How long ago the oldest attempt that is held under a live lease began; 0 where there is none."}
	OutboxPending = Metric{Name: "monthend_outbox_pending", Kind: Gauge, Unit: Count,
		Help: "Messages that were promised and that the queue has not taken yet."}
	OutboxAge = Metric{Name: "monthend_outbox_age_seconds", Kind: Gauge, Unit: Seconds,
		Help: "Age of the oldest message that the queue has not taken yet; 0 where there is none."}
	OpenDeliveries = Metric{Name: "monthend_open_deliveries", Kind: Gauge, Unit: Count, Labels: []string{"state"},
		Help: "Deliveries to the outside: waiting, held until somebody approves, or failed within the last day."}
)

// All are the metrics there are, in the order in which they are documented.
func All() []Metric {
	return []Metric{
		Runs, RunsPutBack, DuplicatesSuppressed, SlowRuns, Uncommented, StageSeconds, RowsExtracted, RowsRejected, InWork,
		Heartbeats, LeasesLost, FencedCommits,
		QueueMessages, QueueWait, QueueAge, Settlements, VisibilityRenewals, PollFailures, PollStalls, HandlerPanics,
		Tries, Alerts,
		SuccessAge, ScheduleOverdue, DueNotPublished,
		TraceDocuments, TraceKept, TraceHeld,
		LedgerUp, OpenRuns, ClaimAge, OutboxPending, OutboxAge, OpenDeliveries,
	}
}
