package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/monthend/monthend/pipeline/engine"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/pipeline/source"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/trace"
)

// month is what an attempt knows of another month that its definition is compared with: first what was published of it, then,
// of the rest, what its rows say.
type month struct {
	report.Comparison
	period    report.Period
	published report.Comparative // its version, 0 when there is none; datasets of that version
	drawn     report.Comparative // datasets made of its rows
	rows      map[string]int64   // by extract
	counted   map[string]int64   // of rows, those of the published version
}

// recall gets what the definition wants of other months from their current versions. The source is not touched yet, so that
// no snapshot waits for the store. A preview knows neither ledger nor store, and recalls nothing; a look back at a version
// recalls what that version was compared with.
func (j *attempt) recall(ctx context.Context) error {
	for _, want := range j.def.Comparisons() {
		m := &month{Comparison: want, period: want.Month(j.claim.Key.Period), rows: map[string]int64{}, counted: map[string]int64{}}
		m.published = report.Comparative{Name: want.Name, Period: m.period}
		m.drawn = m.published
		j.months = append(j.months, m)
		if j.lease == nil && !j.lookback {
			continue
		}
		version, ok, err := j.compared(ctx, m)
		if err != nil {
			return fmt.Errorf("%s: ask for the version of %s: %w", m.Name, m.period, err)
		}
		if !ok {
			continue
		}
		if err := j.recallVersion(ctx, m, version); err != nil {
			return fmt.Errorf("%s: %s version %d: %w", m.Name, m.period, version.Number, err)
		}
	}
	return nil
}

// compared is the version of another month that counts: the current one, or the one that was pinned when this month was published.
func (j *attempt) compared(ctx context.Context, m *month) (ledger.Version, bool, error) {
	key := j.claim.Key
	key.Period = m.period
	if !j.lookback {
		return j.cfg.Ledger.Current(trace.Silent(ctx), key)
	}
	at := slices.IndexFunc(j.pinned, func(p Pin) bool { return p.Name == m.Name && p.Version > 0 })
	if at < 0 {
		return ledger.Version{}, false, nil
	}
	versions, err := j.cfg.Ledger.Versions(trace.Silent(ctx), key)
	if err != nil {
		return ledger.Version{}, false, err
	}
	for _, v := range versions {
		if v.ContentDigest == j.pinned[at].ContentDigest {
			return v, true, nil
		}
	}
	return ledger.Version{}, false, fmt.Errorf("version %d, which this month was compared with, is not in the ledger", j.pinned[at].Version)
}

// recallVersion takes what a version has of what is wanted: it may be older than the definition of now.
func (j *attempt) recallVersion(ctx context.Context, m *month, version ledger.Version) error {
	if readRecorded(version.Manifest).digest() != version.ContentDigest {
		return errors.New("its manifest in the ledger does not have its content digest")
	}
	manifest, err := ParseManifest(version.Manifest)
	if err != nil {
		return err
	}
	for _, table := range manifest.Content.Rows {
		if slices.Contains(m.Rows, table.Name) {
			m.rows[table.Name], m.counted[table.Name] = table.Extracted, table.Extracted
		}
	}
	label := fmt.Sprintf("%s, version %d", m.period, version.Number)
	for _, name := range m.Datasets {
		at := slices.IndexFunc(manifest.Content.Artifacts, func(a Artifact) bool { return a.Name == keptName(name) })
		if at < 0 {
			continue
		}
		file, err := j.fetch(ctx, version, manifest.Content.Artifacts[at], filepath.Join(m.Name, name+"."+engine.Parquet))
		if err != nil {
			return err
		}
		dataset, err := j.engine.LoadComparative(ctx, m.Name, label, name, file)
		if err != nil {
			return err
		}
		m.published.Datasets = append(m.published.Datasets, dataset)
	}
	if len(m.published.Datasets)+len(m.counted) > 0 {
		m.published.Version, m.published.ContentDigest = version.Number, version.ContentDigest
	}
	return nil
}

// keptName is where a version keeps a dataset for later months.
func keptName(dataset string) string { return "datasets/" + dataset + "." + engine.Parquet }

// fetch brings a file of a version into the attempt's folder, and proves that it is the published one.
func (j *attempt) fetch(ctx context.Context, version ledger.Version, want Artifact, name string) (string, error) {
	file := j.file(name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return "", err
	}
	got, err := j.look().copy(ctx, version.Path+"/"+want.Name, file)
	if err != nil {
		return "", err
	}
	if got != want.sum() {
		return "", fmt.Errorf("%q is altered: %d bytes, sha256 %.8s; published were %d bytes, sha256 %.8s", want.Name, got.Size, got.SHA256, want.Bytes, want.SHA256)
	}
	return file, nil
}

// reconstruct makes what is still missing of other months from their rows, in the snapshot of the month itself and before its rows:
// so the rows of two months are never held at once.
func (j *attempt) reconstruct(ctx context.Context, snapshot *source.Snapshot) error {
	if err := j.prepare(ctx, snapshot); err != nil {
		return err
	}
	for _, m := range j.months {
		err := trace.Span(ctx, m.Name, func(ctx context.Context) error {
			missing := m.missing()
			trace.Metadata(ctx, "period", m.period.String())
			trace.Metadata(ctx, "source", m.source())
			if len(missing.Datasets)+len(missing.Rows) == 0 {
				return nil
			}
			return j.reconstructMonth(ctx, snapshot, m, missing)
		})
		if err != nil {
			return fmt.Errorf("%s: %s %s: %w", m.Name, m.period, unpublished, err)
		}
	}
	return nil
}

