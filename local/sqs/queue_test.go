package sqs_test

import (
	"errors"
	"path"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
)

// queue is one queue in a test's hands.
type queue struct {
	t      *testing.T
	client *awssqs.Client
	url    string
}

func newQueue(t *testing.T, client *awssqs.Client, name string, attributes map[string]string) queue {
	t.Helper()
	out, err := client.CreateQueue(t.Context(), &awssqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
	if err != nil {
		t.Fatal(err)
	}
	return queue{t, client, *out.QueueUrl}
}

func (q queue) arn() *string {
	return aws.String("arn:aws:sqs:us-east-1:000000000000:" + path.Base(q.url))
}

func (q queue) send(body string) *awssqs.SendMessageOutput {
	q.t.Helper()
	out, err := q.client.SendMessage(q.t.Context(), &awssqs.SendMessageInput{QueueUrl: &q.url, MessageBody: &body})
	if err != nil {
		q.t.Fatal(err)
	}
	return out
}

func (q queue) sendTo(group, body string) *awssqs.SendMessageOutput {
	q.t.Helper()
	out, err := q.client.SendMessage(q.t.Context(), &awssqs.SendMessageInput{QueueUrl: &q.url, MessageBody: &body, MessageGroupId: &group})
	if err != nil {
		q.t.Fatal(err)
	}
	return out
}

// receive takes at most one message within some seconds.
func (q queue) receive(seconds int32) []types.Message {
	q.t.Helper()
	out, err := q.client.ReceiveMessage(q.t.Context(), &awssqs.ReceiveMessageInput{QueueUrl: &q.url, WaitTimeSeconds: seconds,
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{"All"}})
	if err != nil {
		q.t.Fatal(err)
	}
	return out.Messages
}

// poll begins a long poll of 20 s.
func (q queue) poll() <-chan []types.Message {
	got := make(chan []types.Message, 1)
	go func() {
		out, err := q.client.ReceiveMessage(q.t.Context(), &awssqs.ReceiveMessageInput{QueueUrl: &q.url, WaitTimeSeconds: 20})
		if err != nil {
			q.t.Error(err)
			out = &awssqs.ReceiveMessageOutput{}
		}
		got <- out.Messages
	}()
	return got
}

func (q queue) extend(handle *string, seconds int32) {
	q.t.Helper()
	_, err := q.client.ChangeMessageVisibility(q.t.Context(), &awssqs.ChangeMessageVisibilityInput{QueueUrl: &q.url, ReceiptHandle: handle, VisibilityTimeout: seconds})
	if err != nil {
		q.t.Fatal(err)
	}
}

func (q queue) delete(handle *string) error {
	_, err := q.client.DeleteMessage(q.t.Context(), &awssqs.DeleteMessageInput{QueueUrl: &q.url, ReceiptHandle: handle})
	return err
}

// count is one of the counted attributes.
func (q queue) count(name types.QueueAttributeName) string {
	q.t.Helper()
	out, err := q.client.GetQueueAttributes(q.t.Context(), &awssqs.GetQueueAttributesInput{QueueUrl: &q.url, AttributeNames: []types.QueueAttributeName{name}})
	if err != nil {
		q.t.Fatal(err)
	}
	return out.Attributes[string(name)]
}

func wantCode(t *testing.T, err error, want string) {
	t.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) || e.ErrorCode() != want {
		t.Fatalf("got %v, want %s", err, want)
	}
}

// waitFor waits until the server says so.
func waitFor(t *testing.T, done func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	limit := time.After(time.Minute)
	for !done() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatal("not within a minute")
		}
	}
}
