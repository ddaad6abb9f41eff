package queue_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/monthend/monthend/queue"
)

func TestStopEndsAnIdlePollAndTakesNothing(t *testing.T) {
	s := newStand(t, false)
	polls := make(chan string, 10)
	r := s.consume(queue.ConsumerConfig{Client: watchOperations(s.client, func(o string) { polls <- o }, nil)}, always(queue.Delete()))
	take(t, polls, "a poll")
	r.stop()
	if err := r.end(); err != nil {
		t.Error(err)
	}
	s.nobodyWaits()
	s.send("job", queue.SendOptions{})
	if got := s.receive(s.url); len(got) != 1 || got[0].Attributes["ApproximateReceiveCount"] != "1" {
		t.Errorf("a message sent after the stop was taken")
	}
}

func TestDrainLetsTheHandlerFinish(t *testing.T) {
	s := newStand(t, false)
	s.send("job", queue.SendOptions{})
	begun, release := make(chan struct{}), make(chan struct{})
	r := s.consume(queue.ConsumerConfig{Concurrency: 2}, func(ctx context.Context, _ queue.Message) queue.Settlement {
		close(begun)
		<-release
		if ctx.Err() != nil {
			t.Errorf("the drain cancelled the work: %v", context.Cause(ctx))
		}
		return queue.Delete()
	})
	take(t, begun, "the handler")
	r.stop()
	// The next message is not for this worker any more, though one of its two workers is free.
	s.nobodyWaits()
	late := s.send("late", queue.SendOptions{})
	close(release)
	if err := r.end(); err != nil {
		t.Errorf("a drain in time: got %v", err)
	}
	if got := s.receive(s.url); len(got) != 1 || *got[0].MessageId != late {
		t.Errorf("got %d messages, want the late one only", len(got))
	}
}

func TestDrainThatRunsOutCancelsAndReleases(t *testing.T) {
	s := newStand(t, false)
	s.send("job", queue.SendOptions{})
	begun, cause := make(chan struct{}), make(chan error, 1)
	r := s.consume(queue.ConsumerConfig{Drain: 50 * time.Millisecond}, func(ctx context.Context, _ queue.Message) queue.Settlement {
		close(begun)
		<-ctx.Done()
		cause <- context.Cause(ctx)
		return queue.Retry(0)
	})
	take(t, begun, "the handler")
	r.stop()
	if err := r.end(); !errors.Is(err, queue.ErrDrained) {
		t.Errorf("Run: got %v, want %v", err, queue.ErrDrained)
	}
	if got := take(t, cause, "the cause"); got != queue.ErrDrained {
		t.Errorf("cause: got %v, want %v", got, queue.ErrDrained)
	}
	if got := s.receive(s.url); len(got) != 1 {
		t.Errorf("got %d messages, want 1, at once", len(got))
	}
}

func TestSecondSignalReleasesWhatAStuckHandlerHolds(t *testing.T) {
	s := newStand(t, false)
	for range 12 {
		s.send("job", queue.SendOptions{})
	}
	begun, release := make(chan struct{}, 12), make(chan struct{})
	t.Cleanup(func() { close(release) })
	r := s.consume(queue.ConsumerConfig{Concurrency: 12}, func(context.Context, queue.Message) queue.Settlement {
		begun <- struct{}{}
		<-release // hears nothing
		return queue.Delete()
	})
	for range 12 {
		take(t, begun, "a handler")
	}
	r.stop()
	r.Abort()
	r.Abort()
	if err := r.end(); !errors.Is(err, queue.ErrAborted) {
		t.Errorf("Run: got %v, want %v", err, queue.ErrAborted)
	}
	if got, want := s.counts(), [2]int{12, 0}; got != want {
		t.Errorf("waiting and in flight: got %v, want %v", got, want)
	}
	if got := r.Counters().Released; got != 12 {
		t.Errorf("released: got %d, want 12", got)
	}
}

func TestAbortWhileReceiving(t *testing.T) {
	s := newStand(t, false)
	polls := make(chan string, 10)
	r := s.consume(queue.ConsumerConfig{Client: watchOperations(s.client, func(o string) { polls <- o }, nil)}, always(queue.Delete()))
	take(t, polls, "a poll")
	r.Abort()
	if err := r.end(); err != nil {
		t.Errorf("nothing was cut short: got %v", err)
	}
}

func TestAnswerThatComesAfterTheStopIsReleased(t *testing.T) {
	s := newStand(t, false)
	s.send("job", queue.SendOptions{})
	answered, deliver := make(chan struct{}), make(chan struct{})
	client := watchOperations(s.client, nil, func(operation string) {
		if operation == "ReceiveMessage" {
			close(answered) // SQS has counted the message as delivered
			<-deliver
		}
	})
	r := s.consume(queue.ConsumerConfig{Client: client}, always(queue.Delete()))
	take(t, answered, "the answer")
	r.stop()
	close(deliver)
	if err := r.end(); err != nil {
		t.Error(err)
	}
	if got, want := s.counts(), [2]int{1, 0}; got != want {
		t.Errorf("waiting and in flight: got %v, want %v", got, want)
	}
	if got := r.Counters(); got.Released != 1 || got.Deleted != 0 {
		t.Errorf("counters: got %+v, want one released", got)
	}
}
