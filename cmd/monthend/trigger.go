package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/monthend/monthend/pipeline"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

// triggerOptions are the flags of trigger.
type triggerOptions struct {
	jobOptions
	wait    bool
	timeout time.Duration
}

func newTriggerCommand(a *app, s settings) *cobra.Command {
	var o triggerOptions
	cmd := &cobra.Command{
		Use:   "trigger REPORT --month M --year YYYY",
		Short: "Ask for a month of a report through the queue",
		Long: "trigger sends one job to the queue and prints its ids. Where a ledger is configured it looks there first: a month\n" +
			"that is published or being worked already is told, and nothing is sent. With --wait it follows the run to its end\n" +
			"and exits with its code. A report that has tenants is asked for every one of them where --tenant names none; --wait\n" +
			"then waits for all and exits with 3 where nothing but data failed.",
		Args: wants("REPORT"),
		RunE: func(cmd *cobra.Command, args []string) error {
			job, err := o.job(args[0])
			if err != nil {
				return err
			}
			return a.runTrigger(cmd.Context(), s, o, job)
		},
	}
	fs := cmd.Flags()
	o.addFlags(fs)
	fs.BoolVar(&o.wait, "wait", false, "follow the run to its end; needs the ledger")
	fs.DurationVar(&o.timeout, "timeout", 30*time.Minute, "how long --wait waits")
	s.queueFlags(fs)
	s.databaseFlags(fs)
	s.outputFlags(fs)
	s.definitionFlags(fs)
	s.traceFlags(fs)
	s.headerFlag(fs)
	return cmd
}

func (a *app) runTrigger(ctx context.Context, s settings, o triggerOptions, job report.Job) error {
	if err := a.checkFormat(formatTable, formatJSON); err != nil {
		return err
	}
	if err := s.needQueue(); err != nil {
		return err
	}
	if err := s.checkTrace(); err != nil {
		return err
	}
	if o.wait {
		if err := s.needDatabase(); err != nil {
			return err
		}
	}
	def, err := s.definition(job.Report)
	if err != nil {
		return err
	}
	var books *ledger.Store
	if s.DatabaseURL != "" {
		if books, err = s.openLedger(ctx, ""); err != nil {
			return err
		}
		defer books.Close()
		if err := mayBeAsked(ctx, books, def, job); err != nil {
			return err
		}
		done, err := a.alreadyThere(ctx, s, books, o, job)
		if done || err != nil {
			return err
		}
	}
	sent, err := a.send(ctx, s, job)
	if err != nil {
		return err
	}
	if !o.wait {
		return a.printAsked(sent, "", "sent")
	}
	return a.await(ctx, s, books, o, sent)
}

// knowsReport checks the name against the definitions at hand, so that a typing mistake is told to whoever made it. With
// definitions of the worker's own that this machine does not have, --definitions names them.
func (s *settings) knowsReport(name string) error {
	_, err := s.definition(name)
	return err
}

// definition is that of a report, in the same way.
func (s *settings) definition(name string) (report.Definition, error) {
	definitions, err := s.openCatalog()
	if err != nil {
		return report.Definition{}, err
	}
	def, err := definitions.Get(name)
	return def, definitionFailure(err)
}

// mayBeAsked refuses a month that has not ended, by the clock that workers go by: asked for, it would be a dead letter.
func mayBeAsked(ctx context.Context, books *ledger.Store, def report.Definition, job report.Job) error {
	period, err := report.ParsePeriod(job.Period)
	if err != nil {
		return usage("", "%w", err)
	}
	now, err := books.Now(ctx)
	if err != nil {
		return unavailable("", "ask the ledger: %w", err)
	}
	if _, end := period.Bounds(def.Location); end.Sub(now) > report.AskAhead {
		early := &pipeline.NotEndedError{Key: report.Key{Report: job.Report, Period: period, Tenant: job.Tenant}, Ends: end, In: end.Sub(now)}
		return unavailable("", "%w", early)
	}
	return nil
}

// definitionFailure gives an error of a definition its exit code.
func definitionFailure(err error) error {
	if err == nil {
		return nil
	}
	var broken *report.DefinitionError
	if errors.As(err, &broken) {
		return usage("monthend reports check", "%w", err)
	}
	return usage("monthend reports list", "%w", err)
}

