package sqs_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/monthend/monthend/local/sqs"
)

const jsonType = "application/x-amz-json-1.0"

func TestWire(t *testing.T) {
	server, client := start(t, sqs.Config{})
	q := newQueue(t, client, "q", nil)
	for _, c := range []struct {
		name, method, kind, target, body string
		status                           int
		query                            string // the x-amzn-query-error header
	}{
		{"OK", "POST", jsonType, "AmazonSQS.ListQueues", `{}`, 200, ""},
		{"UnknownMemberIsIgnored", "POST", jsonType, "AmazonSQS.ListQueues", `{"Colour":"red"}`, 200, ""},
		{"ContentTypeWithParameter", "POST", jsonType + "; charset=utf-8", "AmazonSQS.ListQueues", `{}`, 200, ""},
		{"ErrMethod", "GET", "", "", ``, 405, ""},
		{"ErrContentType", "POST", "text/plain", "AmazonSQS.ListQueues", `{}`, 415, "UnsupportedMediaTypeException;Sender"},
		{"ErrQueryProtocol", "POST", "application/x-www-form-urlencoded", "", `Action=ListQueues`, 415, "UnsupportedMediaTypeException;Sender"},
		{"ErrNoTarget", "POST", jsonType, "", `{}`, 400, "UnknownOperationException;Sender"},
		{"ErrTarget", "POST", jsonType, "AmazonSQS.Sing", `{}`, 400, "UnknownOperationException;Sender"},
		{"ErrOtherService", "POST", jsonType, "AmazonSNS.ListQueues", `{}`, 400, "UnknownOperationException;Sender"},
		{"ErrPermission", "POST", jsonType, "AmazonSQS.AddPermission", `{}`, 400, "AWS.SimpleQueueService.UnsupportedOperation;Sender"},
		{"ErrNotJSON", "POST", jsonType, "AmazonSQS.ListQueues", `{`, 400, "SerializationException;Sender"},
		{"ErrTrailing", "POST", jsonType, "AmazonSQS.ListQueues", `{} {}`, 400, "SerializationException;Sender"},
		{"ErrType", "POST", jsonType, "AmazonSQS.CreateQueue", `{"QueueName":7}`, 400, "SerializationException;Sender"},
		{"ErrNotUTF8", "POST", jsonType, "AmazonSQS.CreateQueue", "{\"QueueName\":\"\xff\"}", 400, "SerializationException;Sender"},
		{"ErrTooLarge", "POST", jsonType, "AmazonSQS.ListQueues", `"` + strings.Repeat("x", 8<<20) + `"`, 413, "RequestEntityTooLargeException;Sender"},
		{"ErrNoQueue", "POST", jsonType, "AmazonSQS.SendMessage", `{}`, 400, "MissingParameter;Sender"},
		{"ErrQueueURL", "POST", jsonType, "AmazonSQS.PurgeQueue", `{"QueueUrl":":"}`, 400, "InvalidAddress;Sender"},
		{"ErrOtherAccount", "POST", jsonType, "AmazonSQS.PurgeQueue", `{"QueueUrl":"http://h/111111111111/q"}`, 400, "AWS.SimpleQueueService.NonExistentQueue;Sender"},
		{"ErrZeroMessages", "POST", jsonType, "AmazonSQS.ReceiveMessage", `{"QueueUrl":"` + q.url + `","MaxNumberOfMessages":0}`, 400, "InvalidParameterValue;Sender"},
		{"ErrNoBody", "POST", jsonType, "AmazonSQS.SendMessage", `{"QueueUrl":"` + q.url + `"}`, 400, "MissingParameter;Sender"},
		{"ErrNoVisibility", "POST", jsonType, "AmazonSQS.ChangeMessageVisibility", `{"QueueUrl":"` + q.url + `"}`, 400, "MissingParameter;Sender"},
	} {
		t.Run(c.name, func(t *testing.T) {
			res, body := ask(t, server, c.method, c.kind, c.target, c.body)
			if res.StatusCode != c.status || res.Header.Get("x-amzn-query-error") != c.query {
				t.Fatalf("got %d %q %s", res.StatusCode, res.Header.Get("x-amzn-query-error"), body)
			}
			if res.Header.Get("x-amzn-RequestId") == "" {
				t.Error("no request id")
			}
			var answer struct {
				Type string `json:"__type"`
			}
			if c.query != "" && (json.Unmarshal(body, &answer) != nil || !strings.HasPrefix(answer.Type, "com.amazonaws.sqs#")) {
				t.Errorf("got body %s", body)
			}
		})
	}
}

