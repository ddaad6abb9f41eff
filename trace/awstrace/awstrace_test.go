package awstrace_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	localsqs "github.com/monthend/monthend/local/sqs"
	"github.com/monthend/monthend/local/xray"
	"github.com/monthend/monthend/trace"
	"github.com/monthend/monthend/trace/awstrace"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// record gives what work told within one segment, begun with header.
func record(t *testing.T, header string, work func(ctx context.Context)) trace.Document {
	t.Helper()
	server, err := xray.Start(xray.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	tracer, err := trace.New(trace.Config{Address: server.UDPAddr()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, seg := tracer.Begin(t.Context(), "producer", header, trace.BeginOptions{})
	work(ctx)
	seg.End(nil)
	if err := tracer.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !seg.Sampled() {
		return trace.Document{}
	}
	wait, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	segments, err := server.Wait(wait, seg.TraceID(), func(all []trace.Document) bool { return len(all) == 1 && all[0].Type == "" })
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range server.Violations() {
		t.Error(v)
	}
	return segments[0]
}

func config(endpoint string, client aws.HTTPClient) aws.Config {
	return aws.Config{
		Region: "eu-west-1", BaseEndpoint: &endpoint, HTTPClient: client,
		Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
	}
}

// queue gives a traced client and an empty queue of a local server.
func queue(t *testing.T, faults ...localsqs.Fault) (*sqs.Client, *string) {
	t.Helper()
	return queueBehind(t, func(base http.RoundTripper) http.RoundTripper { return base }, faults...)
}

// queueBehind is queue with something between the client and the server.
func queueBehind(t *testing.T, between func(http.RoundTripper) http.RoundTripper, faults ...localsqs.Fault) (*sqs.Client, *string) {
	t.Helper()
	server, err := localsqs.Start(localsqs.Config{Region: "eu-west-1", Faults: faults})
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	cfg := config(server.URL(), &http.Client{Transport: between(transport)})
	awstrace.Instrument(&cfg.APIOptions)
	client := sqs.NewFromConfig(cfg)
	created, err := client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("jobs")})
	if err != nil {
		t.Fatal(err)
	}
	return client, created.QueueUrl
}

// headers are the trace headers of the n messages in the queue by body.
func headers(t *testing.T, client *sqs.Client, url *string, n int) map[string]string {
	t.Helper()
	all := map[string]string{}
	for len(all) < n {
		got, err := client.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{
			QueueUrl: url, MaxNumberOfMessages: 10, WaitTimeSeconds: 1,
			MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAWSTraceHeader},
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range got.Messages {
			all[*m.Body] = m.Attributes["AWSTraceHeader"]
		}
	}
	return all
}

func TestSendMessage(t *testing.T) {
	client, url := queue(t)
	in := &sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String("one")}
	var id string
	root := record(t, "", func(ctx context.Context) {
		out, err := client.SendMessage(ctx, in)
		if err != nil {
			t.Fatal(err)
		}
		id = *out.MessageId
	})
	if len(root.Subsegments) != 1 {
		t.Fatalf("got %+v", root.Subsegments)
	}
	call := root.Subsegments[0]
	if call.Name != "SQS" || call.Namespace != "aws" || call.HTTP == nil || call.HTTP.Response.Status != 200 {
		t.Errorf("call: %+v", call)
	}
	if call.AWS["request_id"] == "" || call.AWS["request_id"] == nil {
		t.Errorf("no request id: %v", call.AWS)
	}
	delete(call.AWS, "request_id")
	want := map[string]any{"operation": "SendMessage", "region": "eu-west-1", "queue_url": *url, "message_id": id}
	if diff := cmp.Diff(want, call.AWS); diff != "" {
		t.Errorf("aws (-want +got):\n%s", diff)
	}
	wantHeaders := map[string]string{"one": "Root=" + root.TraceID + ";Parent=" + call.ID + ";Sampled=1"}
	if diff := cmp.Diff(wantHeaders, headers(t, client, url, 1)); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	if in.MessageSystemAttributes != nil {
		t.Error("the caller's input is changed")
	}
}

