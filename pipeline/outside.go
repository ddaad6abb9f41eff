package pipeline

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/monthend/monthend/pipeline/engine"
	"github.com/monthend/monthend/pipeline/source"
	"github.com/monthend/monthend/report"
)

// fetchKey is one extract from outside for one month.
type fetchKey struct {
	extract string
	period  report.Period
}

// fetchOutside brings everything that comes from outside, for the month itself and for those that are made of their rows, before the
// snapshot is taken: a slow answer holds nobody's database. A later attempt brings it again.
func (j *attempt) fetchOutside(ctx context.Context) error {
	for _, m := range j.months {
		missing := m.missing()
		for _, query := range j.def.Extract {
			if len(missing.Datasets) == 0 && !slices.Contains(missing.Rows, query.Name) {
				continue
			}
			if err := j.fetchOne(ctx, query, m.period); err != nil {
				return fmt.Errorf("%s: %s %s: %w", m.Name, m.period, unpublished, err)
			}
		}
	}
	for _, query := range j.def.Extract {
		if err := j.fetchOne(ctx, query, j.claim.Key.Period); err != nil {
			return err
		}
	}
	return nil
}

// fetchOne brings one extract for one month, once.
func (j *attempt) fetchOne(ctx context.Context, query report.Extract, period report.Period) error {
	key := fetchKey{query.Name, period}
	if query.Outside == nil || j.fetched[key] != nil {
		return nil
	}
	fail := func(err error) error { return fmt.Errorf("query %q: %w", query.Name, err) }
	if err := os.MkdirAll(j.file("outside"), 0o700); err != nil {
		return fail(err)
	}
	j.advance(Progress{Stage: StageExtract, Step: query.Name, Done: len(j.extracts), Steps: len(j.def.Extract), Rows: j.rows()})
	file := j.file(fmt.Sprintf("outside/%s-%s", query.Name, period))
	got, err := j.cfg.Outside.Fetch(ctx, query, j.params(period), file)
	if err != nil {
		return fail(err)
	}
	if query.Outside.Format == report.OutsideParquet {
		columns, err := source.Declared(query)
		if err != nil {
			return fail(err)
		}
		rows, bytes := got.Limits()
		if err := j.engine.Unpack(ctx, file, columns, file+".csv", engine.UnpackLimit{Rows: rows, Bytes: bytes}); err != nil {
			return fail(err)
		}
		got.Unpacked(file + ".csv")
	}
	if j.fetched == nil {
		j.fetched = map[fetchKey]*source.Fetched{}
	}
	j.fetched[key] = got
	j.receipts = append(j.receipts, Receipt{Extract: query.Name, Period: period.String(), Receipt: got.Receipt})
	return nil
}
