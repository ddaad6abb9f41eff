package pipeline

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/monthend/monthend/pipeline/engine"
	"github.com/monthend/monthend/pipeline/store"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/report/format"
	"github.com/monthend/monthend/trace"
)

// generate computes the datasets, decides by their digest whether there is anything new to publish, and only then takes a
// version and draws. It answers true when the data equals that of the current version.
func (j *attempt) generate(ctx context.Context) (same bool, err error) {
	err = j.stage(ctx, StageGenerate, func(ctx context.Context) error {
		if err := j.compute(ctx); err != nil {
			return j.wrap("generate", err)
		}
		current, ok, err := j.cfg.Ledger.Current(trace.Silent(ctx), j.claim.Key)
		if err != nil {
			return j.wrap("generate", fmt.Errorf("ask for the current version: %w", err))
		}
		if ok {
			j.previous = current
			if current.DataDigest == j.dataDigest {
				j.version, same = current, true
				return nil
			}
		}
		if err := j.edit(ctx); err != nil {
			return j.wrap("generate", err)
		}
		trace.Metadata(ctx, "report_size", j.size())
		trace.Annotate(ctx, "version", j.claim.Version)
		return nil
	})
	return same, err
}

// compute runs the dataset queries and digests what the report stands on.
func (j *attempt) compute(ctx context.Context) error {
	computed := map[string]report.Dataset{}
	for _, query := range j.def.Computation() {
		dataset, err := j.engine.Dataset(ctx, query)
		if err != nil {
			return err
		}
		computed[query.Name] = dataset
	}
	for _, query := range j.def.Datasets {
		j.datasets = append(j.datasets, computed[query.Name])
	}
	digest, err := j.digest()
	if err != nil {
		return err
	}
	j.dataDigest = digest
	return nil
}

// edit takes a version and draws it, unless it lies in the store already.
func (j *attempt) edit(ctx context.Context) error {
	folders, err := store.Folders(ctx, j.cfg.Store, j.claim.Key.Path())
	if err != nil {
		return fmt.Errorf("list the versions in the store: %w", err)
	}
	adopted, err := j.adopt(ctx, folders)
	if err != nil || adopted {
		return err
	}
	if err := j.takeVersion(ctx, folders); err != nil {
		return err
	}
	if err := j.comment(ctx); err != nil {
		return err
	}
	return j.draw(ctx)
}

// takeVersion keeps the version that an earlier attempt of this run took, or takes the next one: higher than any that the
// ledger knows and any that lies in the store, since a ledger may have lost its last commits.
func (j *attempt) takeVersion(ctx context.Context, folders []store.Folder) error {
	if j.claim.Version != 0 {
		return nil
	}
	highest := 0
	if len(folders) > 0 {
		highest = folders[0].Number
	}
	version, err := j.cfg.Ledger.AllocateVersion(trace.Silent(ctx), j.claim, highest)
	if err != nil {
		return fmt.Errorf("allocate a version: %w", err)
	}
	j.claim.Version = version
	return nil
}

// draw makes every file of the version in the attempt's folder. The datasets are kept as Parquet whatever the definition's
// formats are: later months compare themselves with them.
func (j *attempt) draw(ctx context.Context) error {
	document, err := report.Build(j.def, report.Meta{
		Period:       j.claim.Key.Period,
		Tenant:       j.claim.Key.Tenant,
		Version:      j.claim.Version,
		DataDigest:   j.dataDigest,
		Restatement:  j.restatement(),
		Draft:        j.lease == nil,
		Comparatives: j.comparatives(),
	}, j.datasets, j.validation)
	if err != nil {
		return &BadJobError{Err: err} // the definition asks of its datasets what they do not have, however often it is tried
	}
	j.addCommentary(&document)
	if err := j.addDetails(ctx, &document); err != nil {
		return err
	}
	formats := j.def.Formats
	kept := j.lease != nil && !slices.Contains(j.def.Formats, engine.Parquet)
	if kept {
		formats = append(formats[:len(formats):len(formats)], engine.Parquet)
	}
	for i, name := range formats {
		err := trace.Span(ctx, name, func(ctx context.Context) error {
			before := len(j.artifacts)
			if err := j.drawFormat(ctx, name, document); err != nil {
				return fmt.Errorf("format %q: %w", name, err)
			}
			for a := range j.artifacts[before:] {
				j.artifacts[before+a].Kept = kept && name == engine.Parquet
			}
			return nil
		})
		if err != nil {
			return err
		}
		j.advance(Progress{Stage: StageGenerate, Step: name, Done: i + 1, Steps: len(formats), Rows: j.rows()})
	}
	return nil
}

// restatement is the reason that the document states: of a version that replaces another one.
func (j *attempt) restatement() string {
	if j.previous.Number == 0 {
		return ""
	}
	return j.claim.Reason
}

// drawFormat makes the file or the files of one format.
func (j *attempt) drawFormat(ctx context.Context, name string, document report.Document) error {
	switch name {
	case engine.CSV, engine.Parquet:
		export := name
		if name == engine.CSV && j.def.RawCSV {
			export = engine.RawCSV
		}
		for _, dataset := range j.datasets {
			file := dataset.Name + "." + name
			if name == engine.Parquet {
				file = keptName(dataset.Name)
			}
			if err := j.make(file, name, func(path string) error {
				_, err := j.engine.Export(ctx, dataset.Name, export, path)
				return err
			}); err != nil {
				return err
			}
		}
		return nil
	}
	return j.make(fmt.Sprintf("%s-%s.%s", j.def.Name, j.claim.Key.Period, name), name, func(path string) error {
		return writeFile(path, func(w *bufio.Writer) error { return format.Draw(name, w, document) })
	})
}

// make has one file written below the attempt's folder and measures it.
func (j *attempt) make(name, format string, write func(path string) error) error {
	path := j.file(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := write(path); err != nil {
		return err
	}
	artifact, err := measure(name, format, path)
	if err != nil {
		return err
	}
	j.artifacts = append(j.artifacts, artifact)
	return nil
}

// file is where the attempt keeps a file of its own; the engine may write below this folder and nowhere else.
func (j *attempt) file(name string) string {
	return filepath.Join(j.spool, filepath.FromSlash(name))
}

// size is the number of bytes drawn.
func (j *attempt) size() int64 {
	var n int64
	for _, a := range j.artifacts {
		n += a.Bytes
	}
	return n
}

// writeFile writes a new file through a buffer and closes it whatever happens.
func writeFile(path string, write func(*bufio.Writer) error) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := bufio.NewWriter(f)
	if err := write(w); err != nil {
		return err
	}
	return w.Flush()
}
