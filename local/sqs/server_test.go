package sqs_test

import (
	"context"
	"net"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/monthend/monthend/local/sqs"
)

func TestStart(t *testing.T) {
	t.Run("OnAFreePortOfLoopback", func(t *testing.T) {
		server, _ := start(t, sqs.Config{})
		if !strings.HasPrefix(server.URL(), "http://127.0.0.1:") {
			t.Fatalf("got %q", server.URL())
		}
	})
	t.Run("QueueURL", func(t *testing.T) {
		server, client := start(t, sqs.Config{Account: "123456789012"})
		q := newQueue(t, client, "q", nil)
		if want := server.URL() + "/123456789012/q"; q.url != want || server.QueueURL("q") != want {
			t.Fatalf("got %q and %q, want %q", q.url, server.QueueURL("q"), want)
		}
	})
	t.Run("ErrPortInUse", func(t *testing.T) {
		taken, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer taken.Close()
		addr := taken.Addr().String()
		_, err = sqs.Start(sqs.Config{Addr: addr})
		if want := `start sqs on "` + addr + `": bind: address already in use`; err == nil || err.Error() != want {
			t.Fatalf("got %v, want %s", err, want)
		}
	})
	for name, cfg := range map[string]sqs.Config{
		"ErrAccount":  {Account: "me"},
		"ErrInFlight": {InFlightLimit: -1},
		"ErrFault":    {Faults: []sqs.Fault{{Kind: "flood"}}},
	} {
		t.Run(name, func(t *testing.T) {
			if server, err := sqs.Start(cfg); err == nil {
				t.Fatal("started", server.Close())
			}
		})
	}
}

func TestClose(t *testing.T) {
	server, client := start(t, sqs.Config{})
	q := newQueue(t, client, "q", nil)
	got := q.poll()
	waitFor(t, func() bool { return server.Waiting() == 1 })
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	if got := <-got; len(got) != 0 {
		t.Fatalf("got %d messages", len(got))
	}
	if err := server.Close(); err != nil {
		t.Fatalf("a second close: %v", err)
	}
}

func TestPoll(t *testing.T) {
	t.Run("a dead poll takes nothing", func(t *testing.T) {
		server, client := start(t, sqs.Config{})
		q := newQueue(t, client, "q", nil)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			_, err := client.ReceiveMessage(ctx, &awssqs.ReceiveMessageInput{QueueUrl: &q.url, WaitTimeSeconds: 20})
			ended <- err
		}()
		waitFor(t, func() bool { return server.Waiting() == 1 })
		cancel()
		if err := <-ended; err == nil {
			t.Fatal("the poll ended by itself")
		}
		q.send("m")
		if got := q.receive(20); len(got) != 1 || got[0].Attributes["ApproximateReceiveCount"] != "1" {
			t.Fatalf("got %v", got)
		}
		waitFor(t, func() bool { return server.Waiting() == 0 })
	})
	t.Run("a poll of a deleted queue ends", func(t *testing.T) {
		server, client := start(t, sqs.Config{})
		q := newQueue(t, client, "q", nil)
		ended := make(chan error, 1)
		go func() {
			_, err := client.ReceiveMessage(t.Context(), &awssqs.ReceiveMessageInput{QueueUrl: &q.url, WaitTimeSeconds: 20})
			ended <- err
		}()
		waitFor(t, func() bool { return server.Waiting() == 1 })
		if _, err := client.DeleteQueue(t.Context(), &awssqs.DeleteQueueInput{QueueUrl: &q.url}); err != nil {
			t.Fatal(err)
		}
		wantCode(t, <-ended, "AWS.SimpleQueueService.NonExistentQueue")
	})
}

