package pipeline

import (
	"context"

	"github.com/monthend/monthend/pipeline/engine"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/pipeline/source"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/trace"
)

// Explanation is what each stage of a run did, query by query: its SQL, its plan and how many rows came of it. It holds no value
// of a row; the parameters' values stand in the source's plans.
type Explanation struct {
	Extracts []ExplainedExtract
	Rules    []ExplainedRule
	Datasets []ExplainedDataset
}

// ExplainedExtract is an extract query and what it brought.
type ExplainedExtract struct {
	source.Explained
	Name string
	Path string
	Rows int64
}

// ExplainedRule is a rule and how many rows broke it.
type ExplainedRule struct {
	engine.Plan
	report.RuleResult
}

// ExplainedDataset is a dataset and how many rows it has.
type ExplainedDataset struct {
	engine.Plan
	Name string
	Path string
	Rows int
}

// Explain runs the stages of a month up to its datasets, as Preview does, and tells what they did. Nothing is drawn and nothing
// published. What was done before an error is told beside it.
func Explain(ctx context.Context, cfg Config, a Asking) (Explanation, Result) {
	r, err := newRunner(cfg)
	if err != nil {
		return Explanation{}, Result{Err: err}
	}
	ctx, segment := r.cfg.Tracer.Begin(ctx, r.cfg.Segment, a.Trace, trace.BeginOptions{ForceSample: a.Sample, Path: "/" + a.Job.Report})
	defer segment.Guard()
	trace.Annotate(ctx, "report", a.Job.Report)
	trace.Annotate(ctx, "preview", true)

	j := &attempt{Runner: r, asking: a, explained: &Explanation{}}
	err = j.explain(ctx)
	result := Result{
		Key:        j.claim.Key,
		TraceID:    trace.ID(ctx),
		Extracted:  j.extracted(),
		Rejected:   j.rejected(),
		Validation: j.verdict(),
		Err:        err,
	}
	if err == nil && j.validation.Failed {
		result.Outcome, result.Err = report.DataFailed, j.wrap("validate", j.shut)
	}
	segment.End(result.Err)
	return *j.explained, result
}

func (j *attempt) explain(ctx context.Context) error {
	def, key, err := j.resolve(j.asking.Job)
	if err != nil {
		return &BadJobError{Err: err}
	}
	j.def, j.claim = def, ledger.Claim{RunID: "preview", Key: key}
	if err := j.open(ctx); err != nil {
		return err
	}
	defer j.close()
	if err := j.extract(ctx); err != nil {
		return err
	}
	for i, e := range j.extracts {
		if i < len(j.explained.Extracts) {
			j.explained.Extracts[i].Rows = e.Rows
		}
	}
	if err := j.validate(ctx); err != nil {
		return err
	}
	for i, r := range j.def.Rules {
		plan, err := j.engine.ExplainRule(ctx, r)
		if err != nil {
			return j.wrap("validate", err)
		}
		verdict := j.validation.Rules[i]
		verdict.Keys, verdict.Columns, verdict.Shown = nil, nil, nil
		j.explained.Rules = append(j.explained.Rules, ExplainedRule{plan, verdict})
	}
	return j.stage(ctx, StageGenerate, func(ctx context.Context) error {
		if err := j.compute(ctx); err != nil {
			return j.wrap("generate", err)
		}
		for _, q := range j.def.Datasets {
			plan, err := j.engine.ExplainDataset(ctx, q)
			if err != nil {
				return j.wrap("generate", err)
			}
			e := ExplainedDataset{Plan: plan, Name: q.Name, Path: q.Path}
			for _, d := range j.datasets {
				if d.Name == q.Name {
					e.Rows = len(d.Rows)
				}
			}
			j.explained.Datasets = append(j.explained.Datasets, e)
		}
		return nil
	})
}

// explainQuery asks the source how it will answer a query, in the snapshot that answers it.
func (j *attempt) explainQuery(ctx context.Context, snapshot *source.Snapshot, query report.Extract) error {
	if j.explained == nil {
		return nil
	}
	ask := snapshot.Explain
	if query.Outside != nil {
		ask = func(_ context.Context, q report.Extract, p source.Params) (source.Explained, error) {
			return source.ExplainOutside(q, p)
		}
	}
	e, err := ask(ctx, query, j.params(j.claim.Key.Period))
	if err != nil {
		return err
	}
	j.explained.Extracts = append(j.explained.Extracts, ExplainedExtract{Explained: e, Name: query.Name, Path: query.Path})
	return nil
}
