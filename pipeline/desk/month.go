package desk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/monthend/monthend/pipeline/engine"
	"github.com/monthend/monthend/pipeline/source"
	"github.com/monthend/monthend/report"
)

// monthsBack are the months that a definition may compare itself with, and how many months back they lie.
var monthsBack = []struct {
	name string
	back int
}{{report.Previous, 1}, {report.YearAgo, 12}}

// months loads the datasets of other months that lie in the case: previous/<dataset>.csv and year_ago/<dataset>.csv, typed as the
// extracts' rows are. One that a dataset reads must be there.
func (t *test) months(ctx context.Context, w *engine.Workspace) ([]report.Comparative, error) {
	wanted := map[string]string{} // by month.dataset: who reads it
	for _, q := range t.def.Datasets {
		for _, l := range q.Lookbacks() {
			wanted[l.Month+"."+l.Dataset] = q.Name
		}
	}
	var list []report.Comparative
	var problems []report.Problem
	for _, month := range monthsBack {
		c := report.Comparative{Name: month.name, Period: t.spec.period.Add(-month.back)}
		for _, q := range t.def.Datasets {
			file := path.Join(month.name, q.Name+".csv")
			data, err := t.read(file)
			if errors.Is(err, fs.ErrNotExist) {
				if by := wanted[month.name+"."+q.Name]; by != "" {
					problems = append(problems, report.Problem{File: t.path(file), Message: fmt.Sprintf("no such file; dataset %q reads %s.%s", by, month.name, q.Name)})
				}
				continue
			}
			if err != nil {
				return nil, wrong(report.Problem{File: t.path(file), Message: err.Error()})
			}
			rows, err := source.NewCSV(t.path(file), data)
			if err != nil {
				return nil, err
			}
			d, err := w.ReadComparative(ctx, month.name, q.Name, rows)
			if err != nil {
				return nil, t.blame(err)
			}
			c.Datasets = append(c.Datasets, d)
		}
		if len(c.Datasets) > 0 {
			list = append(list, c)
		}
	}
	return list, wrong(problems...)
}
