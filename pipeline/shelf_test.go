package pipeline_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/monthend/monthend/pipeline"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/pipeline/store"
)

// hand reaches into a store past its rules, as an accident or a person does.
type hand interface {
	get(path string) []byte
	put(path string, data []byte)
	remove(path string)
}

type directoryHand struct {
	t   *testing.T
	dir string
}

func (h directoryHand) file(path string) string {
	return filepath.Join(h.dir, filepath.FromSlash(path))
}

func (h directoryHand) get(path string) []byte {
	data, err := os.ReadFile(h.file(path))
	if err != nil {
		h.t.Fatal(err)
	}
	return data
}

func (h directoryHand) put(path string, data []byte) {
	if err := os.MkdirAll(filepath.Dir(h.file(path)), 0o755); err != nil {
		h.t.Fatal(err)
	}
	if err := os.WriteFile(h.file(path), data, 0o644); err != nil {
		h.t.Fatal(err)
	}
}

func (h directoryHand) remove(path string) {
	if err := os.Remove(h.file(path)); err != nil {
		h.t.Fatal(err)
	}
}

type bucketHand struct {
	t      *testing.T
	client *s3.Client
}

func (h bucketHand) key(path string) *string { return aws.String("month/end/" + path) }

func (h bucketHand) get(path string) []byte {
	out, err := h.client.GetObject(h.t.Context(), &s3.GetObjectInput{Bucket: aws.String("reports"), Key: h.key(path)})
	if err != nil {
		h.t.Fatal(err)
	}
	defer out.Body.Close()
	data, err := io.ReadAll(out.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return data
}

func (h bucketHand) put(path string, data []byte) {
	_, err := h.client.PutObject(h.t.Context(), &s3.PutObjectInput{Bucket: aws.String("reports"), Key: h.key(path), Body: bytes.NewReader(data)})
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h bucketHand) remove(path string) {
	_, err := h.client.DeleteObject(h.t.Context(), &s3.DeleteObjectInput{Bucket: aws.String("reports"), Key: h.key(path)})
	if err != nil {
		h.t.Fatal(err)
	}
}

// objects is S3 on the loopback with a store in it; wrap stands in front of it.
func objects(t *testing.T, wrap func(http.Handler) http.Handler) (store.Store, hand) {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket("reports"); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(wrap(gofakes3.New(backend).Server()))
	t.Cleanup(server.Close)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	client := s3.New(s3.Options{
		BaseEndpoint: &server.URL, Region: "eu-central-1", UsePathStyle: true, HTTPClient: &http.Client{Transport: transport},
		Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
	})
	files, err := store.Open(t.Context(), "s3://reports/month/end", client)
	if err != nil {
		t.Fatal(err)
	}
	return files, bucketHand{t, client}
}

// shelf is a world whose March 2026 has two versions, on one of the stores.
type shelf struct {
	*world
	hand
	store    store.Store
	versions []ledger.Version // 1, 2
}

func newShelf(t *testing.T, bucket bool, wrap func(http.Handler) http.Handler) shelf {
	t.Helper()
	var s shelf
	if wrap == nil {
		wrap = func(h http.Handler) http.Handler { return h }
	}
	s.world = newWorld(t, worldConfig{alter: func(c *pipeline.Config) {
		if bucket {
			c.Store, s.hand = objects(t, wrap)
		}
		s.store = c.Store
	}})
	if !bucket {
		s.hand = directoryHand{t, s.dir}
	}
	s.publish(march)
	s.exec(`UPDATE finance.transactions SET amount = amount - 1 WHERE row_id = (SELECT min(row_id) FROM finance.transactions
	         WHERE booked_at >= '2026-03-05' AND amount > 100)`)
	restated := march
	restated.Restate, restated.Reason = true, "late invoice"
	second := s.publish(restated)
	var err error
	if s.versions, err = s.ledger.Versions(t.Context(), second.Version.Key); err != nil || len(s.versions) != 2 {
		t.Fatalf("got %d versions, %v; want 2", len(s.versions), err)
	}
	s.versions[0], s.versions[1] = s.versions[1], s.versions[0]
	return s
}
