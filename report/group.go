package report

import (
	"fmt"
	"strings"

	"github.com/shopspring/decimal"
)

// group gathers the rows with one value in the column Group, the groups in the order of their first rows, and sums each. It is a
// grouping for readers: the rows keep their order inside of a group, and none is left out.
func (t *Table) group(d Dataset, locale Locale, spec TableSpec) error {
	if spec.Group == "" {
		return nil
	}
	at := d.index(spec.Group)
	if at < 0 {
		return fmt.Errorf("%s.%s: the dataset has no such column", d.Name, spec.Group)
	}
	column := d.Columns[at]
	var keys []string
	members := map[string][]int{}
	for r, row := range d.Rows {
		key := groupKey(column, row[at])
		if members[key] == nil {
			keys = append(keys, key)
		}
		members[key] = append(members[key], r)
	}
	rows := make([][]any, 0, len(t.Rows))
	for _, key := range keys {
		group := Group{Label: noGroup, From: len(rows)}
		if v := d.Rows[members[key][0]][at]; v != nil {
			if label := FormatValue(v, Style{Kind: column.Kind, Scale: column.Scale, Locale: locale}); strings.TrimSpace(Clean(label)) != "" {
				group.Label = label
			}
		}
		for _, r := range members[key] {
			rows = append(rows, t.Rows[r])
		}
		group.To = len(rows)
		if spec.Subtotal {
			var err error
			if group.Subtotal, err = t.sum(d.Name, rows[group.From:group.To], locale.Total()+" "+group.Label); err != nil {
				return err
			}
		}
		t.Groups = append(t.Groups, group)
	}
	t.Rows = rows
	return nil
}

// noGroup heads the rows without a value in the column that they are grouped by, and those whose value nobody would see: a subtotal
// without a name reads as the total.
const noGroup = "—"

// sum adds up the integer and decimal columns of rows exactly; a percentage is no thing to sum, a share is. NULL counts as nothing.
// label stands in the first column where nothing is summed.
func (t *Table) sum(dataset string, rows [][]any, label string) ([]any, error) {
	out := make([]any, len(t.Columns))
	for i, column := range t.Columns {
		if (t.Kinds[i] != Integer && t.Kinds[i] != Decimal) || column.Format == FormatPercent {
			continue
		}
		sum, counted := decimal.Zero, 0
		for _, row := range rows {
			if d, ok := Figure(row[i]); ok {
				sum, counted = sum.Add(d), counted+1
			}
		}
		if column.Format == FormatShare && counted == 0 {
			continue // nothing is a part of anything, and that is not zero percent of it
		}
		out[i] = sum
		if t.Kinds[i] == Integer {
			if !sum.BigInt().IsInt64() {
				return nil, fmt.Errorf("%s.%s: the total is beyond 64 bits; cast the column to DECIMAL", dataset, column.Column)
			}
			out[i] = sum.IntPart()
		}
	}
	if len(out) > 0 && out[0] == nil {
		out[0] = label
	}
	return out, nil
}
