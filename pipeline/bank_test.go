package pipeline_test

import (
	"encoding/csv"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/local/seed"
	"github.com/monthend/monthend/pipeline"
	"github.com/monthend/monthend/report"
)

// TestBankReconciliation: the second report that ships finds in every month what was put there.
func TestBankReconciliation(t *testing.T) {
	w := newWorld(t, worldConfig{})
	for _, period := range seed.Periods() {
		t.Run(period, func(t *testing.T) {
			want, err := seed.ExpectedBank(period)
			if err != nil {
				t.Fatal(err)
			}
			result := w.publish(report.Job{Report: "bank-reconciliation", Period: period})
			dirt := want.Dirt
			if rejected := int64(dirt.Missing + dirt.Doubled); result.Extracted != int64(want.CashLines) || result.Rejected != rejected {
				t.Errorf("got %d lines of the cash book, %d rejected, want %d and %d", result.Extracted, result.Rejected, want.CashLines, rejected)
			}
			folder := result.Version.Path
			summary := w.sheet(folder + "/summary.csv")
			open := dirt.Charges + dirt.Unentered + dirt.Transit + dirt.Altered + dirt.Missing
			if diff := cmp.Diff([]string{fmt.Sprint(want.BankLines), fmt.Sprint(want.Matched), fmt.Sprint(open)},
				[]string{summary[1]["bank_lines"], summary[1]["matched"], summary[1]["open_items"]}); diff != "" {
				t.Errorf("bank lines, matched, open (-want +got):\n%s", diff)
			}
			got := map[string]int{}
			for _, item := range w.sheet(folder + "/open_items.csv")[1:] {
				got[item["finding"]]++
			}
			found := map[string]int{
				"Bank only": dirt.Charges + dirt.Unentered + dirt.Missing, "Cash book only": dirt.Transit, "Amounts differ": dirt.Altered,
			}
			for finding, n := range found {
				if n == 0 {
					delete(found, finding)
				}
			}
			if diff := cmp.Diff(found, got); diff != "" {
				t.Errorf("open items (-want +got):\n%s", diff)
			}
		})
	}
}

// TestBankReconciliationOfATornStatement: a line that the bank's file has lost is no open item but a failure of the data.
func TestBankReconciliationOfATornStatement(t *testing.T) {
	w := newWorld(t, worldConfig{})
	w.exec(`DELETE FROM finance.bank_lines WHERE id = (SELECT min(id) FROM finance.bank_lines WHERE booked_on >= '2026-03-01')`)
	result := w.run(report.Job{Report: "bank-reconciliation", Period: "2026-03"})
	var verdict *pipeline.DataError
	if result.Outcome != report.DataFailed || !errors.As(result.Err, &verdict) || !strings.Contains(result.Err.Error(), "statements-close") {
		t.Errorf("got %q, %v, want a verdict of statements-close", result.Outcome, result.Err)
	}
}

// sheet reads a CSV file of the store: its rows by column, after one empty row for the head.
func (w *world) sheet(path string) []map[string]string {
	w.t.Helper()
	lines, err := csv.NewReader(strings.NewReader(tree(w.t, w.dir)[path])).ReadAll()
	if err != nil || len(lines) == 0 {
		w.t.Fatalf("%s: %d lines, %v", path, len(lines), err)
	}
	rows := []map[string]string{nil}
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, column := range lines[0] {
			row[column] = line[i]
		}
		rows = append(rows, row)
	}
	return rows
}