func TestInFlightLimit(t *testing.T) {
	t.Run("a full standard queue refuses", func(t *testing.T) {
		_, client := start(t, sqs.Config{InFlightLimit: 1})
		q := newQueue(t, client, "q", nil)
		q.send("a")
		q.send("b")
		held := q.receive(0)
		_, err := client.ReceiveMessage(t.Context(), &awssqs.ReceiveMessageInput{QueueUrl: &q.url})
		wantCode(t, err, "OverLimit")
		if err := q.delete(held[0].ReceiptHandle); err != nil {
			t.Fatal(err)
		}
		if got := q.receive(0); len(got) != 1 {
			t.Fatal("still full")
		}
	})
	t.Run("a full FIFO queue is silent", func(t *testing.T) {
		_, client := start(t, sqs.Config{InFlightLimit: 1})
		q := newQueue(t, client, "q.fifo", map[string]string{"FifoQueue": "true", "ContentBasedDeduplication": "true"})
		q.sendTo("g1", "a")
		q.sendTo("g2", "b")
		q.receive(0)
		if got := q.receive(0); len(got) != 0 {
			t.Fatalf("got %q", *got[0].Body)
		}
	})
}

// TestUnobserved is what AWS's documentation says and nobody was seen to record.
func TestUnobserved(t *testing.T) {
	t.Run("a handle of another queue is none", func(t *testing.T) {
		_, client := start(t, sqs.Config{})
		a, b := newQueue(t, client, "a", nil), newQueue(t, client, "b", nil)
		a.send("m")
		if err := b.delete(a.receive(0)[0].ReceiptHandle); err == nil {
			t.Fatal("accepted")
		}
	})
	t.Run("a redriven message is a new one", func(t *testing.T) {
		_, client := start(t, sqs.Config{})
		source, dead := buried(t, client, "a")
		old := dead.receive(0)[0]
		dead.extend(old.ReceiptHandle, 0)
		if _, err := client.StartMessageMoveTask(t.Context(), &awssqs.StartMessageMoveTaskInput{SourceArn: dead.arn()}); err != nil {
			t.Fatal(err)
		}
		got := source.receive(20)[0]
		if *got.MessageId == *old.MessageId || got.Attributes["ApproximateReceiveCount"] != "1" {
			t.Fatalf("got id %s, receive count %s", *got.MessageId, got.Attributes["ApproximateReceiveCount"])
		}
	})
	t.Run("a message without a source cannot go back", func(t *testing.T) {
		_, client := start(t, sqs.Config{})
		_, dead := buried(t, client)
		dead.send("never anywhere else")
		if _, err := client.StartMessageMoveTask(t.Context(), &awssqs.StartMessageMoveTaskInput{SourceArn: dead.arn()}); err != nil {
			t.Fatal(err)
		}
		waitFor(t, func() bool { return *dead.task(client).Status == "FAILED" })
		if got := aws.ToString(dead.task(client).FailureReason); got != "CouldNotDetermineMessageSource" {
			t.Fatalf("got reason %q", got)
		}
	})
	t.Run("a dead-lettered FIFO message is deduplicated by its own id", func(t *testing.T) {
		_, client := start(t, sqs.Config{})
		dead := newQueue(t, client, "dead.fifo", map[string]string{"FifoQueue": "true"})
		source := newQueue(t, client, "source.fifo", map[string]string{"FifoQueue": "true", "ContentBasedDeduplication": "true", "VisibilityTimeout": "0",
			"RedrivePolicy": `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead.fifo","maxReceiveCount":1}`})
		out := source.sendTo("g", "m")
		source.receive(0)
		source.receive(0)
		got := dead.receive(0)
		if len(got) != 1 || got[0].Attributes[string(types.MessageSystemAttributeNameMessageDeduplicationId)] != *out.MessageId {
			t.Fatalf("got %v", got)
		}
	})
	t.Run("a queue may name itself as its dead-letter queue", func(t *testing.T) {
		_, client := start(t, sqs.Config{})
		q := newQueue(t, client, "q", map[string]string{"VisibilityTimeout": "0"})
		if _, err := client.SetQueueAttributes(t.Context(), &awssqs.SetQueueAttributesInput{QueueUrl: &q.url, Attributes: map[string]string{
			"RedrivePolicy": `{"deadLetterTargetArn":"` + *q.arn() + `","maxReceiveCount":1}`}}); err != nil {
			t.Fatal(err)
		}
		q.send("m")
		for range 3 {
			if got := q.receive(0); len(got) != 1 {
				t.Fatal("the message is gone")
			}
		}
	})
}
