package deliver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/monthend/monthend/pipeline"
	"github.com/monthend/monthend/pipeline/store"
)

// IndexName is the file beside the copies that says which version they are, written last.
const IndexName = "index.json"

// maxIndex bounds an index that is read, in bytes.
const maxIndex = 1 << 20

// index is what index.json says. It holds no time: copied again, it is the same.
type index struct {
	Schema        int         `json:"schema"` // 1
	Report        string      `json:"report"`
	Tenant        string      `json:"tenant"`
	Period        string      `json:"period"`
	Version       int         `json:"version"`
	ContentDigest string      `json:"content_digest"`
	DataDigest    string      `json:"data_digest"`
	Files         []indexFile `json:"files"`
}

type indexFile struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// copier brings copies of the files into a directory or to S3.
type copier struct{ cfg *Config }

// send replaces the files one by one, then the index, and takes away what only the index before named. Between the first file and
// the index a reader who compares sums with the index sees that it is being replaced.
func (c copier) send(ctx context.Context, p parcel) error {
	within, ok := store.Within(p.shelf, p.Recipient.Directory)
	if !ok {
		return &FinalError{fmt.Errorf("directory %s lies outside of what is allowed", p.Recipient.Directory)}
	}
	shelf, err := c.cfg.Shelf(ctx, p.shelf)
	if err != nil {
		return fmt.Errorf("directory: %w", err)
	}
	defer shelf.Close()
	folder := path.Join(within, p.key.Path())
	before, err := readIndex(ctx, shelf, path.Join(folder, IndexName))
	if err != nil {
		return fmt.Errorf("directory: %w", err)
	}
	now := index{Schema: 1, Report: p.Report, Tenant: p.Tenant, Period: p.Period, Version: p.Version,
		ContentDigest: p.version.ContentDigest, DataDigest: p.version.DataDigest, Files: []indexFile{}}
	for _, file := range p.files {
		if err := c.copy(ctx, shelf, path.Join(folder, file.Name), path.Join(p.version.Path, file.Name), file); err != nil {
			return fmt.Errorf("directory: %w", err)
		}
		now.Files = append(now.Files, indexFile{file.Name, file.Bytes, file.SHA256})
	}
	var data bytes.Buffer
	encoder := json.NewEncoder(&data)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(now); err != nil {
		return err
	}
	if err := shelf.Replace(ctx, path.Join(folder, IndexName), data.Bytes()); err != nil {
		return fmt.Errorf("directory: %w", err)
	}
	return before.clear(ctx, shelf, folder, now)
}

// copy brings one file by way of the spool, where it is proved to be what was published.
func (c copier) copy(ctx context.Context, shelf store.Shelf, to, from string, file pipeline.Artifact) (err error) {
	source, err := c.cfg.Store.Open(ctx, from)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	dir, err := os.MkdirTemp(c.cfg.Spool, "deliver-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	name := filepath.Join(dir, "file")
	if err := spool(name, source); err != nil {
		return fmt.Errorf("read %q: %w", from, err)
	}
	return shelf.Set(ctx, to, name, store.Sum{SHA256: file.SHA256, Size: file.Bytes})
}

func spool(name string, source io.Reader) (err error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	_, err = io.Copy(f, source)
	return err
}

// readIndex reads what lies there. What cannot be read as an index of ours names nothing that would have to be taken away.
func readIndex(ctx context.Context, shelf store.Shelf, name string) (index, error) {
	var there index
	r, err := shelf.Open(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		return there, nil
	}
	if err != nil {
		return there, err
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, maxIndex+1))
	if err != nil || len(data) > maxIndex || json.Unmarshal(data, &there) != nil || there.Schema != 1 {
		return index{}, err
	}
	return there, nil
}

// clear takes away the files that the index before named and that of now does not. It believes no name that leads elsewhere.
func (before index) clear(ctx context.Context, shelf store.Shelf, folder string, now index) error {
	for _, old := range before.Files {
		kept := slices.ContainsFunc(now.Files, func(f indexFile) bool { return f.Name == old.Name })
		if kept || old.Name == IndexName || !filepath.IsLocal(old.Name) {
			continue
		}
		if err := shelf.Remove(ctx, folder+"/"+old.Name); err != nil {
			return fmt.Errorf("directory: %w", err)
		}
	}
	return nil
}
