package main

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/monthend/monthend/local/sqs"
)

// A poll loop that stays silent ends the process; one that was only frozen with it does not.
func TestStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ended []error
		s := &stall{end: func(err error) { ended = append(ended, err) }}

		s.silent(10 * time.Minute)   // thawed
		<-time.After(stallGrace / 2) // of the bubble's clock, as all here
		s.tick()
		<-time.After(time.Hour)
		if len(ended) != 0 {
			t.Fatalf("got %v, want nothing to end: it ticks again", ended)
		}

		s.silent(time.Minute)
		s.silent(2 * time.Minute)
		<-time.After(stallGrace)
		synctest.Wait()
		if len(ended) != 1 || !strings.Contains(ended[0].Error(), "has not ticked for 1m30s") {
			t.Errorf("got %v, want one end after 1m30s", ended)
		}
	})
}

// A worker whose poll loop is dead ends with an error, so that it is started anew.
func TestWorkEndsWhenStalled(t *testing.T) {
	server, err := sqs.Start(sqs.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	cfg := aws.Config{
		Region: "eu-central-1", BaseEndpoint: aws.String(server.URL()), Credentials: credentials.NewStaticCredentialsProvider("x", "x", ""),
	}
	made, err := awssqs.NewFromConfig(cfg).CreateQueue(t.Context(), &awssqs.CreateQueueInput{QueueName: aws.String("jobs")})
	if err != nil {
		t.Fatal(err)
	}
	w, err := newWorker(settings{QueueURL: *made.QueueUrl, Concurrency: 1}, cfg, &rooms{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	dead, end := context.WithCancelCause(t.Context())
	w.stalled = dead
	end(&stallError{silent: 90 * time.Second})
	var got *stallError
	if err := w.work(t.Context(), context.WithoutCancel(t.Context())); !errors.As(err, &got) {
		t.Errorf("got %v, want a stall", err)
	}
}
