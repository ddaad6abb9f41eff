package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/spf13/cobra"

	"github.com/monthend/monthend/metric"
	"github.com/monthend/monthend/pipeline"
	"github.com/monthend/monthend/queue"
	"github.com/monthend/monthend/report"
)

// flushTimeout bounds how long the end of a command waits for its trace to leave.
const flushTimeout = 2 * time.Second

// stallRelease is how long the runs in work of a worker that ends itself may take to give themselves back.
const stallRelease = 12 * time.Second

// The pace at which jobs of an unknown version are put back for newer workers, and when that ends.
const (
	unknownVersionDelay = 15 * time.Minute
	unknownVersionLimit = 24 * time.Hour
)

func newWorkCommand(a *app, s settings) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "work",
		Short: "Take report jobs from the queue and run them, until stopped",
		Long: "work takes report jobs from the queue and runs them until it is stopped. The first SIGTERM or Ctrl-C stops\n" +
			"receiving and lets the runs in work end, up to --drain; the second ends at once. Either way a message that is\n" +
			"not done goes back to the queue.",
		Args: wants(),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runWork(cmd.Context(), s) },
	}
	fs := cmd.Flags()
	s.databaseFlags(fs)
	s.sourceFlags(fs)
	s.outsideFlags(fs)
	s.commentaryFlags(fs)
	s.queueFlags(fs)
	s.outputFlags(fs)
	s.deliverFlags(fs)
	s.definitionFlags(fs)
	s.traceFlags(fs)
	s.samplingFlags(fs)
	s.engineFlags(fs)
	s.drainFlags(fs)
	s.metricFlags(fs)
	flag(fs.IntVar, fs, &s.Concurrency, "concurrency", "runs at the same time, 1 unless set (MONTHEND_CONCURRENCY)")
	flag(fs.DurationVar, fs, &s.Drain, "drain", "how long runs in work may go on after the first signal, 25s unless set (MONTHEND_DRAIN)")
	flag(fs.BoolVar, fs, &s.Schedule.With, "with-schedule", "ask for reports when they are due, too, as monthend schedule does (MONTHEND_WITH_SCHEDULE)")
	s.scheduleFlags(fs)
	flag(fs.IntVar, fs, &s.CrashLimit, "crash-limit", "crashes of a run worked alone before it is failed, 2 unless set (MONTHEND_CRASH_LIMIT)")
	flag(fs.StringVar, fs, &s.HealthFile, "health-file", "file that is rewritten at each poll, for healthcheck (MONTHEND_HEALTH_FILE)")
	flag(fs.StringVar, fs, &s.LogLevel, "log-level", "debug, info, warn or error (MONTHEND_LOG_LEVEL)")
	return cmd
}

func (a *app) runWork(ctx context.Context, s settings) error {
	logger, err := a.logger(s.LogLevel)
	if err != nil {
		return err
	}
	for _, need := range []func() error{s.needQueue, s.needDatabase, s.needOutput, s.checkTrace, s.checkMetric, s.checkConcurrency, s.checkCrashLimit, s.checkDrain} {
		if err := need(); err != nil {
			return err
		}
	}
	cfg, err := awsConfig(ctx)
	if err != nil {
		return err
	}
	rooms, err := s.openRooms(ctx, logger, nil)
	if err != nil {
		return err
	}
	defer rooms.close(ctx, a.abort)
	worker, err := newWorker(s, cfg, rooms, logger)
	if err != nil {
		return err
	}
	// A worker that starts against nothing should say so before the loop begins, which rides out everything.
	if _, err := queue.Inspect(ctx, sqs.NewFromConfig(cfg), s.QueueURL); err != nil {
		return queueFailure(err)
	}
	loops, err := s.workLoops(cfg, rooms, logger)
	if err != nil {
		return err
	}
	watched, err := a.watchWorker(s, cfg, rooms, worker)
	if err != nil {
		return err
	}
	logger.Info("working", "queue", s.QueueURL, "concurrency", s.Concurrency)
	defer beside(ctx, logger, append(loops, watched...)...)()
	return worker.work(ctx, a.abort)
}

// workLoops are what a worker does beside its runs.
func (s *settings) workLoops(cfg aws.Config, r *rooms, logger *slog.Logger) ([]loop, error) {
	var loops []loop
	drain, err := s.newDrain(cfg, r.ledger, r.tracer, r.bell, logger)
	if err != nil {
		return nil, err
	}
	loops = append(loops, drain.loop(), overviewLoop(r.runner, logger))
	if s.Schedule.With {
		scheduler, err := s.newScheduler(r.ledger, r.catalog, r.tracer, r.bell, logger)
		if err != nil {
			return nil, err
		}
		loops = append(loops, loop{"schedule", scheduler.Run})
	}
	deliverer, err := s.openDeliverer(cfg, r, logger)
	if err != nil {
		return nil, err
	}
	loops = append(loops, loop{"deliver", deliverer.Run})
	alerter, err := newAlerter(r.ledger, r.catalog, logger)
	if err != nil {
		return nil, err
	}
	loops = append(loops, loop{"alert", alerter.Run})
	readOutside(r.figures, deliverer, alerter)
	return loops, nil
}

// worker is where the queue meets the pipeline.
type worker struct {
	consumer *queue.Consumer
	runner   *pipeline.Runner
	logger   *slog.Logger
	health   *health
	settled  func(requestID string, result pipeline.Result) // told after each delivery; nil is nobody
	figures  *metric.Set                                    // nil counts nothing
	waits    oldest
	bell     bell // rung after each delivery

	stalled context.Context // ends with a *stallError when the poll loop is dead
}

