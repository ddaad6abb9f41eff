// Package pipeline runs one job: claim, extract, validate, generate, publish, one file a stage. It stands above its own
// folders (ledger, source, engine, store), the vocabulary of report and trace. It does not know queues: who asked comes in
// as an Asking, what became of it goes out as a Result, and only the caller touches messages.
package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/monthend/monthend/pipeline/commentary"
	"github.com/monthend/monthend/pipeline/engine"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/pipeline/source"
	"github.com/monthend/monthend/pipeline/source/remote"
	"github.com/monthend/monthend/pipeline/store"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/trace"
)

// Config is what a Runner works with. Ledger, Store, Source and Catalog are required, a preview needs the last two only;
// the zero value of the rest works.
type Config struct {
	Ledger     *ledger.Store
	Store      store.Store
	Source     *source.Postgres
	Outside    *source.Outside     // reads what comes from outside the source; nil allows nothing
	Commentary *commentary.Drafter // asks for drafts in words; nil asks nobody
	Catalog    *report.Catalog
	Tracer     *trace.Tracer // nil is not traced

	Spool   string        // folder for the files of runs in work, this process's own (see OpenSpool); "" is the system's temporary folder
	Engine  engine.Config // limits of one run; Spool and TimeZone are set by the Runner
	Segment string        // name of a job's segment; "" is "monthend"

	MaxAttempts int           // attempts that may end in a transient error before the run is failed; 0 is 10
	CrashLimit  int           // crashes of a run, worked alone, before it is failed; 0 is 2
	RenewEvery  time.Duration // between two renewals of the lease; 0 is 5 s
	LookEvery   time.Duration // between two looks whether the run was cancelled; 0 is 1 s
	FenceAfter  time.Duration // work stops so long after the last successful renewal was sent; 0 is 12 s

	Logger   *slog.Logger
	Now      func() time.Time           // monotonic durations, waits; never a period. nil is time.Now
	Progress func(Progress)             // told of every step forward of a run, of one at a time; nil is nobody
	Timed    func(Stage, time.Duration) // told how long each stage took, however it went; must not wait for anything; nil is nobody
}

// Runner runs jobs. It is safe for use by several goroutines. One process has one: what crashes together is told apart by
// who works beside whom.
type Runner struct {
	cfg    Config
	gate   *gate
	unsaid unsaid

	counters counters
}

// New checks cfg.
func New(cfg Config) (*Runner, error) {
	switch {
	case cfg.Ledger == nil:
		return nil, errors.New("pipeline: a ledger is needed")
	case cfg.Store == nil:
		return nil, errors.New("pipeline: a store is needed")
	}
	return newRunner(cfg)
}

// newRunner checks what a preview needs too, and fills the defaults in.
func newRunner(cfg Config) (*Runner, error) {
	switch {
	case cfg.Source == nil:
		return nil, errors.New("pipeline: a source is needed")
	case cfg.Catalog == nil:
		return nil, errors.New("pipeline: a catalog is needed")
	}
	if cfg.Tracer == nil {
		var err error
		if cfg.Tracer, err = trace.New(trace.Config{}); err != nil {
			return nil, err
		}
	}
	if cfg.Outside == nil {
		var err error
		if cfg.Outside, err = source.OpenOutside(remote.Config{}); err != nil {
			return nil, err
		}
	}
	cfg.Segment = cmp.Or(cfg.Segment, "monthend")
	cfg.MaxAttempts = cmp.Or(cfg.MaxAttempts, 10)
	cfg.CrashLimit = cmp.Or(cfg.CrashLimit, 2)
	if cfg.CrashLimit < 0 {
		return nil, fmt.Errorf("pipeline: a crash limit of %d is below 1", cfg.CrashLimit)
	}
	cfg.RenewEvery = cmp.Or(cfg.RenewEvery, 5*time.Second)
	cfg.LookEvery = cmp.Or(cfg.LookEvery, time.Second)
	cfg.FenceAfter = cmp.Or(cfg.FenceAfter, 12*time.Second)
	if cfg.FenceAfter <= cfg.RenewEvery {
		return nil, fmt.Errorf("pipeline: the fence at %s must lie behind the renewal at %s", cfg.FenceAfter, cfg.RenewEvery)
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Progress == nil {
		cfg.Progress = func(Progress) {}
	}
	if cfg.Timed == nil {
		cfg.Timed = func(Stage, time.Duration) {}
	}
	return &Runner{cfg: cfg, gate: newGate()}, nil
}

// Asking is one delivery of one request.
type Asking struct {
	Job       report.Job
	RequestID string
	MessageID string        // of the queue; "" without one
	Trace     string        // the asker's trace header; "" starts a new trace
	Sample    bool          // a new trace begun here is sampled: a person asked
	QueueWait time.Duration // since this attempt became receivable; < 0 is drawn as 0
	Delivered int           // how often this message was received, 1 at first; sets the pace of waiting
}

// Result is what became of an Asking: Outcome is set (the request has ended), Lost is true (the lease is another's now: touch
// nothing), Asked is set (it has become a request a tenant, and its outcome follows theirs), or else it is to be delivered
// again after RetryAfter.
type Result struct {
	Outcome    report.Outcome
	Lost       bool
	Asked      int  // how many tenants were asked for
	Answered   bool // the Outcome is of earlier: nothing was worked
	RetryAfter time.Duration
	Key        report.Key // zero when the job names no month of a known report
	RunID      string
	TraceID    string
	Version    ledger.Version // of a published, duplicate or unchanged request
	Extracted  int64
	Rejected   int64
	Validation report.Validation // where rules were run
	Err        error             // why it failed or waits; nil otherwise
}

// Progress is one step forward of a run.
type Progress struct {
	RunID string
	Stage Stage
	Step  string // the query, dataset or file at hand; "" at the stage's begin and end
	Done  int    // steps done of Steps
	Steps int
	Rows  int64 // extracted so far
	Rate  int64 // rows a second of the extract query at hand; 0 in other stages
}

// Stage is one stage of a run; its text is the subsegment's name.
type Stage string

// The stages in their order.
const (
	StageClaim    Stage = "claim"
	StageExtract  Stage = "data_extraction"
	StageValidate Stage = "data_validation"
	StageGenerate Stage = "report_generation"
	StagePublish  Stage = "publish"
)

// cleanup bounds what must still be done when the work itself is over or cancelled.
const cleanup = 10 * time.Second

// afterwards is ctx without its end, bounded: for what releases and records.
func afterwards(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(context.WithoutCancel(ctx), cleanup, fmt.Errorf("clean-up took longer than %s", cleanup))
}
