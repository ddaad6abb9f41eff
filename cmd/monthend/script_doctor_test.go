package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	awsxray "github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/jackc/pgx/v5"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/monthend/monthend/local/sqs"
	"github.com/monthend/monthend/local/xray"
	"github.com/monthend/monthend/trace"
)

// scriptSQSServer is an SQS with the queues of the laptop's cloud, whose clock may be wrong and which may deny:
// sqs-server [ahead=10m] [deny=OPERATION[@QUEUE]]….
func scriptSQSServer(ts *testscript.TestScript, _ bool, args []string) {
	config := sqs.Config{Region: cloudRegion}
	var faults []sqs.Fault
	for _, arg := range args {
		name, value, _ := strings.Cut(arg, "=")
		switch name {
		case "ahead":
			ahead, err := time.ParseDuration(value)
			ts.Check(err)
			config.Clock = func() time.Time { return time.Now().Add(ahead) }
		case "deny":
			operation, queue, _ := strings.Cut(value, "@")
			faults = append(faults, sqs.Fault{Kind: sqs.Denied, Operation: operation, Queue: queue})
		default:
			ts.Fatalf("usage: sqs-server [ahead=10m] [deny=OPERATION[@QUEUE]]…")
		}
	}
	server := startSQS(ts, config)
	for _, fault := range faults {
		_, err := server.Inject(fault)
		ts.Check(err)
	}
}

// startSQS starts an SQS in the test's own process, with the queues of the laptop's cloud, and has the script use it.
func startSQS(ts *testscript.TestScript, config sqs.Config) *sqs.Server {
	server, err := sqs.Start(config)
	ts.Check(err)
	ts.Defer(func() { ts.Check(server.Close()) })
	c := &cloud{sqs: server}
	ts.Check(c.createQueues(context.Background()))
	for name, value := range map[string]string{
		"AWS_REGION": cloudRegion, "AWS_ACCESS_KEY_ID": cloudKey, "AWS_SECRET_ACCESS_KEY": cloudKey,
		"AWS_ENDPOINT_URL_SQS": server.URL(), "MONTHEND_QUEUE_URL": c.queueURL,
	} {
		ts.Setenv(name, value)
	}
	return server
}

// scriptSetQueue changes attributes of a queue of the script's SQS: set-queue NAME ATTRIBUTE=VALUE…, or drops it: set-queue NAME gone.
func scriptSetQueue(ts *testscript.TestScript, _ bool, args []string) {
	ctx, client := context.Background(), sqsOf(ts)
	found, err := client.GetQueueUrl(ctx, &awssqs.GetQueueUrlInput{QueueName: &args[0]})
	ts.Check(err)
	if args[1] == "gone" {
		_, err := client.DeleteQueue(ctx, &awssqs.DeleteQueueInput{QueueUrl: found.QueueUrl})
		ts.Check(err)
		return
	}
	attributes := map[string]string{}
	for _, arg := range args[1:] {
		name, value, _ := strings.Cut(arg, "=")
		attributes[name] = value
	}
	_, err = client.SetQueueAttributes(ctx, &awssqs.SetQueueAttributesInput{QueueUrl: found.QueueUrl, Attributes: attributes})
	ts.Check(err)
}

