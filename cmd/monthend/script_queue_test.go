package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

// scriptTimeout bounds what a script waits for: on a busy machine many scripts run beside each other.
const scriptTimeout = 3 * time.Minute

// sqsOf is a client for the queue of the script's cloud.
func sqsOf(ts *testscript.TestScript) *sqs.Client {
	return sqs.New(sqs.Options{
		Region:       ts.Getenv("AWS_REGION"),
		BaseEndpoint: aws.String(ts.Getenv("AWS_ENDPOINT_URL_SQS")),
		Credentials:  credentials.NewStaticCredentialsProvider("local", "local", ""),
	})
}

// scriptSend sends a body as anybody might: send [-trace HEADER] BODY.
func scriptSend(ts *testscript.TestScript, _ bool, args []string) {
	input := &sqs.SendMessageInput{QueueUrl: aws.String(ts.Getenv("MONTHEND_QUEUE_URL"))}
	if len(args) == 3 && args[0] == "-trace" {
		input.MessageSystemAttributes = map[string]types.MessageSystemAttributeValue{
			"AWSTraceHeader": {DataType: aws.String("String"), StringValue: aws.String(args[1])},
		}
		args = args[2:]
	}
	if len(args) != 1 {
		ts.Fatalf("usage: send [-trace HEADER] BODY")
	}
	input.MessageBody = aws.String(args[0])
	_, err := sqsOf(ts).SendMessage(context.Background(), input)
	ts.Check(err)
}

// scriptFreshTrace makes the id of a trace that began now, which a worker goes on with; after six days it would not: fresh-trace NAME.
func scriptFreshTrace(ts *testscript.TestScript, _ bool, args []string) {
	ts.Setenv(args[0], fmt.Sprintf("1-%08x-911581af55c4beec1ea96745", time.Now().Unix()))
}

// scriptDeadLetters waits for N dead letters whose reasons together hold each of the texts: dead-letters N TEXT….
func scriptDeadLetters(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	ctx, cancel := context.WithTimeout(context.Background(), scriptTimeout)
	defer cancel()
	var reasons []string
	for len(reasons) < want {
		got, err := sqsOf(ts).ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
			QueueUrl:              aws.String(ts.Getenv("MONTHEND_QUEUE_URL") + "-dlq"),
			MaxNumberOfMessages:   10,
			VisibilityTimeout:     600,
			WaitTimeSeconds:       20,
			MessageAttributeNames: []string{"All"},
		})
		ts.Check(err)
		for _, message := range got.Messages {
			reason := ""
			for _, attribute := range message.MessageAttributes {
				reason += aws.ToString(attribute.StringValue) + " "
			}
			reasons = append(reasons, reason)
		}
	}
	for _, text := range args[1:] {
		if !slices.ContainsFunc(reasons, func(r string) bool { return strings.Contains(r, text) }) {
			ts.Fatalf("no dead letter says %q; they say %q", text, reasons)
		}
	}
	if len(reasons) != want {
		ts.Fatalf("%d dead letters, want %d: %q", len(reasons), want, reasons)
	}
}

// scriptAwait waits until a request has an outcome: await REQUEST OUTCOME.
func scriptAwait(ts *testscript.TestScript, _ bool, args []string) {
	ctx := context.Background()
	books, err := ledger.Open(ctx, ledger.Config{URL: ts.Getenv("MONTHEND_DATABASE_URL")})
	ts.Check(err)
	defer books.Close()
	var got ledger.Request
	ts.Check(poll(ctx, scriptTimeout, func(ctx context.Context) (bool, error) {
		got, _ = books.Request(ctx, args[0])
		return got.Outcome != "", nil
	}))
	if got.Outcome != report.Outcome(args[1]) {
		ts.Fatalf("request %q is %q (%s), want %q", args[0], got.Outcome, got.Error, args[1])
	}
}

// scriptFollowRun shows and traces the runs of a list: what one command prints must be what the next one takes.
func scriptFollowRun(ts *testscript.TestScript, _ bool, args []string) {
	var runs []runLine
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &runs))
	if len(runs) < 4 {
		ts.Fatalf("%d runs, want 4 or more", len(runs))
	}
	for _, run := range runs {
		ts.Check(ts.Exec("monthend", "runs", "show", run.RunID))
		ts.Check(ts.Exec("monthend", "runs", "show", run.RunID, "-o", "json"))
		ts.Check(ts.Exec("monthend", "trace", run.RunID))
		ts.Check(ts.Exec("monthend", "trace", run.TraceID, "-o", "json"))
	}
}
