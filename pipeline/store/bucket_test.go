package store_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/monthend/monthend/pipeline/store"
)

// service is S3 on the loopback, with a bucket "reports"; wrap stands in front of it.
func service(t testing.TB, wrap func(s3 http.Handler) http.Handler) *s3.Client {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket("reports"); err != nil {
		t.Fatal(err)
	}
	handler := gofakes3.New(backend).Server()
	if wrap != nil {
		handler = wrap(handler)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return s3.New(s3.Options{
		BaseEndpoint: &server.URL, Region: "eu-central-1", UsePathStyle: true, HTTPClient: &http.Client{Transport: transport},
		Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
	})
}

func openBucket(t testing.TB, client *s3.Client) store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), "s3://reports/month/end/", client)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func freshBucket(t testing.TB) store.Store { return openBucket(t, service(t, nil)) }

func TestBucketLocate(t *testing.T) {
	want := "s3://reports/month/end/a/x.csv"
	if got := freshBucket(t).Locate("a/x.csv"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, output := range []string{"s3://reports/month/end", "s3://reports/month/end/"} {
		if got := store.Locate(output, "a/x.csv"); got != want {
			t.Errorf("%s unopened: got %q, want %q", output, got, want)
		}
	}
}

// What lies beside the prefix in the same bucket is not ours.
func TestBucketPrefix(t *testing.T) {
	client := service(t, nil)
	for _, key := range []string{"month/ending/x.csv", "month/x.csv", "month/end/"} {
		_, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("reports"), Key: &key, Body: bytes.NewReader(nil)})
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := paths(t, openBucket(t, client), ""); len(got) != 0 {
		t.Errorf("got %v, want nothing", got)
	}
}

func TestBucketManyPages(t *testing.T) {
	client := service(t, nil)
	s := openBucket(t, client)
	const files = 1005 // a page holds 1,000
	for i := range files {
		key := "month/end/a/" + string(rune('a'+i%26)) + "/" + string(rune('a'+i/26%26)) + string(rune('a'+i/676))
		_, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("reports"), Key: &key, Body: bytes.NewReader(nil)})
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := len(paths(t, s, "a/")); got != files {
		t.Errorf("got %d files, want %d", got, files)
	}
}

// S3 answers 409 while another write of the name is under way; fault 38.
func TestBucketConflictingWrites(t *testing.T) {
	var refusals atomic.Int32
	refusals.Store(2)
	client := service(t, func(s3 http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodPut || refusals.Add(-1) < 0 {
				s3.ServeHTTP(w, r)
				return
			}
			w.WriteHeader(http.StatusConflict)
			io.WriteString(w, `<Error><Code>ConditionalRequestConflict</Code><Message>under way</Message></Error>`)
		})
	})
	s := openBucket(t, client)
	mustPut(t, s, "x.csv", "content")
	if got := read(t, s, "x.csv"); got != "content" {
		t.Errorf("got %q, want it stored in the end", got)
	}
}

// The object was stored and the answer lost: the client's own repetition meets it; fault 8.
func TestBucketAnswerLost(t *testing.T) {
	var puts atomic.Int32
	client := service(t, func(s3 http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPut && puts.Add(1) == 1 {
				s3.ServeHTTP(httptest.NewRecorder(), r)
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			s3.ServeHTTP(w, r)
		})
	})
	s := openBucket(t, client)
	mustPut(t, s, "x.csv", "content")
	if got := read(t, s, "x.csv"); got != "content" || puts.Load() != 2 {
		t.Errorf("got %q after %d puts, want the content after 2", got, puts.Load())
	}
}

func TestOpenBucketAbsent(t *testing.T) {
	_, err := store.Open(t.Context(), "s3://nobodys/prefix", service(t, nil))
	want := `output "s3://nobodys/prefix" cannot be used: there is no bucket "nobodys"`
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if _, err := store.Open(t.Context(), "s3://reports", nil); err == nil {
		t.Error("got no error without a client")
	}
}

func TestOpenBucketUnreachable(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := store.Open(ctx, "s3://reports", service(t, nil))
	var refused *store.OutputError
	if !errors.As(err, &refused) || refused.Malformed {
		t.Errorf("got %v, want an output that cannot be used", err)
	}
}
