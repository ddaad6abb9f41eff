package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/queue"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/schedule"
	"github.com/monthend/monthend/trace"
)

// scheduleSettings say whether schedules are looked at beside other work, and how far back.
type scheduleSettings struct {
	With        bool `env:"MONTHEND_WITH_SCHEDULE"`
	CatchUpDays int  `env:"MONTHEND_CATCH_UP_DAYS" envDefault:"92"`
}

// longestCatchUp is ten years: more is a typing mistake.
const longestCatchUp = 3660

func (s *settings) scheduleFlags(fs *pflag.FlagSet) {
	flag(fs.IntVar, fs, &s.Schedule.CatchUpDays, "catch-up-days",
		"days after it was due within which a period is still asked for, 92 unless set (MONTHEND_CATCH_UP_DAYS)")
}

func (s *settings) checkSchedule() error {
	if days := s.Schedule.CatchUpDays; days < 1 || days > longestCatchUp {
		return usage("", "MONTHEND_CATCH_UP_DAYS %d is not between 1 and %d", days, longestCatchUp)
	}
	return nil
}

func newScheduleCommand(a *app, s settings) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "schedule",
		Short: "Ask for reports when their definitions say that they are due, until stopped",
		Long: "schedule asks for reports when they are due by schedule: in their definitions, and brings what is asked for to the\n" +
			"queue, until it is stopped. Any number of them may run, beside workers with --with-schedule: each period is asked\n" +
			"for once, by the clock of the ledger's database. What was due while none ran is asked for when one does, for as long\n" +
			"as --catch-up-days. Definitions are read when it starts.",
		Example: "  monthend schedule next\n" +
			"  monthend schedule\n" +
			"  monthend schedule list",
		Args: noCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runSchedule(cmd.Context(), s) },
	}
	fs := cmd.Flags()
	s.databaseFlags(fs)
	s.queueFlags(fs)
	s.definitionFlags(fs)
	s.scheduleFlags(fs)
	s.drainFlags(fs)
	s.traceFlags(fs)
	s.samplingFlags(fs)
	flag(fs.StringVar, fs, &s.LogLevel, "log-level", "debug, info, warn or error (MONTHEND_LOG_LEVEL)")
	cmd.AddCommand(newScheduleListCommand(a, s), newScheduleNextCommand(a, s), newScheduleBackfillCommand(a, s))
	return cmd
}

func (a *app) runSchedule(ctx context.Context, s settings) error {
	logger, err := a.logger(s.LogLevel)
	if err != nil {
		return err
	}
	for _, need := range []func() error{s.needQueue, s.needDatabase, s.checkTrace, s.checkDrain, s.checkSchedule} {
		if err := need(); err != nil {
			return err
		}
	}
	cfg, err := awsConfig(ctx)
	if err != nil {
		return err
	}
	definitions, err := s.openCatalog()
	if err != nil {
		return err
	}
	tracer, err := s.openTracer(schedule.Segment, logger)
	if err != nil {
		return err
	}
	defer tellLoss(logger, tracer)
	defer flush(ctx, tracer)
	books, err := s.openLedger(ctx, "")
	if err != nil {
		return err
	}
	defer books.Close()
	bell := newBell()
	scheduler, err := s.newScheduler(books, definitions, tracer, bell, logger)
	if err != nil {
		return err
	}
	drain, err := s.newDrain(cfg, books, tracer, bell, logger)
	if err != nil {
		return err
	}
	// Said at once, before the loops begin, which ride out everything.
	if _, err := queue.Inspect(ctx, sqs.NewFromConfig(cfg), s.QueueURL); err != nil {
		return queueFailure(err)
	}
	stop := beside(ctx, logger, loop{"schedule", scheduler.Run}, drain.loop())
	logger.Info("scheduling", "schedules", scheduler.Schedules(), "queue", s.QueueURL)
	<-ctx.Done()
	logger.Info("ending", "cause", context.Cause(ctx).Error())
	stop()
	return nil
}

// newScheduler has the schedules of the definitions that can be read. Those that cannot are told: nobody asks for them.
func (s *settings) newScheduler(books *ledger.Store, definitions *report.Catalog, tracer *trace.Tracer, b bell, logger *slog.Logger) (*schedule.Scheduler, error) {
	if err := s.checkSchedule(); err != nil {
		return nil, err
	}
	whole, broken := scheduled(definitions)
	for _, err := range broken {
		logger.Error("a definition has mistakes and is not scheduled", "error", err)
	}
	scheduler, err := schedule.New(schedule.Config{
		Ledger: books, Definitions: whole, Tracer: tracer, Logger: logger, Fired: b.ring,
		CatchUp: time.Duration(s.Schedule.CatchUpDays) * 24 * time.Hour,
	})
	if err != nil {
		return nil, err
	}
	if scheduler.Schedules() == 0 {
		return nil, usage("monthend reports list", "no report has a schedule; one begins with schedule: in its report.yaml")
	}
	return scheduler, nil
}

// scheduled are the definitions that can be read, and what is wrong with the others.
func scheduled(definitions *report.Catalog) (whole []report.Definition, broken []error) {
	for _, name := range definitions.Names() {
		def, err := definitions.Get(name)
		if err != nil {
			broken = append(broken, err)
			continue
		}
		whole = append(whole, def)
	}
	return whole, broken
}
