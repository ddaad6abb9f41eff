package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/jackc/pgx/v5"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/queue"
)

// scriptRequest takes the id of the request that trigger printed as JSON: request FILE sets REQUEST.
func scriptRequest(ts *testscript.TestScript, _ bool, args []string) {
	var sent asked
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &sent))
	ts.Setenv("REQUEST", sent.RequestID)
}

// scriptLetter takes the id of the one dead letter of a list, printed as JSON, that holds a text: letter FILE TEXT sets LETTER.
func scriptLetter(ts *testscript.TestScript, _ bool, args []string) {
	var lines []letterLine
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &lines))
	var ids []string
	for _, line := range lines {
		if strings.Contains(fmt.Sprint(line), args[1]) {
			ids = append(ids, line.MessageID)
		}
	}
	if len(ids) != 1 {
		ts.Fatalf("%d dead letters hold %q, want one of %+v", len(ids), args[1], lines)
	}
	ts.Setenv("LETTER", ids[0])
}

// scriptRedriven takes the one new request that a redrive printed as JSON: redriven FILE sets REQUEST.
func scriptRedriven(ts *testscript.TestScript, _ bool, args []string) {
	var lines []redriven
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &lines))
	if len(lines) != 1 {
		ts.Fatalf("%d dead letters were sent, want one: %+v", len(lines), lines)
	}
	ts.Setenv("REQUEST", lines[0].RequestID)
}

// scriptSQL changes the source as somebody else would: sql STATEMENT.
func scriptSQL(ts *testscript.TestScript, _ bool, args []string) {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, ts.Getenv("MONTHEND_SOURCE_URL"))
	ts.Check(err)
	defer conn.Close(ctx)
	tag, err := conn.Exec(ctx, args[0])
	ts.Check(err)
	if tag.RowsAffected() == 0 {
		ts.Fatalf("no row was changed")
	}
}

// scriptFIFO makes a FIFO queue with a dead-letter queue and has the script use it.
func scriptFIFO(ts *testscript.TestScript, _ bool, _ []string) {
	ctx := context.Background()
	create := func(name string, attributes map[string]string) string {
		attributes["FifoQueue"] = "true"
		out, err := sqsOf(ts).CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
		ts.Check(err)
		return *out.QueueUrl
	}
	dead, err := queue.Inspect(ctx, sqsOf(ts), create("dead.fifo", map[string]string{}))
	ts.Check(err)
	policy := fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":"100"}`, dead.ARN)
	ts.Setenv("MONTHEND_QUEUE_URL", create("jobs.fifo", map[string]string{"RedrivePolicy": policy}))
}

// scriptRunOf waits until a request has led to a run: run-of REQUEST sets RUN.
func scriptRunOf(ts *testscript.TestScript, _ bool, args []string) {
	ctx := context.Background()
	books, err := ledger.Open(ctx, ledger.Config{URL: ts.Getenv("MONTHEND_DATABASE_URL")})
	ts.Check(err)
	defer books.Close()
	ts.Check(poll(ctx, scriptTimeout, func(ctx context.Context) (bool, error) {
		request, _ := books.Request(ctx, args[0])
		ts.Setenv("RUN", request.RunID)
		return request.RunID != "", nil
	}))
}

// scriptNoMessages waits until the queue is empty and nobody holds a message of it.
func scriptNoMessages(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Check(poll(context.Background(), scriptTimeout, func(ctx context.Context) (bool, error) {
		d, err := queue.Inspect(ctx, sqsOf(ts), ts.Getenv("MONTHEND_QUEUE_URL"))
		return d.Waiting+d.InFlight+d.Delayed == 0, err
	}))
}

// published is the one stored file that fits a pattern below the output.
func published(ts *testscript.TestScript, pattern string) string {
	output, err := url.Parse(ts.Getenv("MONTHEND_OUTPUT"))
	ts.Check(err)
	files, err := filepath.Glob(filepath.Join(output.Path, filepath.FromSlash(pattern)))
	ts.Check(err)
	if len(files) != 1 {
		ts.Fatalf("%q fits %v, want one file", pattern, files)
	}
	return files[0]
}

// scriptAlter changes a bit of a stored file: alter PATTERN.
func scriptAlter(ts *testscript.TestScript, _ bool, args []string) {
	file := published(ts, args[0])
	data, err := os.ReadFile(file)
	ts.Check(err)
	data[len(data)/2] ^= 1
	ts.Check(os.WriteFile(file, data, 0o644))
}

// scriptLose removes a stored file: lose PATTERN.
func scriptLose(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(os.Remove(published(ts, args[0])))
}
