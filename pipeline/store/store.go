// Package store keeps the files of published versions, in a directory or in S3. It stands below the pipeline and imports
// nothing of ours. It does not know which version is current: the ledger says, and current.json only repeats it.
//
// Files are immutable. A name is taken by whoever stores it first; storing equal content again is no error, so an attempt
// that died half way is repeated without a second thought. What a crash leaves behind is either a whole file or a
// temporary one that no listing shows.
package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Store keeps files by path: slash-separated names below the root of the output, none of them ".", ".." or hidden.
// All methods are safe for concurrent use, by several processes as well.
type Store interface {
	// Put stores a local file for good. What sum says is checked on the way; a file that differs from it is an error, and
	// nothing is stored. Equal content already there is no error; other content is ErrConflict, and stays.
	Put(ctx context.Context, path, file string, sum Sum) error
	// Open reads a stored file; ErrNotFound when there is none. The caller closes it.
	Open(ctx context.Context, path string) (io.ReadCloser, error)
	// Replace sets the content of a file that may change, such as current.json: a reader sees the old or the new content whole.
	Replace(ctx context.Context, path string, data []byte) error
	// List is every file whose path begins with prefix, in the order of their bytes; "" lists all. A prefix is text, not
	// a folder: end it with "/" to mean one.
	List(ctx context.Context, prefix string) ([]Entry, error)
	// Locate is what a person opens: an absolute file path, or an s3:// url.
	Locate(path string) string
	// Close gives up what the store holds open.
	Close() error
}

// Sum is what a file must be.
type Sum struct {
	SHA256 string // hex
	Size   int64  // bytes
}

// Entry is one stored file.
type Entry struct {
	Path string
	Size int64 // bytes
}

var (
	// ErrConflict says that the name is taken by other content.
	ErrConflict = errors.New("another file is stored under this name")
	// ErrNotFound says that nothing is stored under the name.
	ErrNotFound = errors.New("no file is stored under this name")
)

// OutputError says why an output cannot be used. Malformed tells a text that is no output from a place that cannot be
// written to.
type OutputError struct {
	Output    string
	Malformed bool
	Err       error
}

func (e *OutputError) Error() string {
	if e.Malformed {
		return fmt.Sprintf("output %q: %s; want file:///directory or s3://bucket/prefix", e.Output, e.Err)
	}
	return fmt.Sprintf("output %q cannot be used: %s", e.Output, e.Err)
}

func (e *OutputError) Unwrap() error { return e.Err }

// Open opens the output file:///directory or s3://bucket/prefix and proves that it can be used: a directory is made where
// there is none, and written to; a bucket must answer. client is for S3 only and may be nil for a directory. Every error
// is an *OutputError.
func Open(ctx context.Context, output string, client *s3.Client) (Store, error) {
	place, err := parse(output)
	if err != nil {
		return nil, &OutputError{Output: redacted(output), Malformed: true, Err: err}
	}
	var store Store
	switch {
	case place.Scheme == "file":
		store, err = openDirectory(place.Path)
	case client == nil:
		err = errors.New("there is no S3 client")
	default:
		store, err = openBucket(ctx, client, place.Host, strings.Trim(place.Path, "/"))
	}
	if err != nil {
		return nil, &OutputError{Output: output, Err: err}
	}
	return store, nil
}

// parse accepts exactly the two forms.
func parse(output string) (*url.URL, error) {
	place, err := url.Parse(output)
	switch {
	case err != nil:
		return nil, errors.New("it is not a url") // the cause would quote it
	case place.Scheme != "file" && place.Scheme != "s3":
		return nil, errors.New("it is neither of the forms known")
	case place.User != nil || place.RawQuery != "" || place.Fragment != "" || place.Opaque != "" || place.Port() != "":
		return nil, errors.New("it has parts that an output does not have")
	case place.Scheme == "file" && (place.Host != "" && place.Host != "localhost" || !strings.HasPrefix(place.Path, "/")):
		return nil, errors.New("its directory is not absolute")
	case place.Scheme == "s3" && place.Host == "":
		return nil, errors.New("it names no bucket")
	case place.Scheme == "s3" && strings.Trim(place.Path, "/") != "" && checkPath(strings.Trim(place.Path, "/")) != nil:
		return nil, errors.New("its prefix is not a path")
	}
	return place, nil
}

// redacted hides what somebody may have put before an @, where passwords stand.
func redacted(output string) string {
	scheme, rest, ok := strings.Cut(output, "://")
	if at := strings.LastIndex(rest, "@"); ok && at >= 0 {
		return scheme + "://…" + rest[at:]
	}
	return output
}
