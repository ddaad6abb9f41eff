package remote

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"
)

// fileTimeout bounds the reading of one file or object.
const fileTimeout = 5 * time.Minute

// open copies a file or an object.
func (f *Fetcher) open(ctx context.Context, address, to string, limit int64) (Receipt, error) {
	receipt := Receipt{URL: address}
	ctx, cancel := context.WithTimeoutCause(ctx, fileTimeout, passing(context.DeadlineExceeded, "it is not read within %s", fileTimeout))
	defer cancel()
	from, err := f.opened(ctx, address)
	if err != nil {
		return receipt, ended(ctx, err)
	}
	defer from.Close()
	receipt.Bytes, receipt.SHA256, err = write(to, &counted{r: from, left: limit, limit: limit})
	return receipt, ended(ctx, err)
}

// ended says why ctx ended, where that is what an error comes from.
func ended(ctx context.Context, err error) error {
	var own *Error
	switch cause := context.Cause(ctx); {
	case err == nil, errors.As(err, &own):
		return err
	case cause != nil:
		return cause
	}
	return passing(err, "read: %v", err)
}

func (f *Fetcher) opened(ctx context.Context, address string) (io.ReadCloser, error) {
	if name, s3 := strings.CutPrefix(address, "s3://"); s3 {
		bucket, key, _ := strings.Cut(name, "/")
		if strings.Contains("/"+key+"/", "/../") {
			return nil, refuse("the object's name has a part that is ..")
		}
		if _, _, err := f.folder(bucket, key); err != nil {
			return nil, err
		}
		return f.object(ctx, bucket, key)
	}
	name, local := strings.CutPrefix(address, "file://")
	if !local {
		return nil, refuse("the file is named neither file:///… nor s3://…")
	}
	return f.local(name)
}

// object opens an object of S3; the client has tried again by itself already.
func (f *Fetcher) object(ctx context.Context, bucket, key string) (io.ReadCloser, error) {
	if f.cfg.Objects == nil {
		return nil, refuse("S3 is not set up in this worker")
	}
	body, err := f.cfg.Objects.Object(ctx, bucket, key)
	var answered interface{ HTTPStatusCode() int }
	switch {
	case err == nil:
		return body, nil
	case !errors.As(err, &answered):
		return nil, passing(err, "S3: %v", err)
	case answered.HTTPStatusCode() == http.StatusNotFound:
		return nil, &Error{Status: http.StatusNotFound, Message: "there is no such object"}
	case answered.HTTPStatusCode() == http.StatusForbidden:
		return nil, &Error{Status: http.StatusForbidden, Message: "S3 does not give it to this worker, or there is no such object"}
	}
	status := answered.HTTPStatusCode()
	return nil, &Error{Status: status, Transient: status >= 500 || status == http.StatusTooManyRequests, Message: "S3 answered " + itoa(status)}
}

// local opens a file below an allowed folder. The folder is opened as a root: no .. and no symbolic link leads out of it, whoever
// changes it meanwhile. A pipe or a device would never end, or do something, so only files are read; opening does not wait for
// the other end of a pipe.
func (f *Fetcher) local(name string) (io.ReadCloser, error) {
	d, rest, err := f.folder("", name)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(d.Path)
	if err != nil {
		return nil, passing(err, "the allowed folder cannot be opened: %v", cause(err))
	}
	defer root.Close()
	file, err := root.OpenFile(rest, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, refuse("there is no such file")
	case err != nil:
		return nil, refuse("the file cannot be opened: %v", cause(err))
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = refuse("it is not a file")
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// cause drops the path that *fs.PathError adds.
func cause(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}
