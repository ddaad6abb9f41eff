package main

import (
	"fmt"
	"path"

	"github.com/monthend/monthend/pipeline"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/pipeline/store"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/trace/read"
)

// outcome is what the end of a job looks like, for people and as JSON.
type outcome struct {
	RunID     string      `json:"run_id"`
	TraceID   string      `json:"trace_id"`
	Status    string      `json:"status"`
	Report    string      `json:"report"`
	Period    string      `json:"period"`
	Tenant    string      `json:"tenant,omitempty"`
	Version   int         `json:"version,omitempty"`
	Extracted int64       `json:"records_extracted"`
	Rejected  int64       `json:"records_rejected"`
	Rules     []ruleLine  `json:"rules,omitempty"`
	Files     []fileLine  `json:"files"`
	Spans     []read.Span `json:"spans,omitempty"`
	Elapsed   int64       `json:"elapsed_ms,omitempty"`

	folder string
	gate   report.GateResult
	trace  read.Trace
}

type ruleLine struct {
	Rule     string `json:"rule"`
	Severity string `json:"severity"`
	Broken   int64  `json:"broken"`
}

type fileLine struct {
	Name   string `json:"name"`
	Format string `json:"format"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
	Path   string `json:"path"`
}

func newOutcome(r pipeline.Result) outcome {
	o := outcome{
		RunID:     r.RunID,
		TraceID:   r.TraceID,
		Status:    string(r.Outcome),
		Report:    r.Key.Report,
		Tenant:    r.Key.Tenant,
		Version:   r.Version.Number,
		Extracted: r.Extracted,
		Rejected:  r.Rejected,
		Files:     []fileLine{},
		gate:      r.Validation.Gate,
	}
	if !r.Key.Period.IsZero() {
		o.Period = r.Key.Period.String()
	}
	for _, rule := range r.Validation.Rules {
		o.Rules = append(o.Rules, ruleLine{rule.Rule, string(rule.Severity), rule.Broken})
	}
	return o
}

// addFiles adds the files of a version as its manifest names them.
func (o *outcome) addFiles(version ledger.Version, output string) error {
	if version.Number == 0 {
		return nil
	}
	manifest, err := pipeline.ParseManifest(version.Manifest)
	if err != nil {
		return err
	}
	o.Report, o.Period, o.Tenant = manifest.Content.Report, manifest.Content.Period, manifest.Content.Tenant
	o.folder = store.Locate(output, version.Path)
	for _, f := range manifest.Content.Files() {
		o.Files = append(o.Files, fileLine{f.Name, f.Format, f.Bytes, f.SHA256, store.Locate(output, path.Join(version.Path, f.Name))})
	}
	return nil
}

// outcomeFailure is the exit of a job that ended otherwise than well.
func outcomeFailure(status string, err error) error {
	if err == nil {
		err = fmt.Errorf("the run ended %s", status)
	}
	switch report.Outcome(status) {
	case report.DataFailed:
		return withCode(exitData, "", err)
	case report.Failed, report.Cancelled:
		return withCode(exitFailed, "", err)
	}
	return nil
}