func TestSendMessageBatch(t *testing.T) {
	client, url := queue(t)
	const own = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
	entries := []types.SendMessageBatchRequestEntry{
		{Id: aws.String("a"), MessageBody: aws.String("plain")},
		{Id: aws.String("b"), MessageBody: aws.String("with its own"), MessageSystemAttributes: map[string]types.MessageSystemAttributeValue{
			"AWSTraceHeader": {DataType: aws.String("String"), StringValue: aws.String(own)},
		}},
	}
	root := record(t, "", func(ctx context.Context) {
		if _, err := client.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: url, Entries: entries}); err != nil {
			t.Fatal(err)
		}
	})
	call := root.Subsegments[0]
	if ids, ok := call.AWS["message_ids"].([]any); !ok || len(ids) != 2 {
		t.Errorf("message ids: %v", call.AWS["message_ids"])
	}
	want := map[string]string{"plain": "Root=" + root.TraceID + ";Parent=" + call.ID + ";Sampled=1", "with its own": own}
	if diff := cmp.Diff(want, headers(t, client, url, 2)); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	if entries[0].MessageSystemAttributes != nil {
		t.Error("the caller's input is changed")
	}
}

// headerless is a way on which the header of HTTP is lost, as it is at queues that do not know it.
type headerless struct{ base http.RoundTripper }

func (h headerless) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Del("X-Amzn-Trace-Id")
	return h.base.RoundTrip(r)
}

func TestMessagesCarryTheHeader(t *testing.T) {
	client, url := queueBehind(t, func(base http.RoundTripper) http.RoundTripper { return headerless{base} })
	root := record(t, "", func(ctx context.Context) {
		if _, err := client.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String("one")}); err != nil {
			t.Fatal(err)
		}
		entries := []types.SendMessageBatchRequestEntry{{Id: aws.String("a"), MessageBody: aws.String("two")}, {Id: aws.String("b"), MessageBody: aws.String("three")}}
		if _, err := client.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: url, Entries: entries}); err != nil {
			t.Fatal(err)
		}
	})
	if len(root.Subsegments) != 2 {
		t.Fatalf("got %+v", root.Subsegments)
	}
	below := func(call int) string {
		return "Root=" + root.TraceID + ";Parent=" + root.Subsegments[call].ID + ";Sampled=1"
	}
	want := map[string]string{"one": below(0), "two": below(1), "three": below(1)}
	if diff := cmp.Diff(want, headers(t, client, url, 3)); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
}

func TestUnsampledHeaderIsTruthful(t *testing.T) {
	client, url := queue(t)
	record(t, "Root=1-7fffffff-bd862e3fe1be46a994272793;Sampled=0", func(ctx context.Context) {
		if _, err := client.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String("one")}); err != nil {
			t.Fatal(err)
		}
	})
	got := headers(t, client, url, 1)["one"]
	if !strings.HasPrefix(got, "Root=1-7fffffff-bd862e3fe1be46a994272793;Parent=") || !strings.HasSuffix(got, ";Sampled=0") {
		t.Errorf("got %s", got)
	}
}

func TestSilent(t *testing.T) {
	client, url := queue(t)
	root := record(t, "", func(ctx context.Context) {
		if _, err := client.SendMessage(trace.Silent(ctx), &sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String("one")}); err != nil {
			t.Fatal(err)
		}
	})
	if root.Subsegments != nil {
		t.Errorf("got %+v", root.Subsegments)
	}
	if got := headers(t, client, url, 1)["one"]; got != "" {
		t.Errorf("header: got %s", got)
	}
}

