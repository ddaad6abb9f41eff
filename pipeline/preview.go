package pipeline

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/trace"
)

// Preview runs the stages without a claim and draws into dir. It makes no version, marks every page DRAFT, touches
// neither ledger nor store, and may read a month that has not ended. Files of an earlier preview are replaced.
func Preview(ctx context.Context, cfg Config, a Asking, dir string) ([]Artifact, Result) {
	r, err := newRunner(cfg)
	if err != nil {
		return nil, Result{Err: err}
	}
	ctx, segment := r.cfg.Tracer.Begin(ctx, r.cfg.Segment, a.Trace, trace.BeginOptions{ForceSample: a.Sample, Path: "/" + a.Job.Report})
	defer segment.Guard()
	trace.Annotate(ctx, "report", a.Job.Report)
	trace.Annotate(ctx, "preview", true)

	j := &attempt{Runner: r, asking: a}
	files, err := j.preview(ctx, dir)
	result := Result{
		Key:        j.claim.Key,
		TraceID:    trace.ID(ctx),
		Extracted:  j.extracted(),
		Rejected:   j.rejected(),
		Validation: j.verdict(),
		Err:        err,
	}
	if err == nil && j.validation.Failed {
		// A draft shows what failed; the verdict is told all the same.
		result.Outcome, result.Err = report.DataFailed, j.wrap("validate", j.shut)
	}
	segment.End(result.Err)
	return files, result
}

func (j *attempt) preview(ctx context.Context, dir string) ([]Artifact, error) {
	def, key, err := j.resolve(j.asking.Job)
	if err != nil {
		return nil, &BadJobError{Err: err}
	}
	j.def, j.claim = def, ledger.Claim{RunID: "preview", Key: key}
	if err := j.open(ctx); err != nil {
		return nil, err
	}
	defer j.close()
	if err := j.extract(ctx); err != nil {
		return nil, err
	}
	if err := j.validate(ctx); err != nil {
		return nil, err
	}
	err = j.stage(ctx, StageGenerate, func(ctx context.Context) error {
		if err := j.compute(ctx); err != nil {
			return j.wrap("generate", err)
		}
		if err := j.draw(ctx); err != nil {
			return j.wrap("generate", err)
		}
		trace.Metadata(ctx, "report_size", j.size())
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, artifact := range j.artifacts {
		if err := copyFile(filepath.Join(dir, filepath.FromSlash(artifact.Name)), artifact.file); err != nil {
			return nil, fmt.Errorf("write the preview: %w", err)
		}
	}
	return j.artifacts, nil
}

// copyFile replaces to with a copy of from; they may lie on different file systems.
func copyFile(to, from string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}