// FuzzRequest holds the server against bodies nobody expects: it answers each with a result or a refusal, never with a failure
// of its own.
func FuzzRequest(f *testing.F) {
	server, _ := start(f, sqs.Config{})
	http := client()
	f.Cleanup(http.CloseIdleConnections)
	operations := []string{"CreateQueue", "GetQueueUrl", "ListQueues", "GetQueueAttributes", "SetQueueAttributes",
		"TagQueue", "UntagQueue", "ListQueueTags", "ListDeadLetterSourceQueues", "SendMessage", "SendMessageBatch", "ReceiveMessage", "DeleteMessage",
		"DeleteMessageBatch", "ChangeMessageVisibility", "ChangeMessageVisibilityBatch", "StartMessageMoveTask", "ListMessageMoveTasks", "CancelMessageMoveTask"}
	for _, name := range []string{"q", "dead"} {
		if _, body := ask(f, server, "POST", jsonType, "AmazonSQS.CreateQueue", `{"QueueName":"`+name+`"}`); len(body) == 0 {
			f.Fatal("no queue")
		}
	}
	url := server.QueueURL("q")
	for i, body := range []string{
		`{"QueueName":"a","Attributes":{"VisibilityTimeout":"1"},"tags":{"k":"v"}}`,
		`{"QueueName":"q"}`,
		`{"QueueNamePrefix":"q","MaxResults":1,"NextToken":"cQ=="}`,
		`{"QueueUrl":"` + url + `","AttributeNames":["All"]}`,
		`{"QueueUrl":"` + url + `","Attributes":{"RedrivePolicy":"{\"deadLetterTargetArn\":\"arn:aws:sqs:us-east-1:000000000000:dead\",\"maxReceiveCount\":\"3\"}"}}`,
		`{"QueueUrl":"` + url + `","Tags":{"k":"v"}}`,
		`{"QueueUrl":"` + url + `","TagKeys":["k"]}`,
		`{"QueueUrl":"` + url + `"}`,
		`{"QueueUrl":"` + url + `","MaxResults":10}`,
		`{"QueueUrl":"` + url + `","MessageBody":"m","DelaySeconds":1,"MessageAttributes":{"a":{"DataType":"Binary","BinaryValue":"AAEC"}},"MessageSystemAttributes":{"AWSTraceHeader":{"DataType":"String","StringValue":"Root=1"}}}`,
		`{"QueueUrl":"` + url + `","Entries":[{"Id":"1","MessageBody":"m"},{"Id":"2","MessageBody":""}]}`,
		`{"QueueUrl":"` + url + `","MaxNumberOfMessages":10,"VisibilityTimeout":0,"WaitTimeSeconds":0,"MessageAttributeNames":["a.*"]}`,
		`{"QueueUrl":"` + url + `","ReceiptHandle":"AAAA"}`,
		`{"QueueUrl":"` + url + `","Entries":[{"Id":"1","ReceiptHandle":"AAAA"}]}`,
		`{"QueueUrl":"` + url + `","ReceiptHandle":"AAAA","VisibilityTimeout":1}`,
		`{"QueueUrl":"` + url + `","Entries":[{"Id":"1","ReceiptHandle":"AAAA","VisibilityTimeout":1}]}`,
		`{"SourceArn":"arn:aws:sqs:us-east-1:000000000000:dead","MaxNumberOfMessagesPerSecond":500}`,
		`{"SourceArn":"arn:aws:sqs:us-east-1:000000000000:dead","MaxResults":10}`,
		`{"TaskHandle":"eyJ0YXNrSWQiOiJ4Iiwic291cmNlQXJuIjoiYXJuOmF3czpzcXM6dXMtZWFzdC0xOjAwMDAwMDAwMDAwMDpkZWFkIn0="}`,
	} {
		f.Add(uint8(i), []byte(body))
	}
	f.Fuzz(func(t *testing.T, operation uint8, body []byte) {
		name := operations[int(operation)%len(operations)]
		patience := 10 * time.Second
		if name == "ReceiveMessage" {
			patience = 100 * time.Millisecond
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		res, err := post(ctx, http, server, name, body)
		if errors.Is(err, context.DeadlineExceeded) && name == "ReceiveMessage" {
			return // a long poll was asked for
		}
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		var answer map[string]any
		if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
			t.Fatalf("answer to %s: %v", name, err)
		}
		if res.StatusCode >= 500 {
			t.Fatalf("got %d %v", res.StatusCode, answer)
		}
	})
}

func post(ctx context.Context, client *http.Client, server *sqs.Server, operation string, body []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, "POST", server.URL(), strings.NewReader(string(body)))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", jsonType)
	req.Header.Set("X-Amz-Target", "AmazonSQS."+operation)
	return client.Do(req)
}

func ask(tb testing.TB, server *sqs.Server, method, kind, target, body string) (*http.Response, []byte) {
	tb.Helper()
	req, err := http.NewRequestWithContext(tb.Context(), method, server.URL(), strings.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	req.Header.Set("X-Amz-Target", target)
	http := client()
	defer http.CloseIdleConnections()
	res, err := http.Do(req)
	if err != nil {
		tb.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return res, answer
}
