package store

import (
	"context"
	"io"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Objects reads objects of any bucket that the client's role may read: what others have put there, no versions of ours.
type Objects struct{ client *s3.Client }

// NewObjects reads with a client.
func NewObjects(client *s3.Client) *Objects { return &Objects{client} }

// Object opens an object. An error has the HTTP status that S3 answered, where it did.
func (o *Objects) Object(ctx context.Context, bucket, key string) (io.ReadCloser, error) {
	got, err := o.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		return nil, err
	}
	return got.Body, nil
}