func newWorker(s settings, cfg aws.Config, r *rooms, logger *slog.Logger) (*worker, error) {
	stalled, end := context.WithCancelCause(context.Background())
	w := &worker{runner: r.runner, logger: logger, health: newHealth(s.HealthFile, logger), figures: r.figures, bell: r.bell, stalled: stalled}
	silence := &stall{end: end}
	// Polls and settlements are not work: their client is not traced.
	consumer, err := queue.NewConsumer(queue.ConsumerConfig{
		Client:      sqs.NewFromConfig(cfg),
		QueueURL:    s.QueueURL,
		Concurrency: s.Concurrency,
		Drain:       s.Drain,
		Logger:      logger,
		Tick: func(at time.Time) {
			silence.tick()
			w.health.tick(at)
		},
		OnReceive: func(err error) { w.health.trouble("queue", err) },
		OnStall:   silence.silent,
	})
	if err != nil {
		return nil, err
	}
	w.consumer = consumer
	return w, nil
}

// queueFailure gives an error of the queue its exit code.
func queueFailure(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, queue.ErrNoQueue):
		return usage("", "%w", err)
	}
	return unavailable("", "%w", err)
}

// work receives until ctx ends, then drains; abort ends the drain. A poll loop that is dead ends it as well: what is in work
// is given back then, and the error is for whoever starts the process anew.
func (w *worker) work(ctx, abort context.Context) error {
	stop := context.AfterFunc(abort, w.consumer.Abort)
	defer stop()
	told := context.AfterFunc(ctx, func() { w.logger.Info("draining", "cause", context.Cause(ctx).Error()) })
	defer told()
	ended := make(chan error, 1)
	go func() { ended <- w.consumer.Run(ctx, w.handle) }()
	select {
	case err := <-ended:
		if errors.Is(err, queue.ErrDrained) {
			// What was cut short is back in the queue: that is what a drain promises.
			w.logger.Warn("drained", "error", err)
			return nil
		}
		return err
	case <-w.stalled.Done():
	}
	// The handlers are told by their contexts. Run is not waited for any longer than they may take: its loop is stuck.
	w.logger.Error("ending", "error", context.Cause(w.stalled))
	w.consumer.Abort()
	timer := time.NewTimer(stallRelease)
	defer timer.Stop()
	select {
	case <-ended:
	case <-timer.C:
	}
	return context.Cause(w.stalled)
}

// handle is the meeting of queue and pipeline: decode, run, settle.
func (w *worker) handle(ctx context.Context, m queue.Message) queue.Settlement {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(w.stalled, func() { cancel(context.Cause(w.stalled)) })()
	defer w.begun(m)()
	asking := pipeline.Asking{
		RequestID: m.ID,
		MessageID: m.ID,
		Trace:     m.TraceHeader,
		Delivered: m.ReceiveCount,
	}
	if m.ReceiveCount == 1 {
		// When a redelivery became receivable is not told by the queue.
		asking.QueueWait = m.ReceivedAt.Sub(m.SentAt)
	}
	var result pipeline.Result
	job, err := report.DecodeJob(m.Body)
	var unknown *report.UnknownVersionError
	switch {
	case errors.As(err, &unknown) && m.ReceivedAt.Sub(m.SentAt) < unknownVersionLimit:
		w.logger.WarnContext(ctx, "job put back for a newer worker", "message", m.ID, "error", err)
		return queue.Retry(unknownVersionDelay)
	case err != nil:
		result = w.runner.Refuse(ctx, asking, err)
	default:
		asking.Job, asking.RequestID = job, job.ID(m.ID)
		result = w.runner.Run(ctx, asking)
	}
	w.count(result)
	w.log(ctx, asking, result)
	if outOfRoom(result.Err) {
		w.health.trouble("spool", result.Err)
	} else if result.Outcome != "" {
		w.health.trouble("spool", nil)
	}
	defer w.bell.ring()
	if w.settled != nil {
		defer w.settled(asking.RequestID, result)
	}
	return settlement(result)
}

// settlement maps what became of a request to what becomes of its message.
func settlement(r pipeline.Result) queue.Settlement {
	switch {
	case r.Lost:
		return queue.Leave()
	case r.Outcome == report.Failed:
		return queue.DeadLetter(reason(r))
	case r.Outcome != "", r.Asked > 0:
		return queue.Delete()
	}
	return queue.Retry(r.RetryAfter)
}

// reason is why a request failed; a redelivery of one that failed before brings its outcome only.
func reason(r pipeline.Result) string {
	if r.Err == nil {
		return "failed before"
	}
	return oneLine(r.Err.Error())
}

// log tells the end of a delivery, once.
func (w *worker) log(ctx context.Context, asking pipeline.Asking, r pipeline.Result) {
	args := []any{
		"request", asking.RequestID, "report", asking.Job.Report, "period", asking.Job.Period, "tenant", asking.Job.Tenant,
		"run", r.RunID, "trace_id", r.TraceID, "records_extracted", r.Extracted, "records_rejected", r.Rejected,
	}
	switch {
	case r.Lost:
		w.logger.WarnContext(ctx, "lease lost, message left to its new owner", append(args, "error", r.Err)...)
	case r.Asked > 0:
		w.logger.InfoContext(ctx, "tenants asked for", append(args, "tenants", r.Asked)...)
	case r.Outcome == "":
		w.logger.InfoContext(ctx, "job put back", append(args, "again_in", r.RetryAfter.String(), "error", r.Err)...)
	case r.Outcome == report.Failed, r.Outcome == report.DataFailed:
		w.logger.ErrorContext(ctx, "job "+string(r.Outcome), append(args, "error", r.Err)...)
	default:
		w.logger.InfoContext(ctx, "job "+string(r.Outcome), append(args, "version", r.Version.Number)...)
	}
}
