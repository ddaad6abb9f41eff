package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// Fit looks whether the blocks of the document suit the columns of the datasets, whose rows do not matter. Blocks over a dataset that
// is not given are passed over.
func (r *Reading) Fit(datasets []Dataset) []Problem {
	f := &fitting{reading: r, datasets: map[string]Dataset{}}
	for _, d := range datasets {
		d.Rows = [][]any{sampleRow(d.Columns)}
		f.datasets[d.Name] = d
	}
	for _, n := range r.root.get("generate").get("document").list() {
		// Each figure apart, so that one does not hide another.
		if items := n.get("kpis").list(); len(items) > 0 {
			for _, item := range items {
				f.block(&node{kind: mapNode, at: item.at, members: []member{{name: "kpis", value: &node{kind: listNode, items: []*node{item}}}}})
			}
			continue
		}
		for _, item := range n.get("table").get("columns").list() {
			if item.kind == mapNode {
				f.block(tableOf(n.get("table").get("dataset"), item))
			}
		}
		f.block(n)
	}
	f.commentary()
	return f.problems
}

// fitting is one Fit.
type fitting struct {
	reading  *Reading
	datasets map[string]Dataset
	missing  bool // the block at hand names a dataset that is not given
	problems []Problem
}

// tableOf is a block that shows one column.
func tableOf(dataset, column *node) *node {
	if dataset == nil {
		return &node{}
	}
	columns := &node{kind: listNode, items: []*node{column}}
	table := &node{kind: mapNode, members: []member{{name: "dataset", value: dataset}, {name: "columns", value: columns}}}
	return &node{kind: mapNode, at: column.at, members: []member{{name: "table", value: table}}}
}

// block looks at the names in a block and then, where they are right, at how it is laid out over one made-up row.
func (f *fitting) block(n *node) {
	before := len(f.problems)
	f.missing = false
	f.names(n, "")
	if len(f.problems) > before || f.missing {
		return
	}
	spec, ok := (&loader{}).readBlock(n) // what it complains about was complained about before
	if !ok {
		return
	}
	def := f.reading.Definition
	b := layout{period: Period{Year: 2026, Month: time.January}, locale: def.Locale, datasets: f.datasets}
	_, err := b.block(spec)
	if err == nil {
		return
	}
	// "dataset.column: what is wrong": the place is that column's name in the block.
	head, _, _ := strings.Cut(err.Error(), ":")
	_, column, _ := strings.Cut(head, ".")
	at := n.scalar(column)
	if at == nil {
		at = n
	}
	f.complain(at, err.Error())
}

// columnFields are the fields of a block that name a column of the dataset of the mapping around them.
var columnFields = map[string]bool{"column": true, "columns": true, "x": true, "y": true, "by": true, "group": true}

// names checks every name of a column in a block, at any depth, against the nearest dataset around it.
func (f *fitting) names(n *node, dataset string) {
	if d := n.get("dataset").str(); d != "" {
		dataset = d
		if _, ok := f.datasets[d]; !ok {
			f.missing = true
		}
	}
	for _, m := range n.members {
		if columnFields[m.name] {
			for _, c := range append([]*node{m.value}, m.value.list()...) {
				f.column(c, dataset)
			}
		}
		f.names(m.value, dataset)
	}
	for _, item := range n.items {
		f.names(item, dataset)
	}
}

func (f *fitting) column(n *node, dataset string) {
	d, ok := f.datasets[dataset]
	if n.kind != textNode || !ok {
		return
	}
	var known []string
	for _, c := range d.Columns {
		if c.Name == n.text {
			return
		}
		known = append(known, c.Name)
	}
	end := DidYouMean(n.text, known)
	if end == "" && len(known) > 0 && len(known) <= 12 {
		end = "; it has " + strings.Join(known, ", ")
	}
	f.complain(n, fmt.Sprintf("dataset %q has no column %q%s", dataset, clip(n.text), end))
}

func (f *fitting) complain(n *node, message string) {
	f.problems = append(f.problems, f.reading.ProblemIn(DefinitionFile, n.at.line, n.at.col, message))
}

// scalar is the first text below n that is s; nil when there is none.
func (n *node) scalar(s string) *node {
	if n.kind == textNode && n.text == s && s != "" {
		return n
	}
	for _, m := range n.members {
		if found := m.value.scalar(s); found != nil {
			return found
		}
	}
	for _, item := range n.items {
		if found := item.scalar(s); found != nil {
			return found
		}
	}
	return nil
}

// sampleRow is one row in which nothing is missing or zero.
func sampleRow(columns []Column) []any {
	row := make([]any, len(columns))
	for i, c := range columns {
		switch c.Kind {
		case Integer:
			row[i] = int64(1)
		case Decimal:
			row[i] = decimal.NewFromInt(1)
		case Boolean:
			row[i] = true
		case Date, Timestamp:
			row[i] = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)
		default:
			row[i] = "a"
		}
	}
	return row
}