// scriptS3Server is an S3 with the bucket "reports", as output of the script: s3-server [deny=METHOD] [overwrites].
func scriptS3Server(ts *testscript.TestScript, _ bool, args []string) {
	backend := s3mem.New()
	ts.Check(backend.CreateBucket("reports"))
	objects := gofakes3.New(backend).Server()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, arg := range args {
			if arg == "overwrites" {
				r.Header.Del("If-None-Match")
			}
			if arg == "deny="+r.Method {
				w.Header().Set("Content-Type", "application/xml")
				w.WriteHeader(http.StatusForbidden)
				_, _ = io.WriteString(w, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>`)
				return
			}
		}
		objects.ServeHTTP(w, r)
	}))
	ts.Defer(server.Close)
	ts.Setenv("AWS_ENDPOINT_URL_S3", server.URL)
	ts.Setenv("MONTHEND_OUTPUT", "s3://reports/month/end")
}

// scriptAdmin runs statements in a database of the script's, as its superuser: admin VARIABLE STATEMENT….
func scriptAdmin(ts *testscript.TestScript, _ bool, args []string) {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, ts.Getenv(args[0]))
	ts.Check(err)
	defer conn.Close(ctx)
	for _, statement := range args[1:] {
		_, err := conn.Exec(ctx, statement)
		ts.Check(err)
	}
}

// scriptURL is a database's url with another role or database: url VARIABLE FROM role=NAME|database=NAME…. The role's password
// is its name.
func scriptURL(ts *testscript.TestScript, _ bool, args []string) {
	u, err := url.Parse(ts.Getenv(args[1]))
	ts.Check(err)
	for _, arg := range args[2:] {
		switch what, name, _ := strings.Cut(arg, "="); what {
		case "role":
			u.User = url.UserPassword(name, name)
		case "database":
			u.Path = "/" + name
		}
	}
	ts.Setenv(args[0], u.String())
}

// scriptAnswers is something at MONTHEND_XRAY_ADDRESS, or another variable, that answers every request alike: answers VARIABLE
// STATUS [FILE].
func scriptAnswers(ts *testscript.TestScript, _ bool, args []string) {
	status := map[string]int{"200": http.StatusOK, "403": http.StatusForbidden}[args[1]]
	body := ""
	if len(args) > 2 {
		body = ts.ReadFile(args[2])
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	ts.Defer(server.Close)
	value := server.URL
	if args[0] == "MONTHEND_XRAY_ADDRESS" {
		value = strings.TrimPrefix(value, "http://")
	}
	ts.Setenv(args[0], value)
}

// scriptHangs listens at an address and answers nobody: hangs VARIABLE.
func scriptHangs(ts *testscript.TestScript, _ bool, args []string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { listener.Close() }) // what was never accepted ends with it
	ts.Setenv(args[0], listener.Addr().String())
}

// scriptOtherXRay has the worker send to an X-Ray that nobody reads from.
func scriptOtherXRay(ts *testscript.TestScript, _ bool, _ []string) {
	server, err := xray.Start(xray.Config{})
	ts.Check(err)
	ts.Defer(func() { ts.Check(server.Close()) })
	ts.Setenv("MONTHEND_XRAY_ADDRESS", server.UDPAddr())
}

// scriptHole leaves a trace of a worker in the script's X-Ray whose beginning was dropped on the way.
func scriptHole(ts *testscript.TestScript, _ bool, _ []string) {
	server, err := xray.Start(xray.Config{}) // what is lost
	ts.Check(err)
	defer server.Close()
	lost, err := trace.New(trace.Config{Address: server.UDPAddr()})
	ts.Check(err)
	kept, err := trace.New(trace.Config{Address: ts.Getenv("MONTHEND_XRAY_ADDRESS")})
	ts.Check(err)
	asking, asked := lost.Begin(context.Background(), "monthend-trigger", "", trace.BeginOptions{ForceSample: true})
	_, worked := kept.Begin(context.Background(), trace.DefaultName, trace.Header(asking), trace.BeginOptions{})
	id := trace.ID(asking)
	worked.End(nil)
	asked.End(nil)
	flush(context.Background(), lost)
	flush(context.Background(), kept)
	client := awsxray.New(awsxray.Options{
		Region: cloudRegion, BaseEndpoint: aws.String(ts.Getenv("AWS_ENDPOINT_URL_XRAY")),
		Credentials: credentials.NewStaticCredentialsProvider(cloudKey, cloudKey, ""),
	})
	ts.Check(poll(context.Background(), scriptTimeout, func(ctx context.Context) (bool, error) {
		out, err := client.BatchGetTraces(ctx, &awsxray.BatchGetTracesInput{TraceIds: []string{id}})
		return err == nil && len(out.Traces) == 1, err
	}))
}
