package main

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/spf13/pflag"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/queue"
	"github.com/monthend/monthend/trace"
)

// The pace of a drain and the bounds that are no settings.
const (
	drainEvery  = time.Second           // a look at the latest
	drainRest   = 20 * time.Millisecond // and at the earliest, however many runs end
	drainHeld   = 30 * time.Second      // what is picked is kept from other drains; it is sent in this time or left
	drainLost   = 30 * time.Minute      // a message that came to nothing is sent again, then after twice as long, up to 16 h
	drainMost   = 500                   // messages a look: what is sent within a few seconds
	drainQueued = 1000                  // of all tenants in the queue: more than any fleet works on, and what a newcomer may stand behind
	outboxAge   = 7 * 24 * time.Hour    // what was fulfilled so long ago is forgotten
	pruneEvery  = time.Hour
)

// drainSettings say how much of a tenant stands in the queue.
type drainSettings struct {
	TenantShare int `env:"MONTHEND_TENANT_SHARE" envDefault:"4"`
}

func (s *settings) drainFlags(fs *pflag.FlagSet) {
	flag(fs.IntVar, fs, &s.Tenants.TenantShare, "tenant-share",
		"messages of one tenant in the queue at a time, 4 unless set: so many of its runs go on at once, and so many another waits behind (MONTHEND_TENANT_SHARE)")
}

func (s *settings) checkDrain() error {
	if s.Tenants.TenantShare < 1 {
		return usage("", "MONTHEND_TENANT_SHARE %d is below 1", s.Tenants.TenantShare)
	}
	return nil
}

// bell wakes a drain before its time. The nil bell wakes nobody.
type bell chan struct{}

func newBell() bell { return make(bell, 1) }

// ring says that something was posted, or that a run ended and its tenant may be next.
func (b bell) ring() {
	select {
	case b <- struct{}{}:
	default: // it rings already
	}
}

// drain brings what the ledger's outbox holds to the queue, and closes the parents whose last tenant has ended. Any number of
// them may go on at once, in any number of processes.
type drain struct {
	books    *ledger.Store
	producer *queue.Producer
	queueURL string
	region   string
	tracer   *trace.Tracer
	bell     bell
	logger   *slog.Logger
	turn     ledger.Turn
	lost     time.Duration

	closed, pruned time.Time
	trouble        bool // told that messages cannot be sent, and not yet that they can

	sent, unsent atomic.Int64
}

// newDrain is the drain of a process with an open ledger. Rings of b make it look at once; nil is nobody's.
func (s *settings) newDrain(cfg aws.Config, books *ledger.Store, tracer *trace.Tracer, b bell, logger *slog.Logger) (*drain, error) {
	if err := s.checkDrain(); err != nil {
		return nil, err
	}
	// Not traced by itself: a call carries messages of several traces, and each gets what is its own.
	producer, err := queue.NewProducer(queue.ProducerConfig{Client: sqs.NewFromConfig(cfg), QueueURL: s.QueueURL})
	if err != nil {
		return nil, err
	}
	return &drain{
		books: books, producer: producer, queueURL: s.QueueURL, region: cfg.Region, tracer: tracer, bell: b, logger: logger,
		turn: ledger.Turn{Most: drainMost, Tenant: s.Tenants.TenantShare, Tenants: drainQueued, Held: drainHeld},
		lost: drainLost,
	}, nil
}

func (d *drain) loop() loop { return loop{name: "drain", run: d.run} }

// run looks into the outbox until ctx ends: at once when told to, else every second. An outage of the ledger or of the queue is
// waited out.
func (d *drain) run(ctx context.Context) error {
	backoff := queue.Backoff{Base: drainEvery, Cap: 30 * time.Second}
	for failures := 0; ; {
		rest, wait, err := d.look(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			failures++
			rest = backoff.Delay(failures)
			if !d.trouble {
				d.logger.WarnContext(ctx, "what is posted cannot be sent; it is kept", "error", err)
			}
		} else {
			failures = 0
			if d.trouble {
				d.logger.InfoContext(ctx, "what is posted is sent again")
			}
		}
		d.trouble = err != nil
		if !sleep(ctx, rest) {
			return nil
		}
		if wait > rest && err == nil {
			timer := time.NewTimer(wait - rest)
			select {
			case <-ctx.Done():
			case <-d.bell:
			case <-timer.C:
			}
			timer.Stop()
		}
	}
}

// look sends what is due. The drain then rests, whoever rings, and waits for no longer than told.
func (d *drain) look(ctx context.Context) (rest, wait time.Duration, err error) {
	began := time.Now()
	postings, err := d.books.Pick(ctx, d.turn)
	// A look among many tenants costs the database something: a tenth of its time at the most.
	rest = min(drainEvery, max(drainRest, 9*time.Since(began)))
	if err != nil {
		return rest, drainEvery, err
	}
	if err := d.send(ctx, postings, began); err != nil {
		return rest, drainEvery, err
	}
	if len(postings) >= d.turn.Most {
		return 0, 0, nil // there may be more
	}
	return rest, drainEvery, d.tidy(ctx)
}

// tidy does what needs no hurry.
func (d *drain) tidy(ctx context.Context) error {
	now := time.Now()
	if now.Sub(d.closed) >= drainEvery {
		ids, err := d.books.CloseFanouts(ctx)
		if err != nil {
			return err
		}
		d.closed = now
		for _, id := range ids {
			if err := d.tell(ctx, id); err != nil {
				return err
			}
		}
	}
	if now.Sub(d.pruned) >= pruneEvery {
		if _, err := d.books.PruneOutbox(ctx, outboxAge); err != nil {
			return err
		}
		d.pruned = now
	}
	return nil
}

// tell logs how a parent ended.
func (d *drain) tell(ctx context.Context, id string) error {
	f, err := d.books.Fanout(ctx, id)
	if errors.Is(err, ledger.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	level := slog.LevelInfo
	if f.State != ledger.FanoutDone {
		level = slog.LevelError
	}
	d.logger.Log(ctx, level, "all tenants ended", "request", id, "report", f.Report, "period", f.Period.String(), "state", string(f.State),
		"tenants", f.Tenants, "done", f.Good(), "trace_id", f.TraceID)
	return nil
}

// sleep waits for d and reports whether the whole of it passed before ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
