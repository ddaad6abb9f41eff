package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/monthend/monthend/metric"
	"github.com/monthend/monthend/pipeline"
	"github.com/monthend/monthend/pipeline/commentary"
	"github.com/monthend/monthend/pipeline/engine"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/pipeline/source"
	"github.com/monthend/monthend/pipeline/store"
	"github.com/monthend/monthend/queue"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/report/catalog"
	"github.com/monthend/monthend/trace"
	"github.com/monthend/monthend/trace/awstrace"
	"github.com/monthend/monthend/trace/pgxtrace"
)

// awsConfig reads AWS's own variables and files.
func awsConfig(ctx context.Context) (aws.Config, error) {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return cfg, usage("", "read the AWS settings: %w", err)
	}
	if cfg.Region == "" {
		return cfg, usage("export AWS_REGION=eu-central-1", "AWS_REGION is not set")
	}
	return cfg, nil
}

// openLedger opens the run ledger, telling apart what is missing, what is old and what is not there. owner is "" for who
// only reads.
func (s *settings) openLedger(ctx context.Context, owner string) (*ledger.Store, error) {
	return s.openLedgerAs(ctx, ledger.Config{Owner: owner})
}

// openLedgerAs is openLedger for who has more to say than his name.
func (s *settings) openLedgerAs(ctx context.Context, cfg ledger.Config) (*ledger.Store, error) {
	if err := s.needDatabase(); err != nil {
		return nil, err
	}
	cfg.URL = s.DatabaseURL
	l, err := ledger.Open(ctx, cfg)
	if errors.Is(err, ledger.ErrSchemaOld) {
		return nil, withCode(exitUnavailable, "monthend migrate", err)
	}
	if err != nil {
		return nil, unavailable("", "%w", err)
	}
	return l, nil
}

// openCatalog has the definitions that ship and, above them, those of the folder that is set.
func (s *settings) openCatalog() (*report.Catalog, error) {
	definitions, done, err := s.openDefinitions()
	if err != nil {
		return nil, err
	}
	done() // everything was read here and now
	return definitions, nil
}

// openDefinitions is openCatalog for who reads what lies beside a definition too, until done.
func (s *settings) openDefinitions() (definitions *report.Catalog, done func(), err error) {
	layers, done := []fs.FS{catalog.FS}, func() {}
	if s.Definitions != "" {
		// Opened as a root: no symbolic link of a definition leads out of its folder.
		root, err := os.OpenRoot(s.Definitions)
		if err != nil {
			return nil, nil, usage("", "MONTHEND_DEFINITIONS %q is not a folder", s.Definitions)
		}
		layers, done = append(layers, root.FS()), func() { root.Close() }
	}
	if definitions, err = report.NewCatalog(layers...); err != nil {
		done()
		return nil, nil, err
	}
	return definitions, done, nil
}

// openStore opens where versions are kept.
func (s *settings) openStore(ctx context.Context) (store.Store, error) {
	if err := s.needOutput(); err != nil {
		return nil, err
	}
	var client *s3.Client
	if store.IsS3(s.Output) {
		cfg, err := awsConfig(ctx)
		if err != nil {
			return nil, err
		}
		client = s3.NewFromConfig(cfg, func(o *s3.Options) {
			o.UsePathStyle = true
			awstrace.Instrument(&o.APIOptions)
		})
	}
	st, err := store.Open(ctx, s.Output, client)
	var wrong *store.OutputError
	if errors.As(err, &wrong) && wrong.Malformed {
		return nil, usage("", "%w", err)
	}
	if err != nil {
		return nil, unavailable("", "open the output: %w", err)
	}
	return st, nil
}

// openProducer opens the sending side of the queue, traced.
func (s *settings) openProducer(cfg aws.Config) (*queue.Producer, error) {
	client := sqs.NewFromConfig(cfg, func(o *sqs.Options) { awstrace.Instrument(&o.APIOptions) })
	return queue.NewProducer(queue.ProducerConfig{Client: client, QueueURL: s.QueueURL})
}

// rooms is what running a job needs, opened and checked. close ends what was opened.
type rooms struct {
	catalog *report.Catalog
	ledger  *ledger.Store
	source  *source.Postgres
	outside *source.Outside
	drafter *commentary.Drafter // nil asks nobody
	store   store.Store
	tracer  *trace.Tracer
	spool   *pipeline.Spool
	engines *engine.Pool
	figures *metric.Set
	bell    bell // of the drain
	runner  *pipeline.Runner
}

