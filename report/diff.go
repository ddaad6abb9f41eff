package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// DatasetChange is what differs between two answers of one dataset. Rows are told apart by their key, see Diff.
type DatasetChange struct {
	Dataset string       `json:"dataset"`
	Key     []string     `json:"key"`               // the columns that make up a row's key; none where rows are told apart by their place
	Added   []string     `json:"added,omitempty"`   // keys of rows that are there now only, in their order
	Removed []string     `json:"removed,omitempty"` // keys of rows that were there before only
	Cells   []CellChange `json:"cells,omitempty"`   // of rows that are in both, row by row
	Shape   []string     `json:"shape,omitempty"`   // columns and whole datasets that came, went or changed their kind, in words
}

// CellChange is one value that is another one now, as machines read it; nil is NULL.
type CellChange struct {
	Key    string  `json:"key"`
	Column string  `json:"column"`
	Before *string `json:"before"`
	After  *string `json:"after"`
	Delta  string  `json:"delta,omitempty"` // after minus before, exact, where both are figures
}

// Diff compares two answers of the same datasets, before and after, and tells those that differ, in the order of after; one
// that is missing on either side is told by its Shape.
//
// A row is known by the values of its columns that are no figures. Where those are the same in several rows, integers are
// taken into the key from the left until they are not, and where even that does not help, rows that share a key are matched
// in their order. The order of rows says nothing beside that.
func Diff(before, after []Dataset) []DatasetChange {
	old := map[string]Dataset{}
	for _, d := range before {
		old[d.Name] = d
	}
	var changes []DatasetChange
	for _, now := range after {
		then, known := old[now.Name]
		delete(old, now.Name)
		if !known {
			changes = append(changes, DatasetChange{Dataset: now.Name, Shape: []string{"the dataset is new"}})
			continue
		}
		if c, differs := diffDataset(then, now); differs {
			changes = append(changes, c)
		}
	}
	for _, then := range before {
		if _, left := old[then.Name]; left {
			changes = append(changes, DatasetChange{Dataset: then.Name, Shape: []string{"the dataset is gone"}})
		}
	}
	return changes
}

// pair is a column that both sides have.
type pair struct {
	name        string
	before, now int
}

func diffDataset(before, after Dataset) (DatasetChange, bool) {
	c := DatasetChange{Dataset: after.Name}
	var common []pair
	for i, column := range after.Columns {
		at := slices.IndexFunc(before.Columns, func(b Column) bool { return b.Name == column.Name })
		switch {
		case at < 0:
			c.Shape = append(c.Shape, fmt.Sprintf("column %q is new", column.Name))
		case before.Columns[at].Kind != column.Kind:
			c.Shape = append(c.Shape, fmt.Sprintf("column %q was %s and is %s", column.Name, before.Columns[at].Kind, column.Kind))
		default:
			common = append(common, pair{column.Name, at, i})
		}
	}
	for _, column := range before.Columns {
		if !slices.ContainsFunc(after.Columns, func(a Column) bool { return a.Name == column.Name }) {
			c.Shape = append(c.Shape, fmt.Sprintf("column %q is gone", column.Name))
		}
	}
	key, values := split(before, after, common)
	for _, k := range key {
		c.Key = append(c.Key, k.name)
	}
	left := map[string][]int{} // rows of before that are not matched yet, by key
	for i, row := range before.Rows {
		text := keyText(row, key, func(p pair) int { return p.before })
		left[text] = append(left[text], i)
	}
	matched := make([]bool, len(before.Rows))
	for _, row := range after.Rows {
		text := keyText(row, key, func(p pair) int { return p.now })
		rows := left[text]
		if len(rows) == 0 {
			c.Added = append(c.Added, text)
			continue
		}
		left[text] = rows[1:]
		matched[rows[0]] = true
		c.Cells = append(c.Cells, cells(text, before.Rows[rows[0]], row, values)...)
	}
	for i, row := range before.Rows {
		if !matched[i] {
			c.Removed = append(c.Removed, keyText(row, key, func(p pair) int { return p.before }))
		}
	}
	return c, len(c.Added)+len(c.Removed)+len(c.Cells)+len(c.Shape) > 0
}

// split finds the columns that tell rows apart; the rest are values.
func split(before, after Dataset, common []pair) (key, values []pair) {
	for _, p := range common {
		if kind := after.Columns[p.now].Kind; kind != Integer && kind != Decimal {
			key = append(key, p)
		}
	}
	for _, p := range common {
		if after.Columns[p.now].Kind != Integer || unique(before, key, func(p pair) int { return p.before }) && unique(after, key, func(p pair) int { return p.now }) {
			continue
		}
		key = append(key, p)
	}
	if !unique(before, key, func(p pair) int { return p.before }) || !unique(after, key, func(p pair) int { return p.now }) {
		// Integers that do not tell rows apart are figures.
		key = slices.DeleteFunc(key, func(p pair) bool { return after.Columns[p.now].Kind == Integer })
	}
	for _, p := range common {
		if !slices.Contains(key, p) {
			values = append(values, p)
		}
	}
	return key, values
}

func unique(d Dataset, key []pair, at func(pair) int) bool {
	seen := make(map[string]bool, len(d.Rows))
	for _, row := range d.Rows {
		text := keyText(row, key, at)
		if seen[text] {
			return false
		}
		seen[text] = true
	}
	return true
}

// keyText is the key of a row for people, its columns joined by "/".
func keyText(row []any, key []pair, at func(pair) int) string {
	parts := make([]string, len(key))
	for i, p := range key {
		parts[i] = "NULL"
		if text := plain(row[at(p)]); text != nil {
			parts[i] = *text
		}
	}
	return strings.Join(parts, "/")
}

func cells(key string, before, after []any, values []pair) (changes []CellChange) {
	for _, p := range values {
		then, now := before[p.before], after[p.now]
		if equal(then, now) {
			continue
		}
		changes = append(changes, CellChange{Key: key, Column: p.name, Before: plain(then), After: plain(now), Delta: delta(then, now)})
	}
	return changes
}

// equal compares values, not how they are written: 1.5 is 1.50.
func equal(a, b any) bool {
	x, figure := Figure(a)
	y, figures := Figure(b)
	if figure && figures {
		return x.Equal(y)
	}
	if s, t := plain(a), plain(b); s != nil && t != nil {
		return *s == *t
	}
	return a == nil && b == nil
}

// plain is a value as machines read it, nil for NULL.
func plain(v any) *string {
	var s string
	switch v := v.(type) {
	case nil:
		return nil
	case string:
		s = v
	case bool:
		s = strconv.FormatBool(v)
	case int64:
		s = strconv.FormatInt(v, 10)
	case decimal.Decimal:
		s = v.StringFixed(max(0, -v.Exponent()))
	case time.Time:
		s = v.Format(time.RFC3339Nano)
		if v.Location() == time.UTC && v.Truncate(24*time.Hour).Equal(v) {
			s = v.Format(time.DateOnly)
		}
	default:
		s = fmt.Sprint(v)
	}
	return &s
}
