package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/monthend/monthend/console/api"
	"github.com/monthend/monthend/console/bearer"
	"github.com/monthend/monthend/console/limit"
	"github.com/monthend/monthend/metric"
	"github.com/monthend/monthend/pipeline"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/pipeline/store"
	"github.com/monthend/monthend/queue"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/trace"
	"github.com/monthend/monthend/trace/pgxtrace"
)

// reception is what serve needs: everything but what works a run.
type reception struct {
	catalog  *report.Catalog
	ledger   *ledger.Store
	store    store.Store
	tracer   *trace.Tracer
	drain    *drain
	bell     bell
	queue    *sqs.Client
	queueURL string
	figures  *metric.Set
}

// openReception opens it. A queue that is not there is told now: what is posted would only wait.
func (s *settings) openReception(ctx context.Context, cfg aws.Config, logger *slog.Logger) (d *reception, err error) {
	d = &reception{bell: newBell(), queue: sqs.NewFromConfig(cfg), queueURL: s.QueueURL, figures: metric.New(metric.Config{Logger: logger})}
	defer func() {
		if err != nil {
			d.close(ctx)
		}
	}()
	if d.catalog, err = s.openCatalog(); err != nil {
		return d, err
	}
	if d.tracer, err = s.openTracer(api.Service, logger); err != nil {
		return d, err
	}
	if d.ledger, err = s.openLedgerAs(ctx, ledger.Config{Tracer: pgxtrace.New()}); err != nil {
		return d, err
	}
	if d.store, err = s.openStore(ctx); err != nil {
		return d, err
	}
	if _, err = queue.Inspect(ctx, d.queue, s.QueueURL); err != nil {
		return d, queueFailure(err)
	}
	if d.drain, err = s.newDrain(cfg, d.ledger, d.tracer, d.bell, logger); err != nil {
		return d, err
	}
	readTracer(d.figures, d.tracer)
	readLedger(d.figures, d.ledger)
	readSchedules(d.figures, d.ledger, d.catalog)
	readQueue(d.figures, d.queue, s.QueueURL)
	return d, nil
}

func (d *reception) close(ctx context.Context) {
	if d.store != nil {
		d.store.Close()
	}
	if d.ledger != nil {
		d.ledger.Close()
	}
	if d.tracer != nil {
		flush(ctx, d.tracer)
	}
}

// openAPI is the API above the reception.
func (s *settings) openAPI(d *reception, local bool, logger *slog.Logger) (http.Handler, error) {
	tokens, err := bearer.New(bearer.Config{Ledger: d.ledger, Insecure: s.HTTP.Insecure, Loopback: local})
	if err != nil {
		return nil, err
	}
	byToken, err := limit.New(limit.Config{Rate: s.HTTP.Rate})
	if err != nil {
		return nil, err
	}
	byAddress, err := limit.New(limit.Config{Rate: s.HTTP.Rate})
	if err != nil {
		return nil, err
	}
	return api.New(api.Config{
		Ledger: d.ledger, Catalog: d.catalog, Files: versionFiles, Open: d.openFile, NewRequestID: newRequestID,
		Tokens: tokens, ByToken: byToken, ByAddress: byAddress, Checks: d.checks(),
		Tracer: d.tracer, Metrics: d.figures.Handler(), Posted: d.bell.ring, Logger: logger,
	})
}

// checks are what must answer for requests to be answered.
func (d *reception) checks() []api.Check {
	return []api.Check{
		{Name: "ledger", Ask: d.ledger.Ping},
		{Name: "queue", Ask: func(ctx context.Context) error {
			_, err := queue.Inspect(ctx, d.queue, d.queueURL)
			return err
		}},
		{Name: "store", Ask: func(ctx context.Context) error {
			_, err := d.store.List(ctx, "_ready/") // no report is called so: it is asked, and has nothing to list
			return err
		}},
	}
}

// versionFiles are the files of a version that people fetch.
func versionFiles(v ledger.Version) ([]api.File, error) {
	manifest, err := pipeline.ParseManifest(v.Manifest)
	if err != nil {
		return nil, err
	}
	var files []api.File
	for _, f := range manifest.Content.Files() {
		files = append(files, api.File{Name: f.Name, Format: f.Format, Bytes: f.Bytes, SHA256: f.SHA256})
	}
	return files, nil
}

func (d *reception) openFile(ctx context.Context, path string) (io.ReadCloser, error) {
	file, err := d.store.Open(ctx, path)
	if errors.Is(err, store.ErrNotFound) {
		err = errors.Join(fs.ErrNotExist, err)
	}
	return file, err
}