// send sends the job in a segment of its own.
func (a *app) send(ctx context.Context, s settings, job report.Job) (asked, error) {
	logger, err := a.logger(s.LogLevel)
	if err != nil {
		return asked{}, err
	}
	cfg, err := awsConfig(ctx)
	if err != nil {
		return asked{}, err
	}
	tracer, err := s.openTracer(askSegment, logger)
	if err != nil {
		return asked{}, err
	}
	defer flush(ctx, tracer)
	producer, err := s.openProducer(cfg)
	if err != nil {
		return asked{}, err
	}
	sent, err := ask(ctx, tracer, producer, s.Trace, job)
	return sent, queueFailure(err)
}

// alreadyThere looks into the ledger: a month that is published or in work needs no second request.
func (a *app) alreadyThere(ctx context.Context, s settings, books *ledger.Store, o triggerOptions, job report.Job) (bool, error) {
	if job.Restate {
		return false, nil
	}
	period, err := report.ParsePeriod(job.Period)
	if err != nil {
		return false, usage("", "%w", err)
	}
	if job.Tenant == "" && job.Retry == "" {
		done, err := a.parentThere(ctx, s, books, o, job.Report, period)
		if done || err != nil {
			return done, err
		}
	}
	key := report.Key{Report: job.Report, Period: period, Tenant: job.Tenant}
	if current, ok, err := books.Current(ctx, key); err != nil {
		return false, unavailable("", "ask the ledger: %w", err)
	} else if ok {
		if o.wait {
			return true, a.printVersion(s, current, report.Duplicate)
		}
		return true, a.printAsked(asked{}, current.RunID, "already published")
	}
	running, ok, err := books.Unended(ctx, key)
	if err != nil {
		return false, unavailable("", "ask the ledger: %w", err)
	}
	if !ok || running.CancelAsked {
		return false, nil
	}
	if !o.wait {
		return true, a.printAsked(asked{}, running.RunID, "already running")
	}
	return true, a.follow(ctx, s, books, o.timeout, running.RunID)
}

// printAsked prints what became of the asking.
func (a *app) printAsked(sent asked, runID, status string) error {
	if a.format == formatJSON {
		return a.printJSON(struct {
			Status string `json:"status"`
			RunID  string `json:"run_id,omitempty"`
			asked
		}{status, runID, sent})
	}
	if runID != "" {
		_, err := fmt.Fprintf(a.stdout, "%s: run %s\n", status, runID)
		return err
	}
	fmt.Fprintf(a.stdout, "%s: request %s\n", status, sent.RequestID)
	if sent.TraceID != "" {
		fmt.Fprintf(a.stdout, "trace %s\n", sent.TraceID)
	}
	return nil
}

// await follows a request until it has an outcome.
func (a *app) await(ctx context.Context, s settings, books *ledger.Store, o triggerOptions, sent asked) error {
	var request ledger.Request
	err := poll(ctx, o.timeout, func(ctx context.Context) (bool, error) {
		var err error
		request, err = books.Request(ctx, sent.RequestID)
		if errors.Is(err, ledger.ErrNotFound) {
			return false, nil // not received yet
		}
		return request.Outcome != "", err
	})
	if err == nil && request.RunID == "" {
		if parent, err := books.Fanout(ctx, sent.RequestID); err == nil {
			return a.followParent(ctx, s, books, o.timeout, sent.RequestID, parent.Closing-1)
		}
	}
	if errors.Is(err, errWaitedTooLong) {
		return unavailable("monthend runs list", "request %q has no outcome after %s", sent.RequestID, o.timeout)
	}
	if err != nil {
		return err
	}
	if request.RunID == "" {
		return withCode(exitFailed, "", errors.New(request.Error))
	}
	return a.printRun(ctx, s, books, request.RunID, request.Outcome)
}

// follow waits for the end of a run.
func (a *app) follow(ctx context.Context, s settings, books *ledger.Store, timeout time.Duration, id string) error {
	var run ledger.Run
	err := poll(ctx, timeout, func(ctx context.Context) (bool, error) {
		var err error
		run, err = books.Run(ctx, id)
		return run.Outcome != "", err
	})
	if errors.Is(err, errWaitedTooLong) {
		return unavailable("monthend runs show "+id, "run %q has no outcome after %s", id, timeout)
	}
	if err != nil {
		return err
	}
	return a.printRun(ctx, s, books, id, run.Outcome)
}

var errWaitedTooLong = errors.New("waited too long")

// pollEvery is how often a waiting command asks the ledger.
const pollEvery = 250 * time.Millisecond

// poll asks until done answers true.
func poll(ctx context.Context, timeout time.Duration, done func(context.Context) (bool, error)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, errWaitedTooLong)
	defer cancel()
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for {
		ok, err := done(ctx)
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		if ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticker.C:
		}
	}
}
