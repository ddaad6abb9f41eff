package report

import "slices"

// monthsBack is how far before a report's month the months lie that it may be compared with.
var monthsBack = map[string]int{Previous: 1, YearAgo: 12}

// Comparison is what a definition wants of one other month: datasets, for its SQL and its document, and numbers of rows, for its
// rules.
type Comparison struct {
	Name     string   // Previous or YearAgo
	Datasets []string // in the order of the definition
	Rows     []string // extracts, in the order of the definition
}

// Month is the month that p is compared with.
func (c Comparison) Month(p Period) Period { return p.Add(-monthsBack[c.Name]) }

// Comparisons are the other months that the definition reads, previous first; none that it does not.
func (d Definition) Comparisons() []Comparison {
	var out []Comparison
	for _, name := range []string{Previous, YearAgo} {
		datasets, rows := d.compared(name)
		if len(datasets)+len(rows) > 0 {
			out = append(out, Comparison{Name: name, Datasets: datasets, Rows: rows})
		}
	}
	return out
}

// compared are the datasets and the extracts whose other month is wanted.
func (d Definition) compared(name string) (datasets, rows []string) {
	wanted := map[string]bool{}
	for _, q := range d.Datasets {
		for _, r := range q.Lookbacks() {
			wanted[r.Dataset] = wanted[r.Dataset] || r.Month == name
		}
	}
	want := func(dataset string, compare []string) {
		wanted[dataset] = wanted[dataset] || slices.Contains(compare, name)
	}
	for _, block := range d.Document {
		for _, kpi := range block.KPIs {
			want(kpi.Dataset, kpi.Compare)
		}
		for _, chart := range []*ChartSpec{block.Line, block.Area} {
			if chart != nil {
				want(chart.Dataset, chart.Compare)
			}
		}
	}
	for _, q := range d.Datasets {
		if wanted[q.Name] {
			datasets = append(datasets, q.Name)
		}
	}
	for _, e := range d.Extract {
		counted := func(r Rule) bool { return r.On == e.Name && r.RowCount != nil && r.RowCount.Previous != "" }
		if name == Previous && slices.ContainsFunc(d.Rules, counted) {
			rows = append(rows, e.Name)
		}
	}
	return datasets, rows
}

// Computation is the datasets in the order in which they can be computed: those that read another month come last, since what they
// read is held against this month's.
func (d Definition) Computation() []DatasetQuery {
	var first, last []DatasetQuery
	for _, q := range d.Datasets {
		if len(q.Lookbacks()) > 0 {
			last = append(last, q)
		} else {
			first = append(first, q)
		}
	}
	return append(first, last...)
}
