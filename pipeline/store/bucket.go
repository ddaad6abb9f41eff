package store

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// maxObject is the largest object of one PutObject. Files are not put in parts: a part left behind by a crash costs money
// and is seen by nobody, and no report comes near.
const maxObject = 5 << 30

// bucket keeps files as the objects of one S3 bucket.
type bucket struct {
	client *s3.Client
	name   string
	prefix string // "" or ends with "/"
}

func openBucket(ctx context.Context, client *s3.Client, name, prefix string) (*bucket, error) {
	if prefix != "" {
		prefix += "/"
	}
	_, err := client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &name})
	if status(err) == http.StatusNotFound {
		return nil, fmt.Errorf("there is no bucket %q", name)
	}
	if err != nil {
		return nil, fmt.Errorf("look for bucket %q: %w", name, err)
	}
	return &bucket{client: client, name: name, prefix: prefix}, nil
}

func (b *bucket) Put(ctx context.Context, name, file string, sum Sum) error {
	if err := errors.Join(checkPath(name), sum.check()); err != nil {
		return fmt.Errorf("put file: %w", err)
	}
	if err := b.put(ctx, name, file, sum); err != nil {
		return fmt.Errorf("put %q: %w", b.Locate(name), err)
	}
	return nil
}

// put asks S3 to store the object only where there is none and only if its content has the sum.
func (b *bucket) put(ctx context.Context, name, file string, sum Sum) error {
	source, err := openWhole(ctx, file, sum)
	if err != nil {
		return err
	}
	defer source.Close()
	err = b.conflicting(ctx, func() error {
		if _, err := source.Seek(0, io.SeekStart); err != nil {
			return err
		}
		_, err := b.client.PutObject(ctx, &s3.PutObjectInput{
			Bucket: &b.name, Key: b.key(name), Body: source, ContentLength: &sum.Size, ContentType: contentType(name),
			IfNoneMatch: aws.String("*"), ChecksumSHA256: aws.String(checksum(sum)),
		})
		return err
	})
	if status(err) == http.StatusPreconditionFailed {
		// Taken: by another attempt, or by this one, whose answer was lost.
		return b.compare(ctx, name, sum)
	}
	return err
}

// openWhole opens a file that has the sum and fits into one object. S3 checks the sum too, but not every service that speaks
// its language does.
func openWhole(ctx context.Context, file string, sum Sum) (*os.File, error) {
	if sum.Size > maxObject {
		return nil, fmt.Errorf("%d bytes are more than one object takes, %d", sum.Size, maxObject)
	}
	source, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	got, err := copySum(ctx, io.Discard, source)
	if err == nil && got != sum {
		err = changed(got, sum)
	}
	if err == nil {
		_, err = source.Seek(0, io.SeekStart)
	}
	if err != nil {
		source.Close()
		return nil, err
	}
	return source, nil
}

// pauses are how long a put waits for another one of the same name that is under way.
var pauses = []time.Duration{100 * time.Millisecond, 400 * time.Millisecond, 1600 * time.Millisecond}

// conflicting runs put again while S3 answers 409: another write of that name has not finished.
func (b *bucket) conflicting(ctx context.Context, put func() error) error {
	for _, pause := range pauses {
		err := put()
		if status(err) != http.StatusConflict {
			return err
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return err
		case <-timer.C:
		}
	}
	return put()
}

// compare answers what is stored under a taken name: nil for the same. It believes the service's own checksum of the whole
// object and reads the object where there is none.
func (b *bucket) compare(ctx context.Context, name string, sum Sum) error {
	head, err := b.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &b.name, Key: b.key(name), ChecksumMode: types.ChecksumModeEnabled})
	if err != nil {
		return fmt.Errorf("compare with what is there: %w", err)
	}
	if aws.ToInt64(head.ContentLength) != sum.Size {
		return ErrConflict
	}
	if head.ChecksumSHA256 != nil && head.ChecksumType == types.ChecksumTypeFullObject {
		if *head.ChecksumSHA256 != checksum(sum) {
			return ErrConflict
		}
		return nil
	}
	object, err := b.Open(ctx, name)
	if err != nil {
		return err
	}
	defer object.Close()
	got, err := copySum(ctx, io.Discard, object)
	if err == nil && got != sum {
		err = ErrConflict
	}
	return err
}

func (b *bucket) Replace(ctx context.Context, name string, data []byte) error {
	if err := checkPath(name); err != nil {
		return fmt.Errorf("replace file: %w", err)
	}
	_, err := b.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &b.name, Key: b.key(name), Body: bytes.NewReader(data), ContentType: contentType(name),
		ChecksumAlgorithm: types.ChecksumAlgorithmSha256,
	})
	if err != nil {
		return fmt.Errorf("replace %q: %w", b.Locate(name), err)
	}
	return nil
}

func (b *bucket) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	if err := checkPath(name); err != nil {
		return nil, fmt.Errorf("open file: %w", err)
	}
	object, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: b.key(name)})
	if status(err) == http.StatusNotFound {
		err = ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("open %q: %w", b.Locate(name), err)
	}
	return object.Body, nil
}

func (b *bucket) List(ctx context.Context, prefix string) ([]Entry, error) {
	if err := checkPrefix(prefix); err != nil {
		return nil, fmt.Errorf("list files: %w", err)
	}
	var entries []Entry
	pages := s3.NewListObjectsV2Paginator(b.client, &s3.ListObjectsV2Input{Bucket: &b.name, Prefix: aws.String(b.prefix + prefix)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list %q: %w", b.Locate(prefix), err)
		}
		for _, object := range page.Contents {
			name := strings.TrimPrefix(aws.ToString(object.Key), b.prefix)
			if checkPath(name) == nil { // not one of ours: a folder marker, or a name that no path has
				entries = append(entries, Entry{Path: name, Size: aws.ToInt64(object.Size)})
			}
		}
	}
	slices.SortFunc(entries, func(a, b Entry) int { return strings.Compare(a.Path, b.Path) })
	return entries, nil
}

func (b *bucket) Locate(name string) string { return "s3://" + b.name + "/" + b.prefix + name }

func (b *bucket) Close() error { return nil }

func (b *bucket) key(name string) *string { return aws.String(b.prefix + name) }

// checksum is a sum that was checked, as S3 writes it.
func checksum(sum Sum) string {
	raw, _ := hex.DecodeString(sum.SHA256)
	return base64.StdEncoding.EncodeToString(raw)
}

// status is the HTTP status of an answer that was no success, 0 for any other error and for none.
func status(err error) int {
	var answer *awshttp.ResponseError
	if errors.As(err, &answer) {
		return answer.HTTPStatusCode()
	}
	return 0
}

// contentType lets a browser open what people read. It does not ask the machine's own table, which differs.
func contentType(name string) *string {
	kind, ok := map[string]string{
		".html": "text/html; charset=utf-8", ".pdf": "application/pdf", ".json": "application/json", ".csv": "text/csv; charset=utf-8",
		".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".parquet": "application/vnd.apache.parquet",
	}[path.Ext(name)]
	if !ok {
		kind = "application/octet-stream"
	}
	return &kind
}
