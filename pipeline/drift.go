package pipeline

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/trace"
)

// utc is the zone of a version whose definition is not at hand any more.
var utc = time.UTC

// ErrUnpublished is that a month has no version yet, so that nothing can have moved since.
var ErrUnpublished = errors.New("nothing is published")

// Drift reads the source of a published month again and tells what has moved since its current version was published. It
// publishes nothing, claims nothing and writes nothing but the trace. Other months are taken as they were when the version was
// published: that one of them was restated is no drift of this one.
func Drift(ctx context.Context, cfg Config, a Asking) (Difference, ledger.Version, error) {
	r, err := New(cfg)
	if err != nil {
		return Difference{}, ledger.Version{}, err
	}
	ctx, segment := r.cfg.Tracer.Begin(ctx, r.cfg.Segment, a.Trace, trace.BeginOptions{ForceSample: a.Sample})
	trace.Annotate(ctx, "report", a.Job.Report)
	trace.Annotate(ctx, "drift", true)
	j := &attempt{Runner: r, asking: a, lookback: true}
	d, err := j.drift(ctx)
	segment.End(err)
	return d, j.version, err
}

func (j *attempt) drift(ctx context.Context) (Difference, error) {
	def, key, err := j.resolve(j.asking.Job)
	if err != nil {
		return Difference{}, &BadJobError{Err: err}
	}
	j.def, j.claim = def, ledger.Claim{RunID: "drift", Key: key}
	current, ok, err := j.cfg.Ledger.Current(trace.Silent(ctx), key)
	if err != nil {
		return Difference{}, fmt.Errorf("ask for the current version: %w", err)
	}
	if !ok {
		return Difference{}, fmt.Errorf("%s: %w", key, ErrUnpublished)
	}
	j.version = current
	if err := j.open(ctx); err != nil {
		return Difference{}, err
	}
	defer j.close()
	then, was, err := j.readVersion(ctx, current)
	if err != nil {
		return Difference{}, fmt.Errorf("read version %d of %s: %w", current.Number, key, err)
	}
	j.pinned = was.Comparatives
	if err := j.extract(ctx); err != nil {
		return Difference{}, err
	}
	if err := j.validate(ctx); err != nil {
		return Difference{}, err
	}
	if err := j.stage(ctx, StageGenerate, j.compute); err != nil {
		return Difference{}, j.wrap("generate", err)
	}
	is := Content{DefinitionDigest: def.Digest, Rows: j.validation.Tables, ControlTotals: controlTotals(j.validation)}
	d := differ(def, was, is, then, j.datasets)
	d.Same = j.dataDigest == current.DataDigest
	if j.validation.Failed {
		d.Verdict = (&DataError{Validation: j.validation}).Error()
	}
	return d, nil
}
