package report

import (
	"fmt"
	"path"
	"slices"
)

// checkComparisons refuses a dataset of another month that there is not, and one that reads a third month: that one would have to
// be looked at too, and so on.
func (l *loader) checkComparisons(document *node) {
	reading := map[string]Lookback{} // the dataset's first read of another month
	names := make([]string, len(l.def.Datasets))
	for i, q := range l.def.Datasets {
		names[i] = q.Name
		for _, r := range q.Lookbacks() {
			if _, found := reading[q.Name]; !found && l.isDataset(r.Dataset) {
				reading[q.Name] = r
			}
		}
	}
	again := func(dataset string) string {
		r := reading[dataset]
		return fmt.Sprintf("dataset %q reads %s.%s itself, and another month's datasets are not compared again", dataset, r.Month, r.Dataset)
	}
	for _, q := range l.def.Datasets {
		for _, r := range q.Lookbacks() {
			problem := Problem{File: path.Join(l.dir, q.Path), Line: r.Line, Col: r.Col}
			switch _, recursive := reading[r.Dataset]; {
			case recursive:
				problem.Message = fmt.Sprintf("%s.%s: %s", r.Month, r.Dataset, again(r.Dataset))
			case !l.isDataset(r.Dataset) && r.table:
				problem.Message = fmt.Sprintf("%s.%s: no dataset is called %q%s", r.Month, r.Dataset, clip(r.Dataset), DidYouMean(r.Dataset, names))
			default:
				continue
			}
			l.problems = append(l.problems, problem)
		}
	}
	for _, block := range document.list() {
		for _, n := range slices.Concat(block.get("kpis").list(), []*node{block.get("line"), block.get("area")}) {
			dataset := n.get("dataset").str()
			if _, recursive := reading[dataset]; !recursive {
				continue
			}
			for _, month := range n.get("compare").list() {
				if monthsBack[month.str()] > 0 {
					l.complain(month, "compare: %s", again(dataset))
				}
			}
		}
	}
}
