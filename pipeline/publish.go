package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/trace"
)

// publish makes the drawn files the current version. The order must not change: files, then the manifest, then the
// ledger's one transaction, then current.json. Until the transaction nothing is current, whatever lies in the store;
// after it the version is published, whatever happens to current.json.
func (j *attempt) publish(ctx context.Context) error {
	return j.stage(ctx, StagePublish, func(ctx context.Context) error {
		manifest, digest, err := j.manifest(ctx)
		if err != nil {
			return j.wrap("publish", err)
		}
		folder := fmt.Sprintf("%s/v%d-%s", j.claim.Key.Path(), j.claim.Version, digest[:8])
		if err := j.putQuarantine(ctx); err != nil {
			return j.wrap("publish", err)
		}
		for i, artifact := range j.artifacts {
			if err := j.put(ctx, folder+"/"+artifact.Name, artifact); err != nil {
				return j.wrap("publish", err)
			}
			j.advance(Progress{Stage: StagePublish, Step: artifact.Name, Done: i + 1, Steps: len(j.artifacts), Rows: j.rows()})
		}
		data, err := j.putManifest(ctx, folder, manifest)
		if err != nil {
			return j.wrap("publish", err)
		}
		version, err := j.cfg.Ledger.Publish(trace.Silent(ctx), j.claim, ledger.Publication{
			Number:           j.claim.Version,
			ContentDigest:    digest,
			DataDigest:       j.dataDigest,
			Path:             folder,
			Manifest:         data,
			RecordsExtracted: j.extracted(),
			RecordsRejected:  j.rejected(),
		})
		if err != nil {
			return j.wrap("publish", err)
		}
		j.version = version
		j.pointTo(ctx, folder, digest)
		return nil
	})
}

// manifest describes the version and hashes its content.
func (j *attempt) manifest(ctx context.Context) (Manifest, string, error) {
	totals := []ControlTotal{}
	for _, rule := range j.validation.Rules {
		if rule.Expected != "" || rule.Actual != "" {
			totals = append(totals, ControlTotal{rule.Rule, rule.Expected, rule.Actual, rule.Tolerance})
		}
	}
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
			ControlTotals:    totals,
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
// its own provenance.
func (j *attempt) putManifest(ctx context.Context, folder string, manifest Manifest) ([]byte, error) {
	data, err := json.MarshalIndent(manifest, "", "  ")
	if err != nil {
		return nil, err
	}
	data = append(data, '\n')
	name := fmt.Sprintf("manifest-%d.json", j.claim.Token)
	file := j.file(name)
	if err := os.WriteFile(file, data, 0o644); err != nil {
		return nil, err
	}
	artifact, err := measure(name, "json", file)
	if err != nil {
		return nil, err
	}
	return data, j.put(ctx, folder+"/"+name, artifact)
}

// pointTo writes current.json beside the versions, for those who read files and not the ledger. The version is published
// already: a pointer that could not be written is mended by the next run, so this is told and goes on.
func (j *attempt) pointTo(ctx context.Context, folder, digest string) {
	pointer := struct {
		Report        string `json:"report"`
		Period        string `json:"period"`
		Tenant        string `json:"tenant"`
		Version       int    `json:"version"`
		ContentDigest string `json:"content_digest"`
		Path          string `json:"path"`
		Manifest      string `json:"manifest"`
	}{
		j.def.Name, j.claim.Key.Period.String(), j.claim.Key.Tenant, j.claim.Version, digest, folder,
		fmt.Sprintf("%s/manifest-%d.json", folder, j.claim.Token),
	}
	var data bytes.Buffer
	encoder := json.NewEncoder(&data)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(pointer)
	if err == nil {
		err = j.cfg.Store.Replace(ctx, j.claim.Key.Path()+"/current.json", data.Bytes())
	}
	if err != nil {
		trace.Annotate(ctx, "current_json", "stale")
		j.cfg.Logger.Warn("current.json not written; the version is published", "run", j.claim.RunID, "error", err)
	}
}