// openRooms opens everything that runs jobs.
func (s *settings) openRooms(ctx context.Context, logger *slog.Logger, progress func(pipeline.Progress)) (*rooms, error) {
	r, err := s.openReading(ctx, logger)
	if err != nil {
		return nil, err
	}
	if r.ledger, err = s.openLedger(ctx, newOwner()); err == nil {
		r.store, err = s.openStore(ctx)
	}
	if err == nil {
		r.runner, err = pipeline.New(s.pipelineConfig(r, logger, progress))
	}
	if err != nil {
		r.close(ctx, ctx)
		return nil, err
	}
	return r, nil
}

// openReading opens what reads a month and publishes nothing.
func (s *settings) openReading(ctx context.Context, logger *slog.Logger) (r *rooms, err error) {
	for _, need := range []func() error{s.needSource, s.checkTrace, s.makeSpool} {
		if err := need(); err != nil {
			return nil, err
		}
	}
	r = &rooms{figures: metric.New(metric.Config{Logger: logger}), bell: newBell()}
	if r.catalog, err = s.openCatalog(); err != nil {
		return nil, err
	}
	if r.tracer, err = s.openTracer(trace.DefaultName, logger); err != nil {
		return nil, err
	}
	if r.spool, err = pipeline.OpenSpool(ctx, s.Spool); err != nil {
		r.close(ctx, ctx)
		return nil, unavailable("export MONTHEND_SPOOL=/some/folder", "%w", err)
	}
	if r.engines, err = engine.NewPool(r.spool.Dir, s.Concurrency); err != nil {
		r.close(ctx, ctx)
		return nil, err
	}
	if r.drafter, err = s.openCommentary(); err != nil {
		r.close(ctx, ctx)
		return nil, err
	}
	if r.outside, err = s.openOutside(ctx); err != nil {
		r.close(ctx, ctx)
		return nil, err
	}
	if r.source, err = source.OpenPostgres(ctx, s.SourceURL, pgxtrace.New()); err != nil {
		r.close(ctx, ctx)
		return nil, unavailable("", "open the source: %w", err)
	}
	return r, nil
}

func (s *settings) pipelineConfig(r *rooms, logger *slog.Logger, progress func(pipeline.Progress)) pipeline.Config {
	return pipeline.Config{
		Ledger:     r.ledger,
		Store:      r.store,
		Source:     r.source,
		Outside:    r.outside,
		Commentary: r.drafter,
		Catalog:    r.catalog,
		Tracer:     r.tracer,
		Spool:      r.spool.Dir,
		Engine:     engine.Config{MemoryLimit: s.MemoryMB << 20, Pool: r.engines},
		Logger:     logger,
		Progress:   progress,
		Timed:      r.timed,

		CrashLimit: s.CrashLimit,
	}
}

// closeTimeout bounds the end of a process: what hangs then ends with it.
const closeTimeout = 10 * time.Second

// abortedClose is closeTimeout for somebody who has asked twice.
const abortedClose = time.Second

// close closes what was opened, in the other order; the tracer flushes last of all. Connections are waited for, and a run
// that did not heed its end may hold one for ever, so the wait is bounded, and short once abort has ended.
func (r *rooms) close(ctx, abort context.Context) {
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		r.closeAll()
	}()
	timer := time.NewTimer(closeTimeout)
	defer timer.Stop()
	hurry := context.AfterFunc(abort, func() { timer.Reset(abortedClose) })
	defer hurry()
	select {
	case <-closed:
	case <-timer.C:
	}
	if r.tracer != nil {
		flush(ctx, r.tracer)
	}
}

func (r *rooms) closeAll() {
	if r.source != nil {
		r.source.Close()
	}
	if r.store != nil {
		r.store.Close()
	}
	if r.ledger != nil {
		r.ledger.Close()
	}
	_ = r.engines.Close() // what is left of them lies in the spool
	if r.spool != nil {
		r.spool.Close() // what cannot be removed now, the next process sweeps
	}
}

// flush sends what the tracer still holds, bounded: a daemon that is not there must not hold up the end.
func flush(ctx context.Context, tracer *trace.Tracer) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTimeout)
	defer cancel()
	tracer.Close(ctx)
}

// newOwner names this process in claims: readable, and unlike any other.
func newOwner() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s/%d/%s", host, os.Getpid(), rand.Text()[:6])
}
