package pipeline

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/monthend/monthend/pipeline/column"
	"github.com/monthend/monthend/pipeline/engine"
	"github.com/monthend/monthend/pipeline/source"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/trace"
)

// extracted is what one extract query brought.
type extracted struct {
	Name   string `json:"name"`
	Rows   int64  `json:"rows"`
	Digest string `json:"digest"` // order-free, over the raw rows
}

// extract moves the rows of every query of the definition from one snapshot of the source into the engine. The source's
// transaction ends with the last query: nothing later may hold a snapshot open on somebody's database.
func (j *attempt) extract(ctx context.Context) error {
	snapshot, err := j.ready(ctx)
	if err != nil {
		return err
	}
	defer func() { j.leave(ctx, snapshot) }()
	return j.stage(ctx, StageExtract, func(ctx context.Context) error {
		if err := j.recall(ctx); err != nil {
			return j.wrap("extract", err)
		}
		if err := j.fetchOutside(ctx); err != nil {
			return j.wrap("extract", err)
		}
		if snapshot == nil && readsSource(j.def) {
			if snapshot, err = j.begin(ctx); err != nil {
				return err
			}
		}
		if err := j.reconstruct(ctx, snapshot); err != nil {
			return j.wrap("extract", err)
		}
		for _, query := range j.def.Extract {
			if err := j.explainQuery(ctx, snapshot, query); err != nil {
				return j.wrap("extract", fmt.Errorf("query %q: %w", query.Name, err))
			}
			if err := j.extractOne(ctx, snapshot, query); err != nil {
				return j.wrap("extract", fmt.Errorf("query %q: %w", query.Name, err))
			}
		}
		j.leave(ctx, snapshot)
		trace.Metadata(ctx, "records_extracted", j.extracted())
		trace.Metadata(ctx, "extracts", j.extracts)
		return nil
	})
}

// readsSource reports whether a definition has a query: rows from outside need no snapshot.
func readsSource(def report.Definition) bool {
	return slices.ContainsFunc(def.Extract, func(e report.Extract) bool { return e.Outside == nil })
}

// begin takes the snapshot that everything is read from.
func (j *attempt) begin(ctx context.Context) (*source.Snapshot, error) {
	snapshot, err := j.cfg.Source.Begin(ctx, j.def.Location.String())
	if err != nil {
		return nil, j.wrap("extract", err)
	}
	j.snapshot = snapshot.ID()
	return snapshot, nil
}

// leave ends the snapshot's transaction, whatever became of it. It may be called more than once, and without a snapshot.
func (j *attempt) leave(ctx context.Context, snapshot *source.Snapshot) {
	if snapshot == nil {
		return
	}
	ctx, cancel := afterwards(ctx)
	defer cancel()
	snapshot.Close(ctx)
}

func (j *attempt) extractOne(ctx context.Context, snapshot *source.Snapshot, query report.Extract) error {
	began := j.cfg.Now()
	step := Progress{Stage: StageExtract, Step: query.Name, Done: len(j.extracts), Steps: len(j.def.Extract), Rows: j.rows()}
	n, digest, err := j.load(ctx, j.engine, snapshot, query, j.claim.Key.Period, step)
	if err != nil {
		return err
	}
	j.extracts = append(j.extracts, extracted{Name: query.Name, Rows: n, Digest: hex.EncodeToString(digest[:])})
	step.Done, step.Rows, step.Rate = len(j.extracts), j.rows(), rate(n, j.cfg.Now().Sub(began))
	j.advance(step)
	return nil
}

// load moves the rows of one query, of one period, into a workspace. While they come, step is told with their number added.
func (j *attempt) load(ctx context.Context, w *engine.Workspace, snapshot *source.Snapshot, query report.Extract, period report.Period,
	step Progress) (n int64, digest [16]byte, err error) {
	rows, err := j.rowsOf(ctx, snapshot, query, period)
	if err != nil {
		return 0, digest, err
	}
	defer rows.Close()
	if n, err = w.Load(ctx, query.Name, j.watch(rows, step)); err != nil {
		return n, digest, err
	}
	if n != rows.Rows() {
		return n, digest, fmt.Errorf("the source sent %d rows and the engine holds %d", rows.Rows(), n)
	}
	return n, rows.Digest(), nil
}

// extracting is the rows of one extract on their way, wherever they come from.
type extracting interface {
	column.Reader
	Rows() int64
	Digest() [16]byte
	Close()
}

// rowsOf begins to read the rows of one extract, of one period: from the snapshot, or from what was brought before it was taken.
func (j *attempt) rowsOf(ctx context.Context, snapshot *source.Snapshot, query report.Extract, period report.Period) (extracting, error) {
	if query.Outside != nil {
		return j.fetched[fetchKey{query.Name, period}].Rows()
	}
	return snapshot.Query(ctx, query, j.params(period))
}

// params are what the queries may name, for one period.
func (j *attempt) params(period report.Period) source.Params {
	key := j.claim.Key
	key.Period = period
	return params(j.def, key)
}

// wrap names the stage, the report and the month.
func (j *attempt) wrap(stage string, err error) error {
	return fmt.Errorf("%s %q %s: %w", stage, j.def.Name, j.claim.Key.Period, err)
}

// rows is the number of all rows extracted so far.
func (j *attempt) rows() int64 {
	var n int64
	for _, e := range j.extracts {
		n += e.Rows
	}
	return n
}

// extracted is the number of records: the rows of the definition's main extract.
func (j *attempt) extracted() int64 {
	for _, e := range j.extracts {
		if e.Name == mainExtract(j.def) {
			return e.Rows
		}
	}
	return 0
}

// mainExtract is the extract whose rows are the report's records: the one that the gate counts, else the first.
func mainExtract(def report.Definition) string {
	if def.Gate.Of != "" || len(def.Extract) == 0 {
		return def.Gate.Of
	}
	return def.Extract[0].Name
}
