package queue_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/monthend/monthend/queue"
)

func TestMessageCarriesAllThatSQSSays(t *testing.T) {
	s := newStand(t, true)
	before := time.Now().Add(-time.Second)
	sent, err := s.client.SendMessage(t.Context(), &sqs.SendMessageInput{
		QueueUrl: &s.url, MessageBody: aws.String(`{"v":1}`),
		MessageGroupId: aws.String("group"), MessageDeduplicationId: aws.String("request-1"),
		MessageAttributes: map[string]types.MessageAttributeValue{
			"who":  {DataType: aws.String("String"), StringValue: aws.String("Žofie")},
			"blob": {DataType: aws.String("Binary"), BinaryValue: []byte{7}},
		},
		MessageSystemAttributes: map[string]types.MessageSystemAttributeValue{
			"AWSTraceHeader": {DataType: aws.String("String"), StringValue: aws.String("Root=1-5759e988-bd862e3fe1be46a994272793")},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.receive(s.url)
	s.server.Advance(30 * time.Second) // the first delivery is lost
	r := s.consume(queue.ConsumerConfig{}, always(queue.Delete()))
	got := r.next().message
	want := queue.Message{
		ID: *sent.MessageId, Body: []byte(`{"v":1}`), TraceHeader: "Root=1-5759e988-bd862e3fe1be46a994272793",
		ReceiveCount: 2, Group: "group", DeduplicationID: "request-1", SequenceNumber: *sent.SequenceNumber,
		Attributes: map[string]string{"who": "Žofie", "blob": "\x07"},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(want, "ReceiptHandle", "SentAt", "FirstReceivedAt", "ReceivedAt")); diff != "" {
		t.Errorf("message (-want +got):\n%s", diff)
	}
	for name, at := range map[string]time.Time{"sent": got.SentAt, "first received": got.FirstReceivedAt, "received": got.ReceivedAt} {
		if at.Before(before) || at.After(time.Now().Add(time.Minute)) {
			t.Errorf("%s at %s, want about now", name, at)
		}
	}
}

func TestNeverHoldsMoreThanItWorksOn(t *testing.T) {
	s := newStand(t, false)
	for range 10 {
		s.send("job", queue.SendOptions{})
	}
	begun, release := make(chan struct{}, 10), make(chan struct{})
	var now, most atomic.Int32
	r := s.consume(queue.ConsumerConfig{Concurrency: 3}, func(context.Context, queue.Message) queue.Settlement {
		if n := now.Add(1); n > most.Load() {
			most.Store(n)
		}
		defer now.Add(-1)
		begun <- struct{}{}
		<-release
		return queue.Delete()
	})
	for range 3 {
		take(t, begun, "a handler")
	}
	if got, want := s.counts(), [2]int{7, 3}; got != want {
		t.Errorf("waiting and in flight with three workers busy: got %v, want %v", got, want)
	}
	close(release)
	for range 10 {
		if got := r.next(); got.err != nil {
			t.Error(got.err)
		}
	}
	if most.Load() != 3 {
		t.Errorf("got %d handlers at once, want 3", most.Load())
	}
}

func TestTicksWhileAllWorkersAreBusy(t *testing.T) {
	s := newStand(t, false)
	s.send("job", queue.SendOptions{})
	release, ticks, begun := make(chan struct{}), make(chan time.Time), make(chan struct{})
	end := make(chan struct{})
	t.Cleanup(func() { close(end) })
	cfg := queue.ConsumerConfig{Heartbeat: 10 * time.Millisecond, Tick: func(at time.Time) {
		select {
		case ticks <- at:
		case <-end:
		}
	}}
	r := s.consume(cfg, func(context.Context, queue.Message) queue.Settlement {
		close(begun)
		<-release
		return queue.Delete()
	})
	for working := false; !working; {
		select {
		case <-ticks:
		case <-begun:
			working = true
		}
	}
	for range 5 {
		take(t, ticks, "a tick")
	}
	r.stop()
	go func() {
		for range ticks {
		}
	}()
	close(release)
	if err := r.end(); err != nil {
		t.Error(err)
	}
	close(ticks)
}

func TestPanicIsRetriedAndLogged(t *testing.T) {
	s := newStand(t, false)
	s.send("job", queue.SendOptions{})
	var log buffer
	cfg := queue.ConsumerConfig{
		Logger: slog.New(slog.NewJSONHandler(&log, nil)),
		Rand:   func() float64 { return 0 }, // back at once
	}
	var calls atomic.Int32
	r := s.consume(cfg, func(_ context.Context, m queue.Message) queue.Settlement {
		if calls.Add(1) == 1 {
			panic("index out of range")
		}
		return queue.Delete()
	})
	if got := r.next(); got.settlement != queue.Retry(0) || got.err != nil {
		t.Errorf("after the panic: got %v, %v", got.settlement, got.err)
	}
	if got := r.next(); got.settlement != queue.Delete() || got.message.ReceiveCount != 2 {
		t.Errorf("second delivery: got %v, receive count %d", got.settlement, got.message.ReceiveCount)
	}
	if got := log.String(); !strings.Contains(got, "index out of range") || !strings.Contains(got, "consumer_test.go") {
		t.Errorf("the log names neither panic nor place:\n%s", got)
	}
	if got := r.Counters().Panics; got != 1 {
		t.Errorf("panics: got %d, want 1", got)
	}
}

func TestFIFONothingOvertakesAHead(t *testing.T) {
	s := newStand(t, true)
	for _, body := range []string{"A1", "A2", "A3", "B1", "B2", "C1", "C2"} {
		s.send(body, queue.SendOptions{Group: body[:1], DeduplicationID: body})
	}
	var mu sync.Mutex
	got := map[string][]string{}
	r := s.consume(queue.ConsumerConfig{Concurrency: 3}, func(_ context.Context, m queue.Message) queue.Settlement {
		mu.Lock()
		defer mu.Unlock()
		got[m.Group] = append(got[m.Group], string(m.Body))
		switch {
		case string(m.Body) == "A1" && m.ReceiveCount == 1:
			return queue.Retry(time.Hour) // the group waits
		case string(m.Body) == "C1":
			return queue.DeadLetter("poison") // the group goes on
		}
		return queue.Delete()
	})
	for range 5 { // A1 put off, B1, B2, C1, C2
		if got := r.next(); got.err != nil {
			t.Error(got.err)
		}
	}
	s.server.Advance(time.Hour)
	for range 3 {
		if got := r.next(); got.err != nil {
			t.Error(got.err)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	want := map[string][]string{"A": {"A1", "A1", "A2", "A3"}, "B": {"B1", "B2"}, "C": {"C1", "C2"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

func TestConsumerRunsOnce(t *testing.T) {
	s := newStand(t, false)
	r := s.consume(queue.ConsumerConfig{}, always(queue.Delete()))
	r.stop()
	if err := r.end(); err != nil {
		t.Error(err)
	}
	if err := r.Run(t.Context(), always(queue.Delete())); err == nil {
		t.Error("a second Run was begun")
	}
}

func TestNewConsumerChecks(t *testing.T) {
	client := sqs.New(sqs.Options{Region: "us-east-1"})
	const url = "http://127.0.0.1/000000000000/jobs"
	for _, tt := range []struct {
		name string
		cfg  queue.ConsumerConfig
		want string // "" = accepted
	}{
		{"defaults", queue.ConsumerConfig{Client: client, QueueURL: url}, ""},
		{"no client", queue.ConsumerConfig{QueueURL: url}, "no SQS client"},
		{"no URL", queue.ConsumerConfig{Client: client}, "the queue URL is empty"},
		{"name only", queue.ConsumerConfig{Client: client, QueueURL: "jobs"}, "is not of the form"},
		{"no path", queue.ConsumerConfig{Client: client, QueueURL: "http://127.0.0.1/"}, "is not of the form"},
		{"bad dead letters", queue.ConsumerConfig{Client: client, QueueURL: url, DeadLetterURL: "x"}, "dead letters"},
		{"concurrency", queue.ConsumerConfig{Client: client, QueueURL: url, Concurrency: -1}, "concurrency -1"},
		{"visibility in ms", queue.ConsumerConfig{Client: client, QueueURL: url, Visibility: 1500 * time.Millisecond}, "visibility 1.5s"},
		{"visibility of days", queue.ConsumerConfig{Client: client, QueueURL: url, Visibility: 13 * time.Hour}, "visibility 13h"},
		{"slow heart", queue.ConsumerConfig{Client: client, QueueURL: url, Heartbeat: 15 * time.Second}, "heartbeat 15s"},
		{"long wait", queue.ConsumerConfig{Client: client, QueueURL: url, Wait: 21 * time.Second}, "wait 21s"},
		{"drain", queue.ConsumerConfig{Client: client, QueueURL: url, Drain: -1}, "drain -1ns"},
		{"stall", queue.ConsumerConfig{Client: client, QueueURL: url, Stall: time.Second}, "stall 1s"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := queue.NewConsumer(tt.cfg)
			if tt.want == "" {
				if err != nil {
					t.Error(err)
				}
			} else if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error: got %v, want one with %q", err, tt.want)
			}
		})
	}
	c, err := queue.NewConsumer(queue.ConsumerConfig{Client: client, QueueURL: url})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Run(t.Context(), nil); err == nil || errors.Is(err, queue.ErrAborted) {
		t.Errorf("no handler: got %v", err)
	}
}

// buffer is a log that may be written and read at the same time.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
