package pipeline

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/monthend/monthend/pipeline/engine"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

// Difference is what differs between two answers of the same report: of two versions, or of a version and its source of now.
type Difference struct {
	Same       bool                   `json:"same"`       // they stand on equal data
	Definition bool                   `json:"definition"` // the definition is another one
	Rows       []RowsChange           `json:"rows,omitempty"`
	Totals     []TotalChange          `json:"control_totals,omitempty"`
	Figures    []report.FigureChange  `json:"figures,omitempty"`
	Datasets   []report.DatasetChange `json:"datasets,omitempty"`
	Verdict    string                 `json:"verdict,omitempty"` // why the rows of now would fail as data; "" where they would not
}

// RowsChange is an extract of which there are more or fewer rows, or whose rows are judged otherwise.
type RowsChange struct {
	Extract string            `json:"extract"`
	Before  report.TableCount `json:"before"` // zero where there was no such extract
	After   report.TableCount `json:"after"`
}

// TotalChange is a control total whose actual side is another one.
type TotalChange struct {
	Rule   string `json:"rule"`
	Before string `json:"before"` // decimals as text, "" where there was no such rule
	After  string `json:"after"`
}

// Diff compares two published versions, before and after, by the datasets that each has kept. cfg needs Ledger and Store;
// Catalog, where it has the report, tells which figures its document shows.
func Diff(ctx context.Context, cfg Config, before, after ledger.Version) (Difference, error) {
	if cfg.Ledger == nil || cfg.Store == nil {
		return Difference{}, errors.New("pipeline: a ledger and a store are needed")
	}
	cfg.Progress = func(Progress) {}
	j := &attempt{Runner: &Runner{cfg: cfg}, lookback: true}
	if cfg.Catalog != nil {
		j.def, _ = cfg.Catalog.Get(after.Key.Report) // without it there is no document, and so there are no figures
	}
	if j.def.Location == nil {
		j.def.Location = utc
	}
	j.claim = ledger.Claim{RunID: "diff", Key: after.Key}
	if err := j.open(ctx); err != nil {
		return Difference{}, err
	}
	defer j.close()
	then, was, err := j.readVersion(ctx, before)
	if err != nil {
		return Difference{}, fmt.Errorf("read version %d of %s: %w", before.Number, before.Key, err)
	}
	now, is, err := j.readVersion(ctx, after)
	if err != nil {
		return Difference{}, fmt.Errorf("read version %d of %s: %w", after.Number, after.Key, err)
	}
	d := differ(j.def, was, is, then, now)
	d.Same = before.DataDigest == after.DataDigest
	return d, nil
}

// differ compares everything that a version keeps but its digest.
func differ(def report.Definition, was, is Content, then, now []report.Dataset) Difference {
	return Difference{
		Definition: was.DefinitionDigest != is.DefinitionDigest,
		Rows:       changedRows(was.Rows, is.Rows),
		Totals:     changedTotals(was.ControlTotals, is.ControlTotals),
		Figures:    report.DiffFigures(def, then, now),
		Datasets:   report.Diff(then, now),
	}
}

// readVersion reads the datasets that a version has kept, each proved to be what was published.
func (j *attempt) readVersion(ctx context.Context, version ledger.Version) ([]report.Dataset, Content, error) {
	if readRecorded(version.Manifest).digest() != version.ContentDigest {
		return nil, Content{}, errors.New("its manifest in the ledger does not have its content digest")
	}
	manifest, err := ParseManifest(version.Manifest)
	if err != nil {
		return nil, Content{}, err
	}
	var datasets []report.Dataset
	for _, artifact := range manifest.Content.Artifacts {
		name := strings.TrimSuffix(filepath.Base(filepath.FromSlash(artifact.Name)), "."+engine.Parquet)
		if artifact.Name != keptName(name) {
			continue
		}
		file, err := j.fetch(ctx, version, artifact, "read."+engine.Parquet)
		if err != nil {
			return nil, Content{}, err
		}
		dataset, err := j.engine.Read(ctx, name, file)
		if err != nil {
			return nil, Content{}, err
		}
		datasets = append(datasets, dataset)
	}
	return datasets, manifest.Content, nil
}

func changedRows(before, after []report.TableCount) (changes []RowsChange) {
	then := map[string]report.TableCount{}
	for _, t := range before {
		then[t.Name] = t
	}
	for _, t := range after {
		if then[t.Name] != t {
			changes = append(changes, RowsChange{Extract: t.Name, Before: then[t.Name], After: t})
		}
		delete(then, t.Name)
	}
	for _, t := range before {
		if _, gone := then[t.Name]; gone {
			changes = append(changes, RowsChange{Extract: t.Name, Before: t})
		}
	}
	return changes
}

func changedTotals(before, after []ControlTotal) (changes []TotalChange) {
	then := map[string]string{}
	for _, t := range before {
		then[t.Rule] = t.Actual
	}
	for _, t := range after {
		if was, known := then[t.Rule]; !known || was != t.Actual {
			changes = append(changes, TotalChange{Rule: t.Rule, Before: was, After: t.Actual})
		}
		delete(then, t.Rule)
	}
	for _, t := range before {
		if was, gone := then[t.Rule]; gone {
			changes = append(changes, TotalChange{Rule: t.Rule, Before: was})
		}
	}
	return changes
}