func TestRetries(t *testing.T) {
	client, url := queue(t, localsqs.Fault{Kind: localsqs.Unavailable, Operation: "DeleteMessage", Count: 1},
		localsqs.Fault{Kind: localsqs.Throttle, Operation: "GetQueueAttributes"})
	root := record(t, "", func(ctx context.Context) {
		_, err := client.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: url, ReceiptHandle: aws.String("not a handle")})
		if err == nil {
			t.Fatal("a made-up receipt handle is accepted")
		}
		_, err = client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: url}, func(o *sqs.Options) { o.RetryMaxAttempts = 1 })
		if err == nil {
			t.Fatal("no throttling")
		}
	})
	if len(root.Subsegments) != 2 {
		t.Fatalf("got %+v", root.Subsegments)
	}
	refused, throttled := root.Subsegments[0], root.Subsegments[1]
	if refused.Status() != "error" || refused.AWS["retries"] != 1.0 || refused.AWS["request_id"] == nil {
		t.Errorf("delete: %s, %v", refused.Status(), refused.AWS)
	}
	if e := refused.Cause.Exceptions[0]; e.Type != "ReceiptHandleIsInvalid" || !e.Remote || e.Stack[0].Path != "trace/awstrace/awstrace_test.go" {
		t.Errorf("delete: %+v", e)
	}
	if throttled.Status() != "throttle" || !throttled.Error || throttled.Fault || throttled.AWS["retries"] != nil {
		t.Errorf("throttled: %+v", throttled)
	}
	if root.Error || root.Fault {
		t.Errorf("root: %+v", root)
	}
}

// Object stores are seen through a bare HTTP server: what matters is what goes over the wire and what an answer gives.
func TestBucketAndKey(t *testing.T) {
	var got []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Header.Get("X-Amzn-Trace-Id"))
		if strings.Contains(r.Header.Get("Authorization"), "x-amzn-trace-id") {
			t.Error("the trace header is signed: a proxy that changes it would break the call")
		}
		w.Header().Set("X-Amz-Request-Id", "R1")
		if r.Method == http.MethodGet {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	defer server.Close()
	client := s3.NewFromConfig(config(server.URL, server.Client()), func(o *s3.Options) {
		o.UsePathStyle = true
		o.RetryMaxAttempts = 1
		awstrace.Instrument(&o.APIOptions)
	})
	root := record(t, "", func(ctx context.Context) {
		_, err := client.PutObject(ctx, &s3.PutObjectInput{
			Bucket: aws.String("reports"), Key: aws.String("a/b.html"), Body: strings.NewReader("secret figures"),
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("reports"), Key: aws.String("a/b.html")}); err == nil {
			t.Fatal("no error")
		}
		cancelled, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := client.HeadBucket(cancelled, &s3.HeadBucketInput{Bucket: aws.String("reports")}); !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v", err)
		}
	})
	if len(root.Subsegments) != 3 {
		t.Fatalf("got %+v", root.Subsegments)
	}
	put, get, head := root.Subsegments[0], root.Subsegments[1], root.Subsegments[2]
	want := map[string]any{
		"operation": "PutObject", "region": "eu-west-1", "request_id": "R1", "bucket_name": "reports", "key": "a/b.html",
		"resource_names": []any{"reports"},
	}
	if diff := cmp.Diff(want, put.AWS); diff != "" || put.Name != "S3" || put.Status() != "ok" {
		t.Errorf("put %s, aws (-want +got):\n%s", put.Name, diff)
	}
	if get.Status() != "fault" || get.HTTP.Response.Status != 500 {
		t.Errorf("get: %+v", get)
	}
	if head.Status() != "ok" || head.HTTP != nil {
		t.Errorf("head: %+v", head)
	}
	prefix := "Root=" + root.TraceID + ";Parent="
	if diff := cmp.Diff([]string{prefix + put.ID + ";Sampled=1", prefix + get.ID + ";Sampled=1"}, got); diff != "" {
		t.Errorf("headers on the wire (-want +got):\n%s", diff)
	}
}
