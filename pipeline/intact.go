package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/pipeline/store"
)

// recorded is a manifest as it was found: taken apart only as far as needed, so that a field that this program does not know
// counts like any other.
type recorded struct {
	Content    json.RawMessage `json:"content"`
	Provenance struct {
		Token int64 `json:"token"`
	} `json:"provenance"`
}

// digest is the content digest, "" for what is no manifest.
func (r recorded) digest() string {
	if len(r.Content) == 0 {
		return ""
	}
	digest, err := canonicalDigest(r.Content)
	if err != nil {
		return ""
	}
	return digest
}

func readRecorded(data []byte) recorded {
	var r recorded
	if json.Unmarshal(data, &r) != nil {
		return recorded{}
	}
	return r
}

// version verifies one version and strikes its files from rest.
func (v *verification) version(ctx context.Context, version ledger.Version, rest map[string]bool) error {
	v.result.Versions++
	if want := version.Key.Path() + "/" + store.FormatVersion(version.Number, version.ContentDigest); version.Path != want {
		v.found(Finding{Kind: Altered, Key: version.Key, Version: version.Number, Path: version.Path,
			Detail: fmt.Sprintf("by its content digest it is %s", want)})
	}
	content, err := v.manifests(ctx, version, rest)
	if err != nil {
		return err
	}
	if content == nil {
		// Nothing says any more what the files must be; that has been told, and they are not called extra on top of it.
		for name := range rest {
			if strings.HasPrefix(name, version.Path+"/") {
				delete(rest, name)
			}
		}
		return nil
	}
	return v.artifacts(ctx, version, content.Artifacts, rest)
}

// manifests compares what the ledger and the store say the version is, and returns the content that has its digest; nil when
// neither has.
func (v *verification) manifests(ctx context.Context, version ledger.Version, rest map[string]bool) (*Content, error) {
	var proven json.RawMessage
	inLedger := readRecorded(version.Manifest)
	published := version.Path + "/" + manifestName(inLedger.Provenance.Token)
	tell := func(kind FindingKind, path, detail string) {
		v.found(Finding{Kind: kind, Key: version.Key, Version: version.Number, Path: path, Detail: detail})
	}
	if inLedger.digest() == version.ContentDigest {
		proven = inLedger.Content
	} else {
		tell(Altered, published, "the ledger's copy of the manifest does not have the content digest of its version")
	}
	if !rest[published] {
		tell(Lost, published, "the ledger has a copy of it")
	}
	for _, name := range manifestsIn(version.Path, rest) {
		data, err := v.small(ctx, name)
		if errors.Is(err, store.ErrNotFound) {
			tell(Lost, name, "it went away meanwhile")
			continue
		}
		if err != nil {
			return nil, err
		}
		delete(rest, name)
		stored := readRecorded(data)
		if stored.digest() != version.ContentDigest {
			tell(Altered, name, fmt.Sprintf("its content does not have the digest %.8s of the version", version.ContentDigest))
			continue
		}
		// Another attempt's is as good: it stored the same files, and did not come to publish them.
		if proven == nil {
			proven = stored.Content
		}
		if name == published && !sameJSON(data, json.RawMessage(version.Manifest)) {
			tell(Altered, name, "its provenance is not what the ledger says")
		}
	}
	if proven == nil {
		return nil, nil
	}
	var content Content
	if err := json.Unmarshal(proven, &content); err != nil {
		return nil, fmt.Errorf("read manifest of version %d: %w", version.Number, err)
	}
	return &content, nil
}

// manifestsIn are the manifests directly in a folder, in the order of their tokens.
func manifestsIn(folder string, files map[string]bool) []string {
	var tokens []int64
	for name := range files {
		text, isJSON := strings.CutSuffix(path.Base(name), ".json")
		text, isManifest := strings.CutPrefix(text, "manifest-")
		token, err := strconv.ParseInt(text, 10, 64)
		if isJSON && isManifest && err == nil && name == folder+"/"+manifestName(token) {
			tokens = append(tokens, token)
		}
	}
	slices.Sort(tokens)
	names := make([]string, len(tokens))
	for i, token := range tokens {
		names[i] = folder + "/" + manifestName(token)
	}
	return names
}

// artifacts compares each file with its manifest.
func (v *verification) artifacts(ctx context.Context, version ledger.Version, artifacts []Artifact, rest map[string]bool) error {
	for _, artifact := range artifacts {
		name := version.Path + "/" + artifact.Name
		finding := Finding{Key: version.Key, Version: version.Number, Path: name}
		got, err := store.Sum{}, store.ErrNotFound
		if rest[name] {
			got, err = v.sum(ctx, name)
		}
		delete(rest, name)
		switch {
		case errors.Is(err, store.ErrNotFound):
			finding.Kind, finding.Detail = Lost, fmt.Sprintf("%d bytes, sha256 %.8s", artifact.Bytes, artifact.SHA256)
		case err != nil:
			return err
		case got != artifact.sum():
			finding.Kind, finding.Detail = Altered, difference(got, artifact, artifacts)
		default:
			continue
		}
		v.found(finding)
	}
	return nil
}

// difference says what a file is instead; that two have changed places is seen from it.
func difference(got store.Sum, want Artifact, all []Artifact) string {
	for _, other := range all {
		if got == other.sum() {
			return fmt.Sprintf("it holds what %s should", other.Name)
		}
	}
	return fmt.Sprintf("%d bytes, sha256 %.8s; published were %d bytes, sha256 %.8s", got.Size, got.SHA256, want.Bytes, want.SHA256)
}
