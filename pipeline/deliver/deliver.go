// Package deliver brings what was published, and alerts, to those outside who are to have it: copies in a directory or in S3, signed
// webhooks, mails. It stands in the pipeline, above ledger and store, beside the runs and apart from them: whatever becomes of a
// delivery, a version stays published. It does not decide who gets what (the definition and the ledger do), and it promises
// no more than at least once: what a recipient has accepted may come again, under the same idempotency key.
package deliver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/pipeline/store"
	"github.com/monthend/monthend/trace"
)

// Config is what a Deliverer works with. Ledger and Store are required; the zero value of the rest brings nothing to anybody, for
// nothing is allowed.
type Config struct {
	Ledger *ledger.Store // opened with an owner
	Store  store.Store   // where the versions are
	Tracer *trace.Tracer // nil is not traced
	Allow  Allow         // what deliveries may reach; none: nothing

	Shelf     func(ctx context.Context, place string) (store.Shelf, error) // opens an allowed place; nil opens directories only
	Secret    func(name string) string                                     // the value of a variable, "" for none; nil is none
	Mail      *Mail                                                        // nil: no mail can be sent
	Transport http.RoundTripper                                            // of webhooks; nil is http.DefaultTransport
	Locate    func(path string) string                                     // the link to a stored file; nil is the store's
	Spool     string                                                       // folder for files on their way; "" is the system's temporary folder
	Segment   string                                                       // name of a delivery's segment; "" is "monthend"

	Concurrency int           // deliveries under way at once; 0 is 4
	Poll        time.Duration // between two looks for what is due; 0 is 2 s
	Lease       time.Duration // of a delivery under way; 0 is 60 s
	Timeout     time.Duration // of one webhook or mail; 0 is 30 s
	CopyTimeout time.Duration // of one copy of a version; 0 is 15 min
	Grace       time.Duration // what is under way may go on so long once Run is told to stop; 0 is 5 s
	MostTries   int           // of one delivery; 0 is 60
	MostTime    time.Duration // from its first try; 0 is 24 h

	Logger *slog.Logger
}

// Deliverer brings deliveries. It is safe for use by several goroutines, and by several processes over one ledger.
type Deliverer struct {
	cfg     Config
	senders map[string]sender
	counted counted
}

// sender brings one delivery to recipients of one kind. An error is tried again, unless a *FinalError is in its chain.
type sender interface {
	send(ctx context.Context, p parcel) error
}

// New checks cfg.
func New(cfg Config) (*Deliverer, error) {
	switch {
	case cfg.Ledger == nil:
		return nil, errors.New("deliver: a ledger is needed")
	case cfg.Store == nil:
		return nil, errors.New("deliver: a store is needed")
	}
	if cfg.Tracer == nil {
		var err error
		if cfg.Tracer, err = trace.New(trace.Config{}); err != nil {
			return nil, err
		}
	}
	if cfg.Shelf == nil {
		cfg.Shelf = func(ctx context.Context, place string) (store.Shelf, error) { return store.OpenShelf(ctx, place, nil) }
	}
	if cfg.Secret == nil {
		cfg.Secret = func(string) string { return "" }
	}
	if cfg.Locate == nil {
		cfg.Locate = cfg.Store.Locate
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	cfg.Segment = cmp.Or(cfg.Segment, trace.DefaultName)
	cfg.Concurrency = cmp.Or(cfg.Concurrency, 4)
	cfg.Poll = cmp.Or(cfg.Poll, 2*time.Second)
	cfg.Lease = cmp.Or(cfg.Lease, time.Minute)
	cfg.Timeout = cmp.Or(cfg.Timeout, 30*time.Second)
	cfg.CopyTimeout = cmp.Or(cfg.CopyTimeout, 15*time.Minute)
	cfg.Grace = cmp.Or(cfg.Grace, 5*time.Second)
	cfg.MostTries = cmp.Or(cfg.MostTries, 60)
	cfg.MostTime = cmp.Or(cfg.MostTime, 24*time.Hour)
	if cfg.Concurrency < 1 {
		return nil, fmt.Errorf("deliver: %d deliveries at once", cfg.Concurrency)
	}
	d := &Deliverer{cfg: cfg}
	d.senders = map[string]sender{"directory": copier{&d.cfg}, "webhook": newHook(&d.cfg), "email": mailer{&d.cfg}}
	return d, nil
}

// Run brings what is due until ctx ends. Trouble with the ledger is ridden out; what is under way at the end has a few seconds to
// come to its own.
func (d *Deliverer) Run(ctx context.Context) error {
	slots := make(chan struct{}, d.cfg.Concurrency)
	var under sync.WaitGroup
	defer under.Wait()
	for failures := 0; ; {
		select {
		case <-ctx.Done():
			return nil
		case slots <- struct{}{}:
		}
		taken, ok, err := d.take(ctx)
		if ok {
			failures = 0
			under.Go(func() {
				defer func() { <-slots }()
				d.bring(ctx, taken)
			})
			continue
		}
		<-slots
		pause := d.cfg.Poll
		if err != nil && ctx.Err() == nil {
			failures++
			pause = max(pause, pace(failures))
			d.cfg.Logger.Warn("deliveries not looked for", "error", err, "again_in", pause.String())
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
	}
}

// Once brings one delivery that is due, and reports whether there was one.
func (d *Deliverer) Once(ctx context.Context) (bool, error) {
	taken, ok, err := d.take(ctx)
	if ok {
		d.bring(ctx, taken)
	}
	return ok, err
}

func (d *Deliverer) take(ctx context.Context) (ledger.Delivery, bool, error) {
	return d.cfg.Ledger.TakeDelivery(trace.Silent(ctx), ledger.Taking{Lease: d.cfg.Lease, MostTries: d.cfg.MostTries, MostTime: d.cfg.MostTime})
}
