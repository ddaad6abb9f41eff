package queue_test

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/monthend/monthend/queue"
)

func TestHeartbeatKeepsTheMessageInvisible(t *testing.T) {
	s := newStand(t, false)
	s.send("job", queue.SendOptions{})
	begun, release, renewed := make(chan struct{}), make(chan struct{}), make(chan struct{})
	listening, enough := context.WithCancel(t.Context())
	client := watchOperations(s.client, nil, func(operation string) {
		if operation == "ChangeMessageVisibility" {
			select {
			case renewed <- struct{}{}:
			case <-listening.Done():
			}
		}
	})
	cfg := queue.ConsumerConfig{Client: client, Visibility: time.Hour, Heartbeat: 10 * time.Millisecond}
	r := s.consume(cfg, func(context.Context, queue.Message) queue.Settlement {
		close(begun)
		<-release
		return queue.Delete()
	})
	take(t, begun, "the handler")
	// Three times the visibility timeout passes, by the queue's clock: a busy machine may not stand in for it.
	for range 4 {
		s.server.Advance(50 * time.Minute)
		for range 2 { // the first one may have reached the queue before its clock was moved
			take(t, renewed, "a renewal")
		}
		if got := s.receive(s.url); len(got) != 0 {
			t.Errorf("got the message while it was worked on")
		}
	}
	enough()
	close(release)
	if got := r.next(); got.err != nil {
		t.Error(got.err)
	}
	if got := r.Counters(); got.Renewed < 3 || got.RenewalFailures != 0 {
		t.Errorf("renewed %d times with %d failures, want at least 3 without any", got.Renewed, got.RenewalFailures)
	}
	if got, want := s.counts(), [2]int{0, 0}; got != want {
		t.Errorf("waiting and in flight: got %v, want %v", got, want)
	}
}

func TestLostVisibilityCancelsNothing(t *testing.T) {
	s := newStand(t, false)
	s.send("job", queue.SendOptions{})
	begun, release := make(chan queue.Message, 1), make(chan struct{})
	deleted, renewed := make(chan struct{}), make(chan struct{}, 10)
	client := watchOperations(s.client, func(operation string) {
		if operation == "ChangeMessageVisibility" {
			<-deleted
		}
	}, func(operation string) {
		if operation == "ChangeMessageVisibility" {
			renewed <- struct{}{}
		}
	})
	cfg := queue.ConsumerConfig{Client: client, Heartbeat: 10 * time.Millisecond}
	r := s.consume(cfg, func(ctx context.Context, m queue.Message) queue.Settlement {
		begun <- m
		<-release
		if ctx.Err() != nil {
			t.Errorf("the work was cancelled: %v", context.Cause(ctx))
		}
		return queue.Delete()
	})
	m := take(t, begun, "the handler")
	// Somebody else takes the message away.
	if _, err := s.client.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: &s.url, ReceiptHandle: &m.ReceiptHandle}); err != nil {
		t.Fatal(err)
	}
	close(deleted)
	take(t, renewed, "a renewal")
	close(release)
	if got := r.next(); got.err != nil {
		t.Errorf("deleting what is deleted: %v", got.err)
	}
	r.stop()
	if err := r.end(); err != nil {
		t.Error(err)
	}
	if got := r.Counters(); got.RenewalFailures != 1 {
		t.Errorf("renewal failures: got %d, want 1: a lost receipt is not asked for again", got.RenewalFailures)
	}
}
