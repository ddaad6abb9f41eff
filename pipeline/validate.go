package pipeline

import (
	"context"
	"fmt"
	"slices"

	"github.com/monthend/monthend/pipeline/engine"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/trace"
)

// validate runs every rule over the extracted rows. A verdict against the data is no error of this stage: it stands in
// j.validation, and the trace of the stage is marked as an error so that it is found.
func (j *attempt) validate(ctx context.Context) error {
	err := j.stage(ctx, StageValidate, func(ctx context.Context) error {
		j.engine.SetMonth(j.monthOf())
		validation, err := j.engine.Validate(ctx, j.def)
		if err != nil {
			return j.wrap("validate", err)
		}
		j.validation = validation
		counts := make(map[string]int64, len(validation.Rules))
		var broken int64
		for _, rule := range validation.Rules {
			counts[rule.Rule] = rule.Broken
			broken += rule.Broken
		}
		trace.Metadata(ctx, "validation_errors", broken)
		trace.Metadata(ctx, "rules", counts)
		trace.Metadata(ctx, "records_rejected", j.rejected())
		if validation.Failed {
			j.shut = &DataError{Validation: j.verdict()}
			return j.shut
		}
		return nil
	})
	if j.validation.Failed {
		return nil
	}
	return err
}

// verdict is what the rules found, for everything but the report's own files: without what these show of rows.
func (j *attempt) verdict() report.Validation {
	v := j.validation
	v.Rules = slices.Clone(v.Rules)
	for i := range v.Rules {
		v.Rules[i].Columns, v.Rules[i].Shown = nil, nil
	}
	return v
}

// rejected is the number of records in quarantine: rows of the definition's main extract.
func (j *attempt) rejected() int64 {
	for _, table := range j.validation.Tables {
		if table.Name == mainExtract(j.def) {
			return table.Quarantined
		}
	}
	return 0
}

// putQuarantine puts the rows that broke a reject rule where only the finance team looks: never delivered, no part of a
// version. The attempt's number stands in the name, since another attempt may have read other rows.
func (j *attempt) putQuarantine(ctx context.Context) error {
	for i, table := range j.validation.Tables {
		if table.Quarantined == 0 {
			continue
		}
		for _, format := range []string{engine.CSV, engine.Parquet} {
			name := fmt.Sprintf("%s-%d.%s", table.Name, j.claim.Attempt, format)
			file := j.file("quarantine-" + name)
			if _, err := j.engine.ExportQuarantine(ctx, j.def.Extract[i], format, file); err != nil {
				return err
			}
			artifact, err := measure(name, format, file)
			if err != nil {
				return err
			}
			path := fmt.Sprintf("quarantine/%s/%s/%s", j.claim.Key.Path(), j.claim.RunID, name)
			if err := j.put(ctx, path, artifact); err != nil {
				return err
			}
		}
	}
	return nil
}
