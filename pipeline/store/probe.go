package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// ProbeFolder is where Probe tries things; no path of a report begins so, and no listing shows it.
const ProbeFolder = ".doctor"

// Probed is what a store was found able to do.
type Probed struct {
	Place string // of the file that was tried, as a person opens it
	Left  error  // why that file is still there; nil when it was removed. Publishing never removes anything
}

// ErrOverwritten says that the store replaced a file that was there, which it promises never to do: the service behind it
// does not know If-None-Match.
var ErrOverwritten = errors.New("a stored file was overwritten by another")

// ErrAltered says that the store gave back other content than it was given.
var ErrAltered = errors.New("a stored file reads back as another")

// prober is what both stores can do without the rule about paths.
type prober interface {
	Store
	put(ctx context.Context, name, file string, sum Sum) error
	read(ctx context.Context, name string) ([]byte, error)
	remove(ctx context.Context, name string) error
}

// Probe stores a small file of its own below ProbeFolder the way a version's files are stored, reads it back, tries to
// overwrite it, which must be refused, lists, and removes it. The error is what a run would meet.
func Probe(ctx context.Context, st Store) (probed Probed, err error) {
	p, ok := st.(prober)
	if !ok {
		return Probed{}, fmt.Errorf("probe the store: %T cannot be probed", st)
	}
	local, err := os.MkdirTemp("", "monthend-probe-")
	if err != nil {
		return Probed{}, fmt.Errorf("probe the store: %w", err)
	}
	defer os.RemoveAll(local)
	id := rand.Text()
	name := ProbeFolder + "/" + id
	probed.Place = st.Locate(name)

	content := "monthend doctor " + id + "\n"
	if err := putText(ctx, p, name, local, content); err != nil {
		return probed, fmt.Errorf("put %q: %w", probed.Place, plain(err))
	}
	defer func() { probed.Left = p.remove(context.WithoutCancel(ctx), name) }()
	got, err := p.read(ctx, name)
	if err == nil && string(got) != content {
		err = ErrAltered
	}
	if err != nil {
		return probed, fmt.Errorf("read %q back: %w", probed.Place, plain(err))
	}
	switch err := putText(ctx, p, name, local, "another "+content); {
	case err == nil:
		return probed, fmt.Errorf("overwrite %q: %w", probed.Place, ErrOverwritten)
	case !errors.Is(err, ErrConflict):
		return probed, fmt.Errorf("overwrite %q: %w", probed.Place, plain(err))
	}
	if _, err := st.List(ctx, "doctor-"+id); err != nil {
		return probed, err
	}
	return probed, nil
}

// putText puts content by way of a file in the folder local.
func putText(ctx context.Context, p prober, name, local, content string) error {
	file := filepath.Join(local, "probe")
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(content))
	return p.put(ctx, name, file, Sum{SHA256: hex.EncodeToString(sum[:]), Size: int64(len(content))})
}

func (d *directory) read(_ context.Context, name string) ([]byte, error) {
	return d.root.ReadFile(name)
}

// remove takes the folder along when it is empty: another probe may be under way.
func (d *directory) remove(_ context.Context, name string) error {
	if err := d.root.Remove(name); err != nil {
		return plain(err)
	}
	_ = d.root.Remove(ProbeFolder)
	return nil
}

func (b *bucket) read(ctx context.Context, name string) ([]byte, error) {
	object, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: b.key(name)})
	if err != nil {
		return nil, err
	}
	defer object.Body.Close()
	return io.ReadAll(io.LimitReader(object.Body, 1<<10))
}

func (b *bucket) remove(ctx context.Context, name string) error {
	_, err := b.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.name, Key: b.key(name)})
	return err
}
