package pipeline

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/report/format"
)

// addDetails has a workbook read the rows that it holds beside the document, one by one when it is drawn: the valid rows of the
// extracts that the definition asks for, and of each extract that may lose rows to a rule those that it lost. Of a rejected row
// only the rules, the key and what the quality block shows go into the file.
func (j *attempt) addDetails(ctx context.Context, document *report.Document) error {
	if !slices.Contains(j.def.Formats, format.XLSX) {
		return nil
	}
	for i, table := range j.validation.Tables {
		extract := j.def.Extract[i]
		if slices.Contains(j.def.Details, extract.Name) {
			detail, err := j.detail(ctx, extract.Name, extract.Name, table.Valid)
			if err != nil {
				return err
			}
			document.Details = append(document.Details, detail)
		}
		if mayReject(j.def, extract.Name) {
			detail, err := j.detail(ctx, extract.Name, extract.Name+"_quarantine", table.Quarantined, j.shown(ctx, extract)...)
			if err != nil {
				return err
			}
			document.Quarantine = append(document.Quarantine, detail)
		}
	}
	// In the order that the definition gives, which is the order of the sheets.
	slices.SortStableFunc(document.Details, func(a, b report.Detail) int {
		return slices.Index(j.def.Details, a.Name) - slices.Index(j.def.Details, b.Name)
	})
	return nil
}

func (j *attempt) detail(ctx context.Context, name, table string, count int64, only ...string) (report.Detail, error) {
	columns, err := j.engine.Columns(ctx, table, only...)
	if err != nil {
		return report.Detail{}, fmt.Errorf("details of %q: %w", name, err)
	}
	return report.Detail{Name: name, Columns: columns, Count: count, Rows: func(tell func([]any) error) error {
		return j.engine.Rows(ctx, table, tell, only...)
	}}, nil
}

// mayReject reports whether a rule can send rows of the extract to quarantine.
func mayReject(def report.Definition, extract string) bool {
	return slices.ContainsFunc(def.Rules, func(r report.Rule) bool { return r.On == extract && r.Severity == report.Reject })
}

// shown are the columns of a rejected row that a reader may see: rules, key, and those of the quality block that the extract has.
func (j *attempt) shown(ctx context.Context, extract report.Extract) []string {
	only := append([]string{"rules"}, extract.Key...)
	for _, block := range j.def.Document {
		for _, column := range block.Show {
			repeated := slices.ContainsFunc(only, func(have string) bool { return strings.EqualFold(have, column) })
			if _, err := j.engine.Columns(ctx, extract.Name, column); err == nil && !repeated {
				only = append(only, column)
			}
		}
	}
	return only
}
