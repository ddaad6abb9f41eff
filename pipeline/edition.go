package pipeline

import (
	"context"
	"errors"
	"fmt"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/pipeline/store"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/trace"
)

// edition is a version as it lies in the store, whole: what the ledger can make current.
type edition struct {
	folder   string // below the output
	digest   string // of its content
	manifest []byte // as stored
}

// adopt looks for the version that this run is about to make: a database that failed over may have lost the commits of a run
// that had stored, or even published, it. One that is whole by its manifest and stands on equal data is taken under its own
// number instead of being drawn again. It reports whether there was one; folders are those of the key, highest first.
func (j *attempt) adopt(ctx context.Context, folders []store.Folder) (bool, error) {
	newest := 0 // of the versions that were stored whole once: whatever lies below it was replaced
	for _, folder := range folders {
		if folder.Number <= j.previous.Number || folder.Number < newest {
			return false, nil // the ledger knows it, or it was replaced
		}
		if j.claim.Version != 0 && j.claim.Version != folder.Number {
			continue // the run has a number, and keeps it
		}
		found, content, err := j.stored(ctx, folder)
		if err != nil {
			return false, fmt.Errorf("look at version %q in the store: %w", folder.Path, err)
		}
		if found.digest == "" {
			continue // its attempt did not come to the end
		}
		newest = folder.Number
		if content.DataDigest != j.dataDigest {
			continue
		}
		whole, err := j.whole(ctx, folder.Path, content.Artifacts)
		if err != nil {
			return false, fmt.Errorf("look at version %q in the store: %w", folder.Path, err)
		}
		if !whole {
			continue
		}
		number, err := j.cfg.Ledger.AdoptVersion(trace.Silent(ctx), j.claim, folder.Number)
		if err != nil {
			return false, fmt.Errorf("adopt version %d: %w", folder.Number, err)
		}
		j.claim.Version = number
		if number != folder.Number {
			return false, nil // the ledger knows the number after all, or an earlier attempt took another
		}
		j.edition, j.artifacts = found, content.Artifacts
		trace.Annotate(ctx, "adopted", true)
		j.cfg.Logger.Info("version found in the store, adopted", "run", j.claim.RunID, "version", number, "path", folder.Path)
		return true, nil
	}
	return false, nil
}

// stored reads the manifest of a version of this key; the zero edition is one without a manifest that is its own.
func (j *attempt) stored(ctx context.Context, folder store.Folder) (edition, Content, error) {
	files := map[string]bool{}
	for _, name := range folder.Files {
		files[name] = true
	}
	for _, name := range manifestsIn(folder.Path, files) {
		data, err := j.look().small(ctx, name)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return edition{}, Content{}, err
		}
		manifest, err := ParseManifest(data)
		if err != nil {
			continue
		}
		digest := readRecorded(data).digest()
		content := manifest.Content
		own := report.Key{Report: content.Report, Tenant: content.Tenant, Period: j.claim.Key.Period} == j.claim.Key &&
			content.Period == j.claim.Key.Period.String() && content.Version == folder.Number &&
			manifestName(manifest.Provenance.Token) == name[len(folder.Path)+1:]
		if own && store.FormatVersion(folder.Number, digest) == folder.Path[len(j.claim.Key.Path())+1:] {
			return edition{folder: folder.Path, digest: digest, manifest: data}, content, nil
		}
	}
	return edition{}, Content{}, nil
}

// whole hashes every file of a version again.
func (j *attempt) whole(ctx context.Context, folder string, artifacts []Artifact) (bool, error) {
	look := j.look()
	for _, artifact := range artifacts {
		got, err := look.sum(ctx, folder+"/"+artifact.Name)
		if errors.Is(err, store.ErrNotFound) || err == nil && got != artifact.sum() {
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
	return true, nil
}

// look reads the store back, and mends current.json.
func (r *Runner) look() *verification {
	return &verification{cfg: VerifyConfig{Ledger: r.cfg.Ledger, Store: r.cfg.Store, Repair: true}}
}

// mend writes current.json again where it does not say what the ledger says: the worker that published died before, or
// published to a store that did not answer. The outcome stands whatever comes of it, so trouble is told and goes on.
func (r *Runner) mend(ctx context.Context, key report.Key) {
	ctx, cancel := afterwards(trace.Silent(ctx))
	defer cancel()
	look := r.look()
	current, wrong, err := look.comparePointer(ctx, key)
	if err == nil && wrong != nil {
		err = look.repairPointer(ctx, current)
	}
	if err != nil {
		r.cfg.Logger.Warn("current.json not mended; the version is published", "key", key.String(), "error", err)
	}
}

// pointTo writes current.json for a version that was published just now. It is published already: a pointer that could not be
// written is mended by the next run, so this is told and goes on.
func (j *attempt) pointTo(ctx context.Context, version ledger.Version) {
	if err := j.look().repairPointer(ctx, version); err != nil {
		trace.Annotate(ctx, "current_json", "stale")
		j.cfg.Logger.Warn("current.json not written; the version is published", "run", j.claim.RunID, "error", err)
	}
}
