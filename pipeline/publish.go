package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/pipeline/store"
	"github.com/monthend/monthend/trace"
)

// publish makes the drawn files, or those that were found, the current version. The order must not change: files, then the
// manifest, then the ledger's one transaction, then current.json. Until the transaction nothing is current, whatever lies in
// the store; after it the version is published, whatever happens to current.json.
func (j *attempt) publish(ctx context.Context) error {
	return j.stage(ctx, StagePublish, func(ctx context.Context) error {
		if err := j.putQuarantine(ctx); err != nil {
			return j.wrap("publish", err)
		}
		if j.edition.digest == "" {
			if err := j.putEdition(ctx); err != nil {
				return j.wrap("publish", err)
			}
		}
		// From here on the ledger's transaction decides, and the lease no more: whoever watches that sees the run over once it
		// is published, and would cut the answer off, or the pointer, as if another had taken the run.
		ctx, cancel := afterwards(ctx)
		defer cancel()
		version, err := j.cfg.Ledger.Publish(trace.Silent(ctx), j.claim, ledger.Publication{
			Number:           j.claim.Version,
			ContentDigest:    j.edition.digest,
			DataDigest:       j.dataDigest,
			Path:             j.edition.folder,
			Manifest:         j.edition.manifest,
			RecordsExtracted: j.extracted(),
			RecordsRejected:  j.rejected(),
			Approve:          j.def.Approve,
			Deliver:          j.def.Deliver,
		})
		if errors.Is(err, ledger.ErrFenced) {
			j.counters.fenced.Add(1)
		}
		if err != nil {
			return j.wrap("publish", err)
		}
		j.version = version
		j.pointTo(ctx, version)
		return nil
	})
}

// putEdition stores what was drawn.
func (j *attempt) putEdition(ctx context.Context) error {
	manifest, digest, err := j.manifest(ctx)
	if err != nil {
		return err
	}
	folder := j.claim.Key.Path() + "/" + store.FormatVersion(j.claim.Version, digest)
	for i, artifact := range j.artifacts {
		if err := j.put(ctx, folder+"/"+artifact.Name, artifact); err != nil {
			return err
		}
		j.advance(Progress{Stage: StagePublish, Step: artifact.Name, Done: i + 1, Steps: len(j.artifacts), Rows: j.rows()})
	}
	data, err := j.putManifest(ctx, folder, manifest)
	if err != nil {
		return err
	}
	j.edition = edition{folder: folder, digest: digest, manifest: data}
	return nil
}

// manifest describes the version and hashes its content.
func (j *attempt) manifest(ctx context.Context) (Manifest, string, error) {
	manifest := Manifest{
		Schema: 1,
		Content: Content{
			Report:           j.def.Name,
			Period:           j.claim.Key.Period.String(),
			Tenant:           j.claim.Key.Tenant,
			Version:          j.claim.Version,
			DefinitionDigest: j.def.Digest,
			DataDigest:       j.dataDigest,
			Reason:           j.restatement(),
			Rows:             j.validation.Tables,
			ControlTotals:    controlTotals(j.validation),
			Comparatives:     j.pins(),
			Artifacts:        j.artifacts,
			Previous:         j.previous.ContentDigest,
		},
		Provenance: Provenance{
			RunID:       j.claim.RunID,
			Attempt:     j.claim.Attempt,
			Token:       j.claim.Token,
			RequestID:   j.asking.RequestID,
			TraceID:     trace.ID(ctx),
			RequestedBy: j.asking.Job.RequestedBy,
			Schedule:    j.asking.Job.Schedule,
			Snapshot:    j.snapshot,
			Outside:     j.receipts,

			CommentaryModel: j.commentary.Model, CommentaryTokens: j.commentary.Tokens,
		},
	}
	digest, err := manifest.Content.Digest()
	return manifest, digest, err
}

// put stores one file where it must not be or must be equal.
func (j *attempt) put(ctx context.Context, path string, artifact Artifact) error {
	if err := j.cfg.Store.Put(ctx, path, artifact.file, artifact.sum()); err != nil {
		return fmt.Errorf("put %q: %w", path, err)
	}
	return nil
}

// putManifest stores the manifest under a name that carries the fencing token: two attempts write equal files, but each
// its own provenance. A database that failed over may hand a token out again; then the manifest that is there and has the same
// content is as good, and is the one that counts. It answers the manifest as stored.
func (j *attempt) putManifest(ctx context.Context, folder string, manifest Manifest) ([]byte, error) {
	data, err := json.MarshalIndent(manifest, "", "  ")
	if err != nil {
		return nil, err
	}
	data = append(data, '\n')
	name := manifestName(j.claim.Token)
	file := j.file(name)
	if err := os.WriteFile(file, data, 0o644); err != nil {
		return nil, err
	}
	artifact, err := measure(name, "json", file)
	if err != nil {
		return nil, err
	}
	conflict := j.put(ctx, folder+"/"+name, artifact)
	if !errors.Is(conflict, store.ErrConflict) {
		return data, conflict
	}
	there, err := j.look().small(ctx, folder+"/"+name)
	if err != nil {
		return nil, errors.Join(conflict, err)
	}
	if !sameJSON(readRecorded(there).Content, manifest.Content) {
		return nil, conflict
	}
	return there, nil
}
