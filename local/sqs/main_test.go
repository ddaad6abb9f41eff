package sqs_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"go.uber.org/goleak"

	"github.com/monthend/monthend/local/sqs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start runs a server for the test and gives a client of it that does not retry.
func start(tb testing.TB, cfg sqs.Config) (*sqs.Server, *awssqs.Client) {
	tb.Helper()
	server, err := sqs.Start(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	http := client()
	tb.Cleanup(func() {
		http.CloseIdleConnections()
		if err := server.Close(); err != nil {
			tb.Error(err)
		}
	})
	return server, awssqs.New(awssqs.Options{
		BaseEndpoint: aws.String(server.URL()),
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider("local", "local", ""),
		HTTPClient:   http,
		Retryer:      aws.NopRetryer{},
	})
}

// client is an HTTP client with connections of its own, enough for tests in parallel.
func client() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 64
	return &http.Client{Transport: patient{transport}}
}

// patient keeps net/http from dropping a connection under a long answer. The SDK closes a request's body as soon as the answer
// begins; its WriteTo then says io.EOF, which net/http, if it has not quite finished writing, takes for a broken request.
// A body without WriteTo ends quietly.
type patient struct{ *http.Transport }

func (p patient) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		r = r.Clone(r.Context())
		r.Body = struct{ io.ReadCloser }{r.Body}
	}
	return p.Transport.RoundTrip(r)
}
