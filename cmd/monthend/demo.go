package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/spf13/cobra"

	"github.com/monthend/monthend/pipeline"
	"github.com/monthend/monthend/queue"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/trace"
	"github.com/monthend/monthend/trace/awstrace"
	"github.com/monthend/monthend/trace/read"
)

const (
	defaultDrain = 25 * time.Second

	demoReport = "monthly-financials"
	demoPeriod = "2026-03"
	demoWait   = 2 * time.Minute // for the job
	traceWait  = 5 * time.Second // for its documents to arrive
)

// demoOptions are the flags of demo.
type demoOptions struct {
	dir        string
	noDownload bool
}

func newDemoCommand(a *app) *cobra.Command {
	var o demoOptions
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run one month of a made-up company, end to end, on this machine alone",
		Long: "demo starts a private PostgreSQL, a local SQS and a local X-Ray on loopback, loads the books of a made-up company,\n" +
			"asks for its March 2026 through the queue, works the job as `work` does, and prints where the files are, what the\n" +
			"rules found and the whole run as one trace. It needs no account and uses none of the environment's settings.",
		Args:        wants(),
		Annotations: map[string]string{ownCloud: "yes"},
		RunE:        func(cmd *cobra.Command, _ []string) error { return a.runDemo(cmd.Context(), o) },
	}
	cmd.Flags().StringVar(&o.dir, "dir", "", "folder that keeps everything; without it the reports stay in a temporary folder")
	cmd.Flags().BoolVar(&o.noDownload, "no-download", false, "do not fetch a PostgreSQL with npm where none is installed")
	return cmd
}

func (a *app) runDemo(ctx context.Context, o demoOptions) (err error) {
	began := time.Now()
	if err := a.checkFormat(formatTable, formatJSON); err != nil {
		return err
	}
	bars := a.newBars()
	defer bars.end()
	bars.starting("PostgreSQL, SQS and X-Ray")
	c, err := startCloud(ctx, cloudOptions{dir: o.dir, noDownload: o.noDownload, announce: a.announce})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	done, err := a.demoJob(ctx, c, bars.progress)
	bars.end()
	if err != nil {
		return err
	}
	c.keepReports = true
	shown, err := c.show(ctx, done)
	if err != nil {
		return err
	}
	shown.Elapsed = time.Since(began).Milliseconds()
	if err := a.printOutcome(shown); err != nil {
		return err
	}
	return outcomeFailure(shown.Status, done.result.Err)
}

// demoDone is what the demo's job came to.
type demoDone struct {
	request asked
	result  pipeline.Result
}

// demoJob asks through the queue and works the job with the worker that `work` runs.
func (a *app) demoJob(ctx context.Context, c *cloud, progress func(pipeline.Progress)) (done demoDone, err error) {
	s := c.settings()
	logger, err := a.logger(s.LogLevel)
	if err != nil {
		return done, err
	}
	rooms, err := s.openRooms(ctx, logger, progress)
	if err != nil {
		return done, err
	}
	defer rooms.close(ctx, a.abort)

	client := awssqs.NewFromConfig(c.aws(), func(o *awssqs.Options) { awstrace.Instrument(&o.APIOptions) })
	producer, err := queue.NewProducer(queue.ProducerConfig{Client: client, QueueURL: s.QueueURL})
	if err != nil {
		return done, err
	}
	worker, err := newWorker(s, c.aws(), rooms, logger)
	if err != nil {
		return done, err
	}
	job := report.Job{Report: demoReport, Period: demoPeriod, RequestedBy: "demo", RequestID: newRequestID()}
	if done.request, err = ask(ctx, rooms.tracer, producer, s.Trace, job); err != nil {
		return done, err
	}

	// The worker runs until this very request has ended, then drains as after a SIGTERM.
	receiving, stop := context.WithTimeoutCause(ctx, demoWait, fmt.Errorf("the demo's job took longer than %s", demoWait))
	defer stop()
	worker.settled = func(id string, r pipeline.Result) {
		if id != job.RequestID {
			return
		}
		done.result = r
		if r.Outcome != "" {
			stop()
		}
	}
	if err := worker.work(receiving, a.abort); err != nil {
		return done, err
	}
	if done.result.Outcome == "" {
		return done, errors.Join(context.Cause(receiving), done.result.Err)
	}
	return done, nil
}

// show gathers what is printed: the files of the version, and the trace read back from X-Ray once it is whole.
func (c *cloud) show(ctx context.Context, done demoDone) (outcome, error) {
	shown := newOutcome(done.result)
	if err := shown.addFiles(done.result.Version, c.settings().Output); err != nil {
		return shown, err
	}
	waiting, cancel := context.WithTimeout(ctx, traceWait)
	defer cancel()
	// The worker's segment closes last; both segments are there when it is.
	_, err := c.xray.Wait(waiting, done.request.TraceID, func(documents []trace.Document) bool {
		closed := 0
		for _, d := range documents {
			if d.Type == "" && !d.InProgress {
				closed++
			}
		}
		return closed >= 2
	})
	if err != nil {
		return shown, fmt.Errorf("wait for trace %q: %w", done.request.TraceID, err)
	}
	client, err := read.New(read.Config{AWS: c.awsXRay()})
	if err != nil {
		return shown, err
	}
	shown.trace, err = client.Trace(ctx, done.request.TraceID)
	if err != nil {
		return shown, err
	}
	shown.TraceID, shown.Spans = done.request.TraceID, shown.trace.Spans()
	return shown, nil
}

// announce tells of something that takes long.
func (a *app) announce(text string) { fmt.Fprintln(a.stderr, "monthend: "+text) }
