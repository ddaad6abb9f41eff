package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Shelf is a place outside the output where copies lie under names that stay. Unlike a Store's its files change and go away: what is
// kept for good is not here. Its paths are those of a Store.
type Shelf interface {
	// Set makes a local file what lies under path. What sum says is checked on the way; a file that differs from it is an error, and
	// nothing changes. A reader sees the old or the new content whole.
	Set(ctx context.Context, path, file string, sum Sum) error
	// Open reads what lies under path; ErrNotFound when there is nothing. The caller closes it.
	Open(ctx context.Context, path string) (io.ReadCloser, error)
	// Replace is Set for a small content.
	Replace(ctx context.Context, path string, data []byte) error
	// Remove takes a file away; where there is none that is no error.
	Remove(ctx context.Context, path string) error
	// Locate is what a person opens: an absolute file path, or an s3:// url.
	Locate(path string) string
	// Close gives up what the shelf holds open.
	Close() error
}

// OpenShelf is Open for copies: the same places, proved to be usable in the same way, and the same errors.
func OpenShelf(ctx context.Context, place string, client *s3.Client) (Shelf, error) {
	opened, err := Open(ctx, place, client)
	if err != nil {
		return nil, err
	}
	return opened.(Shelf), nil // both kinds are shelves: see below
}

var (
	_ Shelf = (*directory)(nil)
	_ Shelf = (*bucket)(nil)
)

// Set writes the file whole and safe under a temporary name first; the rename then replaces what was there.
func (d *directory) Set(ctx context.Context, name, file string, sum Sum) error {
	if err := errors.Join(checkPath(name), sum.check()); err != nil {
		return fmt.Errorf("set file: %w", err)
	}
	source, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("set %q: %w", name, err)
	}
	defer source.Close()
	if err := d.replace(name, func(w io.Writer) error {
		got, err := copySum(ctx, w, source)
		if err == nil && got != sum {
			err = changed(got, sum)
		}
		return err
	}); err != nil {
		return fmt.Errorf("set %q: %w", name, err)
	}
	return nil
}

func (d *directory) Remove(_ context.Context, name string) error {
	if err := checkPath(name); err != nil {
		return fmt.Errorf("remove file: %w", err)
	}
	err := d.root.Remove(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
		return fmt.Errorf("remove %q: %w", name, plain(err))
	}
	return nil
}

// Set puts one object over whatever was there: S3 shows the old or the new one whole.
func (b *bucket) Set(ctx context.Context, name, file string, sum Sum) error {
	if err := errors.Join(checkPath(name), sum.check()); err != nil {
		return fmt.Errorf("set file: %w", err)
	}
	if err := b.set(ctx, name, file, sum); err != nil {
		return fmt.Errorf("set %q: %w", b.Locate(name), err)
	}
	return nil
}

func (b *bucket) set(ctx context.Context, name, file string, sum Sum) error {
	source, err := openWhole(ctx, file, sum)
	if err != nil {
		return err
	}
	defer source.Close()
	_, err = b.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &b.name, Key: b.key(name), Body: source, ContentLength: &sum.Size, ContentType: contentType(name),
		ChecksumSHA256: aws.String(checksum(sum)),
	})
	return err
}

func (b *bucket) Remove(ctx context.Context, name string) error {
	if err := checkPath(name); err != nil {
		return fmt.Errorf("remove file: %w", err)
	}
	if _, err := b.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.name, Key: b.key(name)}); err != nil {
		return fmt.Errorf("remove %q: %w", b.Locate(name), err)
	}
	return nil
}

func changed(got, want Sum) error {
	return fmt.Errorf("the file changed: it has sha256 %s and %d bytes, not %s and %d", got.SHA256, got.Size, want.SHA256, want.Size)
}

// Within splits a place into the shelf that holds it and the path of the place there, "" for the shelf itself. It reports whether
// the shelf holds it at all: a shelf /a holds /a and /a/b, and not /ab.
func Within(shelf, place string) (path string, ok bool) {
	shelf, place = strings.TrimRight(shelf, "/"), strings.TrimRight(place, "/")
	if place == shelf {
		return "", true
	}
	return strings.CutPrefix(place, shelf+"/")
}
