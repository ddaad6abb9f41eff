package read_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/monthend/monthend/local/xray"
	"github.com/monthend/monthend/trace"
	"github.com/monthend/monthend/trace/read"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// account is what a client needs to ask the local X-Ray; its idle connections end with the test. It tries again as clients do:
// the SDK closes a request that is answered while it is still being checked for its end, and the connection with it.
func account(t *testing.T) aws.Config {
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return aws.Config{
		Region: "eu-west-1", HTTPClient: &http.Client{Transport: transport},
		Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
	}
}

// connect starts a local X-Ray that holds the documents, and a client that reads from it.
func connect(t *testing.T, documents ...trace.Document) (*xray.Server, *read.Client) {
	t.Helper()
	s, err := xray.Start(xray.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	c := account(t)
	for _, d := range documents {
		text, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		out, err := sdk.NewFromConfig(c, func(o *sdk.Options) { o.BaseEndpoint = aws.String(s.URL()) }).
			PutTraceSegments(t.Context(), &sdk.PutTraceSegmentsInput{TraceSegmentDocuments: []string{string(text)}})
		if err != nil || len(out.UnprocessedTraceSegments) > 0 {
			t.Fatalf("put: %v, %+v", err, out)
		}
	}
	client, err := read.New(read.Config{AWS: c, Endpoint: s.URL()})
	if err != nil {
		t.Fatal(err)
	}
	return s, client
}

func TestTraceThroughTheAPI(t *testing.T) {
	s, c := connect(t, working(), asking())
	got, err := c.Trace(t.Context(), traceID)
	if err != nil {
		t.Fatal(err)
	}
	want := read.Tree(traceID, []trace.Document{asking(), working()})
	if diff := cmp.Diff(want.Spans(), got.Spans()); diff != "" {
		t.Errorf("spans (-want +got):\n%s", diff)
	}
	if !got.Start.Equal(want.Start) || !got.End.Equal(want.End) || got.LimitExceeded {
		t.Errorf("got %v to %v, want %v to %v", got.Start, got.End, want.Start, want.End)
	}
	if found := s.Violations(); found != nil {
		t.Errorf("violations: %v", found)
	}
}

func TestTraceErrors(t *testing.T) {
	s, c := connect(t)
	if _, err := c.Trace(t.Context(), traceID); !errors.Is(err, read.ErrNotFound) || err.Error() != `read trace "`+traceID+`": not found` {
		t.Errorf("unknown trace: got %v", err)
	}
	if _, err := c.Trace(t.Context(), "run-7"); !errors.Is(err, trace.ErrTraceID) || err.Error() != `read trace "run-7": not a trace id` {
		t.Errorf("no trace id: got %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Trace(t.Context(), traceID); err == nil || !strings.HasPrefix(err.Error(), `read trace "`+traceID+`": `) {
		t.Errorf("nobody there: got %v", err)
	}
}

func TestTraceRefusedByTheService(t *testing.T) {
	s, _ := connect(t)
	c, err := read.New(read.Config{AWS: account(t), Endpoint: s.URL() + "/elsewhere"})
	if err != nil {
		t.Fatal(err)
	}
	var refused *types.InvalidRequestException
	if _, err := c.Trace(t.Context(), traceID); !errors.As(err, &refused) {
		t.Errorf("got %v, want an InvalidRequestException", err)
	}
}

func TestNewRefuses(t *testing.T) {
	whole := account(t)
	for want, c := range map[string]aws.Config{
		"read traces: the AWS region is not set":    {Credentials: whole.Credentials},
		"read traces: there are no AWS credentials": {Region: whole.Region},
	} {
		if _, err := read.New(read.Config{AWS: c}); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// arrived waits until the local X-Ray has kept every packet that it was sent.
func arrived(t *testing.T, s *xray.Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := s.Wait(ctx, "", func([]trace.Document) bool { return s.Counters().Documents >= recordedDocuments }); err != nil {
		t.Fatalf("%v; counters: %+v", err, s.Counters())
	}
}

const recordedDocuments = 94
