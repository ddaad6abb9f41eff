package sqs_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/monthend/monthend/local/sqs"
)

// TestAdvance is what only time can show; the server's clock is moved instead of waiting.
func TestAdvance(t *testing.T) {
	fifo := map[string]string{"FifoQueue": "true", "ContentBasedDeduplication": "true"}
	t.Run("a deduplication id is forgotten after five minutes", func(t *testing.T) {
		server, client := start(t, sqs.Config{})
		q := newQueue(t, client, "q.fifo", fifo)
		first := q.sendTo("g", "m")
		server.Advance(5*time.Minute - time.Second)
		if again := q.sendTo("g", "m"); *again.MessageId != *first.MessageId {
			t.Fatal("forgotten too early")
		}
		server.Advance(time.Second)
		if again := q.sendTo("g", "m"); *again.MessageId == *first.MessageId {
			t.Fatal("still remembered")
		}
	})
	t.Run("a waiting poll sees a visibility timeout end", func(t *testing.T) {
		server, client := start(t, sqs.Config{})
		q := newQueue(t, client, "q", map[string]string{"VisibilityTimeout": "43200"})
		q.send("m")
		q.receive(0)
		got := q.poll()
		waitFor(t, func() bool { return server.Waiting() == 1 })
		server.Advance(12 * time.Hour)
		if got := <-got; len(got) != 1 {
			t.Fatalf("got %d messages", len(got))
		}
	})
	t.Run("a visibility timeout reaches twelve hours from the receive and no further", func(t *testing.T) {
		server, client := start(t, sqs.Config{})
		q := newQueue(t, client, "q", map[string]string{"VisibilityTimeout": "43200"})
		q.send("m")
		handle := q.receive(0)[0].ReceiptHandle
		q.extend(handle, 43200)
		server.Advance(2 * time.Hour)
		q.extend(handle, 36000)
		_, err := client.ChangeMessageVisibility(t.Context(), &awssqs.ChangeMessageVisibilityInput{QueueUrl: &q.url, ReceiptHandle: handle, VisibilityTimeout: 36002})
		wantCode(t, err, "InvalidParameterValue")
	})
	t.Run("a message outlives its retention neither waiting nor in flight", func(t *testing.T) {
		server, client := start(t, sqs.Config{})
		for _, q := range []queue{newQueue(t, client, "q", map[string]string{"MessageRetentionPeriod": "60"}),
			newQueue(t, client, "q.fifo", map[string]string{"MessageRetentionPeriod": "60", "FifoQueue": "true", "ContentBasedDeduplication": "true"})} {
			q.sendTo("g1", "a")
			q.sendTo("g2", "b")
			held := q.receive(0)
			server.Advance(time.Minute)
			if got := q.receive(0); len(got) > 0 {
				t.Fatalf("%s: got %q", q.url, *got[0].Body)
			}
			if got := q.count("ApproximateNumberOfMessagesNotVisible"); got != "0" {
				t.Fatalf("%s: %s in flight", q.url, got)
			}
			_, err := client.DeleteMessage(t.Context(), &awssqs.DeleteMessageInput{QueueUrl: &q.url, ReceiptHandle: held[0].ReceiptHandle})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
	t.Run("a dead-lettered message keeps its age", func(t *testing.T) {
		server, client := start(t, sqs.Config{})
		dead := newQueue(t, client, "dead", map[string]string{"MessageRetentionPeriod": "60"})
		source := newQueue(t, client, "source", map[string]string{"VisibilityTimeout": "0",
			"RedrivePolicy": `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":1}`})
		source.send("m")
		source.receive(0)
		server.Advance(59 * time.Second)
		source.receive(0)
		if got := dead.count("ApproximateNumberOfMessages"); got != "1" {
			t.Fatalf("%s messages in the dead-letter queue", got)
		}
		server.Advance(time.Second)
		if got := dead.count("ApproximateNumberOfMessages"); got != "0" {
			t.Fatal("it stayed longer than the retention period")
		}
	})
	t.Run("a deleted queue's name is free after a minute", func(t *testing.T) {
		server, client := start(t, sqs.Config{})
		q := newQueue(t, client, "q", nil)
		if _, err := client.DeleteQueue(t.Context(), &awssqs.DeleteQueueInput{QueueUrl: &q.url}); err != nil {
			t.Fatal(err)
		}
		server.Advance(time.Minute)
		newQueue(t, client, "q", nil)
	})
	t.Run("a queue can be purged again after a minute", func(t *testing.T) {
		server, client := start(t, sqs.Config{})
		q := newQueue(t, client, "q", nil)
		for range 2 {
			if _, err := client.PurgeQueue(t.Context(), &awssqs.PurgeQueueInput{QueueUrl: &q.url}); err != nil {
				t.Fatal(err)
			}
			server.Advance(time.Minute)
		}
	})
	t.Run("a move task keeps its rate", func(t *testing.T) {
		server, client := start(t, sqs.Config{Clock: stopped})
		_, dead := buried(t, client, "a", "b", "c")
		to := newQueue(t, client, "to", nil)
		if _, err := client.StartMessageMoveTask(t.Context(), &awssqs.StartMessageMoveTaskInput{SourceArn: dead.arn(), DestinationArn: to.arn(), MaxNumberOfMessagesPerSecond: aws.Int32(1)}); err != nil {
			t.Fatal(err)
		}
		for moved := range int64(3) { // the first moves at once
			waitFor(t, func() bool { return dead.task(client).ApproximateNumberOfMessagesMoved == moved+1 })
			server.Advance(time.Second)
		}
		waitFor(t, func() bool { return *dead.task(client).Status == "COMPLETED" })
	})
	t.Run("a move task fails when its destination goes", func(t *testing.T) {
		server, client := start(t, sqs.Config{Clock: stopped})
		_, dead := buried(t, client, "a", "b")
		to := newQueue(t, client, "to", nil)
		if _, err := client.StartMessageMoveTask(t.Context(), &awssqs.StartMessageMoveTaskInput{SourceArn: dead.arn(), DestinationArn: to.arn(), MaxNumberOfMessagesPerSecond: aws.Int32(1)}); err != nil {
			t.Fatal(err)
		}
		waitFor(t, func() bool { return dead.task(client).ApproximateNumberOfMessagesMoved == 1 })
		if _, err := client.DeleteQueue(t.Context(), &awssqs.DeleteQueueInput{QueueUrl: &to.url}); err != nil {
			t.Fatal(err)
		}
		server.Advance(time.Second)
		waitFor(t, func() bool { return *dead.task(client).Status == "FAILED" })
		if got := *dead.task(client).FailureReason; got != "AWS.SimpleQueueService.NonExistentQueue" {
			t.Fatalf("got reason %q", got)
		}
	})
}

// stopped is a clock that only Advance moves.
func stopped() time.Time { return time.Date(2026, 4, 1, 2, 0, 0, 0, time.UTC) }

// buried is a queue and its dead-letter queue, which holds messages with these bodies.
func buried(t *testing.T, client *awssqs.Client, bodies ...string) (source, dead queue) {
	t.Helper()
	dead = newQueue(t, client, "dead", nil)
	source = newQueue(t, client, "source", map[string]string{"VisibilityTimeout": "0",
		"RedrivePolicy": `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":1}`})
	for _, body := range bodies {
		source.send(body)
	}
	for range 2 {
		for range bodies {
			source.receive(0)
		}
	}
	return source, dead
}

func (q queue) task(client *awssqs.Client) types.ListMessageMoveTasksResultEntry {
	q.t.Helper()
	out, err := client.ListMessageMoveTasks(q.t.Context(), &awssqs.ListMessageMoveTasksInput{SourceArn: q.arn()})
	if err != nil || len(out.Results) != 1 {
		q.t.Fatalf("list tasks: %v", err)
	}
	return out.Results[0]
}
