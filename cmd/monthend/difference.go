package main

import (
	"strconv"
	"strings"

	"github.com/monthend/monthend/pipeline"
	"github.com/monthend/monthend/report"
)

// differenceShown is a difference with the names of its sides.
type differenceShown struct {
	Before string `json:"before"` // report/tenant/period/vN
	After  string `json:"after"`  // the same, or "source"
	pipeline.Difference
}

// printDifference prints what differs as one table, from what people look at first to single cells.
func (a *app) printDifference(d differenceShown) error {
	g := grid{head: []string{"what", "where", "before", "after", "difference"}, right: map[int]bool{2: true, 3: true, 4: true}}
	add := func(what, where, before, after, delta string) {
		g.rows = append(g.rows, []string{what, where, before, after, delta})
	}
	if d.Definition {
		add("definition", "", "", "", "")
	}
	for _, f := range d.Figures {
		add("figure", f.Label, cell(f.Before), cell(f.After), signed(f.Delta))
	}
	for _, t := range d.Totals {
		add("control total", t.Rule, t.Before, t.After, "")
	}
	for _, r := range d.Rows {
		for _, count := range []struct {
			name          string
			before, after int64
		}{{"extracted", r.Before.Extracted, r.After.Extracted}, {"rejected", r.Before.Quarantined, r.After.Quarantined}} {
			if count.before != count.after {
				add("rows", r.Extract+" "+count.name, strconv.FormatInt(count.before, 10), strconv.FormatInt(count.after, 10),
					signed(strconv.FormatInt(count.after-count.before, 10)))
			}
		}
	}
	for _, c := range d.Datasets {
		addDataset(add, c)
	}
	return a.printGrid(g, d)
}

func addDataset(add func(what, where, before, after, delta string), c report.DatasetChange) {
	for _, shape := range c.Shape {
		add("shape", c.Dataset+": "+shape, "", "", "")
	}
	for _, key := range c.Removed {
		add("row gone", at(c.Dataset, key), "", "", "")
	}
	for _, key := range c.Added {
		add("row new", at(c.Dataset, key), "", "", "")
	}
	for _, change := range c.Cells {
		add("cell", at(c.Dataset, change.Key)+" "+change.Column, cell(change.Before), cell(change.After), signed(change.Delta))
	}
}

// at names a row: its dataset, and its key where it has one.
func at(dataset, key string) string {
	if key == "" {
		return dataset
	}
	return dataset + " [" + key + "]"
}

// cell is a value for people; NULL is said, since an empty text is another value.
func cell(value *string) string {
	if value == nil {
		return "NULL"
	}
	return *value
}

// signed puts a plus before a growth.
func signed(delta string) string {
	if delta == "" || strings.HasPrefix(delta, "-") {
		return delta
	}
	return "+" + delta
}

func versionName(key report.Key, number int) string {
	return report.VersionName{Key: key, Number: number}.String()
}