// prepare has the source look at every query before one is run for another month: a mistake in it is a mistake of this month's.
func (j *attempt) prepare(ctx context.Context, snapshot *source.Snapshot) error {
	incomplete := func(m *month) bool { return strings.Contains(m.source(), unpublished) }
	if !slices.ContainsFunc(j.months, incomplete) {
		return nil
	}
	for _, query := range j.def.Extract {
		if query.Outside != nil {
			continue
		}
		if _, err := snapshot.Describe(ctx, query); err != nil {
			return fmt.Errorf("query %q: %w", query.Name, err)
		}
	}
	return nil
}

// missing is what is wanted of a month and was not published.
func (m *month) missing() report.Comparison {
	out := report.Comparison{Name: m.Name}
	for _, name := range m.Datasets {
		if !slices.ContainsFunc(m.published.Datasets, func(d report.Dataset) bool { return d.Name == name }) {
			out.Datasets = append(out.Datasets, name)
		}
	}
	for _, name := range m.Rows {
		if _, counted := m.counted[name]; !counted {
			out.Rows = append(out.Rows, name)
		}
	}
	return out
}

// unpublished marks figures that stand in no version.
const unpublished = "unpublished"

// source says where a month's figures come from: "v3", "unpublished", or both where the version lacks some.
func (m *month) source() string {
	var parts []string
	if m.published.Version > 0 {
		parts = append(parts, fmt.Sprintf("v%d", m.published.Version))
	}
	if missing := m.missing(); len(missing.Datasets)+len(missing.Rows) > 0 {
		parts = append(parts, unpublished)
	}
	return strings.Join(parts, ", ")
}

// reconstructMonth runs the definition over another month as far as its rows go: the rules on rows decide which are valid,
// nothing else is judged. It has a workspace of its own, which is gone before the month itself is extracted: what comes out
// is files as a version keeps them.
func (j *attempt) reconstructMonth(ctx context.Context, snapshot *source.Snapshot, m *month, missing report.Comparison) (err error) {
	limits := j.cfg.Engine
	limits.Spool, limits.TimeZone = j.file(m.Name+"-unpublished"), j.def.Location.String()
	if err := os.MkdirAll(limits.Spool, 0o755); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(limits.Spool)) }()
	files, err := j.redraw(ctx, snapshot, limits, m, missing)
	if err != nil {
		return err
	}
	for i, name := range missing.Datasets {
		dataset, err := j.engine.LoadComparative(ctx, m.Name, m.period.String()+", "+unpublished, name, files[i])
		if err != nil {
			return err
		}
		m.drawn.Datasets = append(m.drawn.Datasets, dataset)
	}
	return nil
}

// redraw extracts, validates and computes in a workspace that ends here, and answers the files of the datasets.
func (j *attempt) redraw(ctx context.Context, snapshot *source.Snapshot, limits engine.Config, m *month, missing report.Comparison) (files []string, err error) {
	w, err := engine.Open(ctx, limits)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	for _, query := range j.def.Extract {
		if len(missing.Datasets) == 0 && !slices.Contains(missing.Rows, query.Name) {
			continue
		}
		step := Progress{Stage: StageExtract, Step: query.Name + " of " + m.period.String(), Steps: len(j.def.Extract), Rows: j.rows()}
		j.advance(step)
		n, _, err := j.load(ctx, w, snapshot, query, m.period, step)
		if err != nil {
			return nil, fmt.Errorf("query %q: %w", query.Name, err)
		}
		if slices.Contains(missing.Rows, query.Name) {
			m.rows[query.Name] = n
		}
	}
	if len(missing.Datasets) == 0 {
		return nil, nil
	}
	if _, err := w.Validate(ctx, rowsOnly(j.def)); err != nil {
		return nil, err
	}
	for _, query := range j.def.Datasets {
		if !slices.Contains(missing.Datasets, query.Name) {
			continue
		}
		if _, err := w.Dataset(ctx, query); err != nil {
			return nil, err
		}
		file := filepath.Join(limits.Spool, query.Name+"."+engine.Parquet)
		if _, err := w.Export(ctx, query.Name, engine.Parquet, file); err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	return files, nil
}

// rowsOnly is the definition without what judges a month as a whole, and without what is shown of rows.
func rowsOnly(def report.Definition) report.Definition {
	def.Gate, def.Document = report.Gate{}, nil
	def.Rules = slices.DeleteFunc(slices.Clone(def.Rules), func(r report.Rule) bool {
		return r.Assert != "" || r.Freshness != nil || r.RowCount != nil
	})
	return def
}

// monthOf is what the rules must know of the month beside its rows.
func (j *attempt) monthOf() engine.Month {
	m := engine.Month{Period: j.claim.Key.Period}
	for _, other := range j.months {
		if other.Name == report.Previous {
			m.Previous = other.rows
		}
	}
	return m
}

// comparatives are the other months' datasets for the document, published ones before the rest of the same month.
func (j *attempt) comparatives() []report.Comparative {
	var out []report.Comparative
	for _, m := range j.months {
		for _, c := range []report.Comparative{m.published, m.drawn} {
			if len(c.Datasets) > 0 {
				out = append(out, c)
			}
		}
	}
	return out
}
