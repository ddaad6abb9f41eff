//go:build cgo

package engine

import (
	"context"
	"fmt"
	"strings"

	"github.com/monthend/monthend/report"
)

// Which rows are rejected is kept as numbers, thin and of one width: a row's id and a bit for each reject rule that it broke.
// Valid rows and quarantine are views over that and the extracted rows, so that neither is a second copy of them, and a query
// reads the columns that it names. The words are made where a quarantined row is read.

// maskBits is how many rules one number of a rejected row has bits for.
const maskBits = 62

func rejectedTable(table string) string { return name(ruleSchema) + "." + name(table+" rejected") }

// separate makes the views of the valid and of the quarantined rows of one extract and proves that no row is in both or in
// neither.
func (w *Workspace) separate(ctx context.Context, table string, rules []report.Rule) (report.TableCount, error) {
	count := report.TableCount{Name: table, Extracted: w.extracts[table].rows}
	reject, masks, words := rejections(table, rules)
	extracted, rejected := name(table), rejectedTable(table)+" AS "+other
	columns := make([]string, len(w.extracts[table].columns))
	for i, c := range w.extracts[table].columns {
		columns[i] = extracted + "." + name(c)
	}
	list := strings.Join(columns, ", ")
	for _, s := range []string{
		fmt.Sprintf("CREATE TABLE %s AS SELECT id, %s FROM %s WHERE rule IN (%s) GROUP BY id",
			rejectedTable(table), masks, brokenTable(table), reject),
		fmt.Sprintf("CREATE VIEW %s AS SELECT %s FROM %s ANTI JOIN %s ON %s.id = %s.rowid",
			name(table), list, w.source(table), rejected, other, extracted),
		fmt.Sprintf("CREATE VIEW %s AS SELECT %s, %s AS %s FROM %s JOIN %s ON %s.id = %s.rowid",
			name(table+quarantineSuffix), list, words, name(rulesColumn), w.source(table), rejected, other, extracted),
	} {
		if _, err := w.exec(ctx, s); err != nil {
			return count, err
		}
	}
	// Both views at one look: a row that has no id in the table of rejected ones is valid, and one that has one is not.
	row := w.conn.QueryRowContext(ctx, fmt.Sprintf("SELECT count(*), count(%s.id), (SELECT count(*) FROM %s) FROM %s LEFT JOIN %s ON %s.id = %s.rowid",
		other, rejectedTable(table), w.source(table), rejected, other, extracted))
	var all, ids int64
	if err := row.Scan(&all, &count.Quarantined, &ids); err != nil {
		return count, redact(ctx, err)
	}
	count.Valid = all - count.Quarantined
	if all != count.Extracted || count.Quarantined != ids {
		return count, fmt.Errorf("%d valid and %d quarantined rows are not the %d extracted, of which %d are rejected",
			count.Valid, count.Quarantined, count.Extracted, ids)
	}
	return count, nil
}

// rejections lists the reject rules of a table by their places in the definition, the numbers that a rejected row has over
// them, and the words for a row's numbers: the names of the rules that it broke, in the order of the definition.
func rejections(table string, rules []report.Rule) (reject, masks, words string) {
	// Never empty: no rule has the place -1, and concat_ws passes over NULL.
	places, numbers, names := []string{"-1"}, []string{"0 AS mask"}, []string{"NULL"}
	var cases []string // of the number at hand
	for i, r := range rules {
		if r.On != table || r.Severity != report.Reject {
			continue
		}
		if len(cases) == maskBits {
			cases = nil
		}
		if len(cases) == 0 {
			numbers = append(numbers, "")
		}
		mask, bit := fmt.Sprintf("mask%d", len(numbers)-1), int64(1)<<len(cases)
		cases = append(cases, fmt.Sprintf("WHEN %d THEN %d", i, bit))
		numbers[len(numbers)-1] = fmt.Sprintf("bit_or(CASE rule %s ELSE 0 END) AS %s", strings.Join(cases, " "), mask)
		names = append(names, fmt.Sprintf("CASE WHEN %s.%s & %d <> 0 THEN %s END", other, mask, bit, text(r.Name)))
		places = append(places, fmt.Sprint(i))
	}
	return strings.Join(places, ", "), strings.Join(numbers, ", "), "concat_ws(', ', " + strings.Join(names, ", ") + ")"
}
