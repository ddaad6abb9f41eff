package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/pipeline/store"
	"github.com/monthend/monthend/report"
)

// pointerName is the file beside the versions that names the current one, for those who read files and not the ledger.
const pointerName = "current.json"

// pointerGrace is how soon after its commit a worker has surely written the pointer.
const pointerGrace = 5 * time.Second

// pointer is what current.json says.
type pointer struct {
	Report        string `json:"report"`
	Period        string `json:"period"`
	Tenant        string `json:"tenant"`
	Version       int    `json:"version"`
	ContentDigest string `json:"content_digest"`
	Path          string `json:"path"`
	Manifest      string `json:"manifest"`
}

// pointerTo is the pointer to a version that was published under token.
func pointerTo(key report.Key, number int, digest, folder string, token int64) pointer {
	return pointer{
		Report: key.Report, Period: key.Period.String(), Tenant: key.Tenant, Version: number, ContentDigest: digest,
		Path: folder, Manifest: folder + "/" + manifestName(token),
	}
}

// manifestName carries the fencing token: two attempts write equal files, but each its own provenance.
func manifestName(token int64) string { return fmt.Sprintf("manifest-%d.json", token) }

func (p pointer) encode() ([]byte, error) {
	var data bytes.Buffer
	encoder := json.NewEncoder(&data)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(p)
	return data.Bytes(), err
}

// checkPointer compares current.json with the ledger. A worker that has just committed is given the time to write it.
func (v *verification) checkPointer(ctx context.Context, key report.Key) error {
	current, found, err := v.comparePointer(ctx, key)
	if err != nil || found == nil {
		return err
	}
	now, err := v.cfg.Ledger.Now(ctx)
	if err != nil {
		return err
	}
	if left := pointerGrace - now.Sub(current.PublishedAt); left > 0 {
		timer := time.NewTimer(left)
		defer timer.Stop()
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-timer.C:
		}
		if current, found, err = v.comparePointer(ctx, key); err != nil || found == nil {
			return err
		}
	}
	if v.cfg.Repair {
		if err := v.repairPointer(ctx, current); err != nil {
			return err
		}
		found.Repaired = true
	}
	v.result.Findings = append(v.result.Findings, *found)
	return nil
}

// comparePointer reads both; the finding is nil when they agree.
func (v *verification) comparePointer(ctx context.Context, key report.Key) (ledger.Version, *Finding, error) {
	current, ok, err := v.cfg.Ledger.Current(ctx, key)
	if err == nil && !ok {
		err = fmt.Errorf("the ledger has no current version of %s", key)
	}
	if err != nil {
		return current, nil, err
	}
	found := &Finding{Kind: Altered, Key: key, Version: current.Number, Path: key.Path() + "/" + pointerName}
	want, err := pointerOf(current)
	if err != nil {
		return current, nil, nil // a manifest that cannot be read is a finding of its own
	}
	data, err := v.small(ctx, found.Path)
	if errors.Is(err, store.ErrNotFound) {
		found.Kind, found.Detail = Lost, fmt.Sprintf("version %d is current", current.Number)
		return current, found, nil
	}
	if err != nil {
		return current, nil, err
	}
	if sameJSON(data, want) {
		return current, nil, nil
	}
	var got pointer
	switch err := json.Unmarshal(data, &got); {
	case err != nil:
		found.Detail = fmt.Sprintf("it is no JSON; version %d is current", current.Number)
	case got.Version != current.Number:
		found.Detail = fmt.Sprintf("it names version %d; version %d is current", got.Version, current.Number)
	default:
		found.Detail = fmt.Sprintf("it does not say of version %d what the ledger says", current.Number)
	}
	return current, found, nil
}

// pointerOf is the pointer that must stand for a version.
func pointerOf(v ledger.Version) (pointer, error) {
	recorded, err := ParseManifest(v.Manifest)
	if err != nil {
		return pointer{}, err
	}
	return pointerTo(v.Key, v.Number, v.ContentDigest, v.Path, recorded.Provenance.Token), nil
}

// repairPointer writes current.json anew. A version that is published meanwhile has its own pointer written by its worker,
// perhaps before this one; so it is written until the ledger says the same after as before.
func (v *verification) repairPointer(ctx context.Context, current ledger.Version) error {
	for {
		want, err := pointerOf(current)
		if err != nil {
			return err
		}
		data, err := want.encode()
		if err != nil {
			return err
		}
		if err := v.cfg.Store.Replace(ctx, current.Key.Path()+"/"+pointerName, data); err != nil {
			return err
		}
		now, _, err := v.cfg.Ledger.Current(ctx, current.Key)
		if err != nil || now.Number == current.Number {
			return err
		}
		current = now
	}
}

// maxSmall bounds what is read whole: manifests and pointers, in bytes.
const maxSmall = 16 << 20

// small reads a file that is read whole. One that is larger than any of ours is cut, and then says nothing that is true.
func (v *verification) small(ctx context.Context, path string) ([]byte, error) {
	var data bytes.Buffer
	err := v.read(ctx, path, func(r io.Reader) error {
		data.Reset()
		_, err := io.Copy(&data, io.LimitReader(r, maxSmall))
		return err
	})
	v.result.Bytes += int64(data.Len())
	return data.Bytes(), err
}

// sameJSON reports whether data is JSON that means what v means.
func sameJSON(data []byte, v any) bool {
	got, err := canonicalDigest(json.RawMessage(data))
	if err != nil {
		return false
	}
	want, err := canonicalDigest(v)
	return err == nil && got == want
}
