package sqstest

import (
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
)

// patience is how long something that must happen may take.
const patience = time.Minute

// kit is one rule's hands: short words for the calls, which end the test when they go wrong.
type kit struct {
	*testing.T
	client *sqs.Client
}

type attributes = map[string]string

// name is a queue name that nobody used before.
func (k *kit) name() string { return "monthend-rule-" + rand.Text() }

// create makes a queue that is deleted with the test, and gives its URL.
func (k *kit) create(name string, set attributes) *string {
	k.Helper()
	out, err := k.client.CreateQueue(k.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: set})
	if err != nil {
		k.Fatalf("create %q: %v", name, err)
	}
	k.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(k.Context()), patience)
		defer cancel()
		var gone *types.QueueDoesNotExist
		if _, err := k.client.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: out.QueueUrl}); err != nil && !errors.As(err, &gone) {
			k.Errorf("delete %q: %v", name, err)
		}
	})
	return out.QueueUrl
}

func (k *kit) queue(set attributes) *string { k.Helper(); return k.create(k.name(), set) }

func (k *kit) fifo(set attributes) *string {
	k.Helper()
	all := attributes{"FifoQueue": "true", "ContentBasedDeduplication": "true"}
	maps.Copy(all, set)
	return k.create(k.name()+".fifo", all)
}

func (k *kit) get(url *string, names ...types.QueueAttributeName) attributes {
	k.Helper()
	out, err := k.client.GetQueueAttributes(k.Context(), &sqs.GetQueueAttributesInput{QueueUrl: url, AttributeNames: names})
	if err != nil {
		k.Fatalf("get attributes: %v", err)
	}
	return out.Attributes
}

func (k *kit) set(url *string, set attributes) error {
	_, err := k.client.SetQueueAttributes(k.Context(), &sqs.SetQueueAttributesInput{QueueUrl: url, Attributes: set})
	return err
}

func (k *kit) arn(url *string) string {
	k.Helper()
	return k.get(url, "QueueArn")["QueueArn"]
}

// sends is SendMessage with an input of the rule's own.
func (k *kit) sends(in *sqs.SendMessageInput, options ...func(*sqs.Options)) *sqs.SendMessageOutput {
	k.Helper()
	out, err := k.client.SendMessage(k.Context(), in, options...)
	if err != nil {
		k.Fatalf("send: %v", err)
	}
	return out
}

func (k *kit) send(url *string, bodies ...string) {
	k.Helper()
	for _, body := range bodies {
		k.sends(&sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String(body)})
	}
}

// sendTo sends to a group of a FIFO queue.
func (k *kit) sendTo(url *string, group string, bodies ...string) {
	k.Helper()
	for _, body := range bodies {
		k.sends(&sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String(body), MessageGroupId: aws.String(group)})
	}
}

// receives is ReceiveMessage with an input of the rule's own.
func (k *kit) receives(in *sqs.ReceiveMessageInput) []types.Message {
	k.Helper()
	out, err := k.client.ReceiveMessage(k.Context(), in)
	if err != nil {
		k.Fatalf("receive: %v", err)
	}
	return out.Messages
}

// one is the next message, with all its attributes; it waits up to 20 s.
func (k *kit) one(url *string) types.Message {
	k.Helper()
	return k.some(url, 1)[0]
}

// some is what one long poll for up to n messages brings, at least one, with all attributes.
func (k *kit) some(url *string, n int32) []types.Message {
	k.Helper()
	got := k.receives(&sqs.ReceiveMessageInput{QueueUrl: url, MaxNumberOfMessages: n, WaitTimeSeconds: 20,
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{"All"}, MessageAttributeNames: []string{"All"}})
	if len(got) == 0 {
		k.Fatal("receive: no message within 20 s")
	}
	return got
}

// all collects n messages over as many polls as it takes.
func (k *kit) all(url *string, n int) []types.Message {
	k.Helper()
	var got []types.Message
	for len(got) < n {
		got = append(got, k.some(url, 10)...)
	}
	return got
}

// none checks that a short poll brings nothing.
func (k *kit) none(url *string) {
	k.Helper()
	if got := k.receives(&sqs.ReceiveMessageInput{QueueUrl: url, MaxNumberOfMessages: 10}); len(got) > 0 {
		k.Fatalf("receive: got %q, want nothing", bodies(got))
	}
}

func bodies(messages []types.Message) []string {
	texts := make([]string, 0, len(messages))
	for _, m := range messages {
		texts = append(texts, *m.Body)
	}
	return texts
}

func (k *kit) delete(url *string, handle *string) error {
	_, err := k.client.DeleteMessage(k.Context(), &sqs.DeleteMessageInput{QueueUrl: url, ReceiptHandle: handle})
	return err
}

// extend changes a visibility timeout, in seconds.
func (k *kit) extend(url *string, handle *string, seconds int32) error {
	_, err := k.client.ChangeMessageVisibility(k.Context(), &sqs.ChangeMessageVisibilityInput{QueueUrl: url, ReceiptHandle: handle, VisibilityTimeout: seconds})
	return err
}

// ok ends the test at an error.
func (k *kit) ok(err error) {
	k.Helper()
	if err != nil {
		k.Fatal(err)
	}
}

// refused checks the code of an error, as SDKs report it.
func (k *kit) refused(err error, code string) {
	k.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) {
		k.Fatalf("got %v, want %s", err, code)
	}
	if e.ErrorCode() != code {
		k.Fatalf("got %s (%s), want %s", e.ErrorCode(), e.ErrorMessage(), code)
	}
}

// is checks the type of an error.
func is[E error](k *kit, err error) {
	k.Helper()
	var want E
	if !errors.As(err, &want) {
		k.Fatalf("got %T (%v), want %T", err, err, want)
	}
}

// same checks a value.
func same[V comparable](k *kit, what string, got, want V) {
	k.Helper()
	if got != want {
		k.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

// becomes waits until a look at the world shows what is wanted, for what SQS brings about in its own time.
func (k *kit) becomes(what string, look func() bool) {
	k.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	give := time.After(patience)
	for !look() {
		select {
		case <-tick.C:
		case <-give:
			k.Fatalf("%s: not within %v", what, patience)
		}
	}
}
