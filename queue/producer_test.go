package queue_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/google/go-cmp/cmp"

	localsqs "github.com/monthend/monthend/local/sqs"
	"github.com/monthend/monthend/queue"
)

func TestSendOnFIFO(t *testing.T) {
	s := newStand(t, true)
	first := s.send("one", queue.SendOptions{Group: "report/_", DeduplicationID: "request-1"})
	again := s.send("one", queue.SendOptions{Group: "report/_", DeduplicationID: "request-1"})
	if first == "" || again != first {
		t.Errorf("message ids of one request: got %q and %q, want the same", first, again)
	}
	got := s.receive(s.url)
	if len(got) != 1 || got[0].Attributes["MessageGroupId"] != "report/_" || got[0].Attributes["MessageDeduplicationId"] != "request-1" {
		t.Errorf("got %d messages, want one with its group and id", len(got))
	}
}

func TestSendOnStandardWithDelay(t *testing.T) {
	s := newStand(t, false)
	s.send("one", queue.SendOptions{Group: "report/tenant", DeduplicationID: "request-1", Delay: 90 * time.Second})
	s.server.Advance(89 * time.Second)
	if got := s.receive(s.url); len(got) != 0 {
		t.Errorf("got %d messages before the delay is over", len(got))
	}
	s.server.Advance(time.Second)
	if got := s.receive(s.url); len(got) != 1 {
		t.Errorf("got %d messages after the delay, want 1", len(got))
	}
}

func TestSendTakesALargeBody(t *testing.T) {
	s := newStand(t, false)
	body := strings.Repeat("x", queue.MaxBytes)
	s.send(body, queue.SendOptions{})
	if got := s.receive(s.url); len(got) != 1 || *got[0].Body != body {
		t.Error("a body of exactly 1 MiB did not come through")
	}
}

func TestSendRefuses(t *testing.T) {
	for _, tt := range []struct {
		name string
		fifo bool
		body []byte
		o    queue.SendOptions
		want string
	}{
		{"empty", false, nil, queue.SendOptions{}, "the body is empty"},
		{"too large", false, bytes.Repeat([]byte("x"), queue.MaxBytes+1), queue.SendOptions{}, "the body of 1048577 bytes is larger"},
		{"no text", false, []byte("a\xffb"), queue.SendOptions{}, "byte 1"},
		{"control character", false, []byte("ab\x00"), queue.SendOptions{}, "byte 2"},
		{"no group", true, []byte("x"), queue.SendOptions{}, "needs a message group"},
		{"delay on FIFO", true, []byte("x"), queue.SendOptions{Group: "g", Delay: time.Second}, "no delay for a single message"},
		{"long delay", false, []byte("x"), queue.SendOptions{Delay: time.Hour}, "delay 1h0m0s"},
		{"negative delay", false, []byte("x"), queue.SendOptions{Delay: -time.Second}, "delay -1s"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			url := "http://127.0.0.1/000000000000/jobs"
			if tt.fifo {
				url += ".fifo"
			}
			p, err := queue.NewProducer(queue.ProducerConfig{Client: sqs.New(sqs.Options{}), QueueURL: url})
			if err != nil {
				t.Fatal(err)
			}
			if p.FIFO() != tt.fifo {
				t.Errorf("FIFO: got %t", p.FIFO())
			}
			if _, err := p.Send(t.Context(), tt.body, tt.o); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error: got %v, want one with %q", err, tt.want)
			}
		})
	}
}

func TestInspect(t *testing.T) {
	s := newStand(t, true)
	s.send("x", queue.SendOptions{Group: "g", DeduplicationID: "1"})
	got, err := queue.Inspect(t.Context(), s.client, s.url)
	if err != nil {
		t.Fatal(err)
	}
	want := queue.Description{
		ARN: "arn:aws:sqs:us-east-1:000000000000:jobs.fifo", FIFO: true, Visibility: 30 * time.Second, Retention: 4 * 24 * time.Hour,
		DeadLetterARN: "arn:aws:sqs:us-east-1:000000000000:jobs-dead.fifo", MaxReceiveCount: 100, Waiting: 1,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("description (-want +got):\n%s", diff)
	}
}

func TestFailuresAreToldApart(t *testing.T) {
	s := newStand(t, false)
	closed, err := localsqs.Start(localsqs.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	denying := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `{"__type":"com.amazon.coral.service#AccessDeniedException","message":"no"}`)
	}))
	t.Cleanup(denying.Close)
	throttling := newStand(t, false)
	throttling.inject(localsqs.Fault{Kind: localsqs.Throttle})
	down := newStand(t, false)
	down.inject(localsqs.Fault{Kind: localsqs.Unavailable})
	anonymous := s.client.Options()
	anonymous.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{}, errors.New("no credentials anywhere")
	})
	for _, tt := range []struct {
		name   string
		client *sqs.Client
		url    string
		want   error
	}{
		{"no such queue", s.client, s.server.QueueURL("nothing"), queue.ErrNoQueue},
		{"nobody listens", newClient(t, closed.URL()), closed.QueueURL("jobs"), queue.ErrUnreachable},
		{"no such host", newClient(t, "http://queue.invalid"), "http://queue.invalid/000000000000/jobs", queue.ErrUnreachable},
		{"throttled", throttling.client, throttling.url, queue.ErrUnreachable},
		{"503", down.client, down.url, queue.ErrUnreachable},
		{"denied", newClient(t, denying.URL), denying.URL + "/000000000000/jobs", queue.ErrDenied},
		{"no credentials", sqs.New(anonymous), s.url, queue.ErrDenied},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := tt.client.Options()
			o.RetryMaxAttempts = 1
			client := sqs.New(o)
			if _, err := queue.Inspect(t.Context(), client, tt.url); !errors.Is(err, tt.want) {
				t.Errorf("Inspect: got %v, want %v", err, tt.want)
			}
			p, err := queue.NewProducer(queue.ProducerConfig{Client: client, QueueURL: tt.url})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := p.Send(t.Context(), []byte("x"), queue.SendOptions{}); !errors.Is(err, tt.want) {
				t.Errorf("Send: got %v, want %v", err, tt.want)
			}
		})
	}
}

func FuzzQueueURL(f *testing.F) {
	for _, seed := range []string{
		"", "jobs", "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs.fifo", "http://user:secret-word@127.0.0.1:9324/0/jobs",
		"http://user:secret-word@[::1/0/jobs", "http://127.0.0.1:port/0/jobs", "http:///0/jobs", "://", "http://h/%zz", "user:secret-word@host/0/jobs",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, url string) {
		_, err := queue.NewProducer(queue.ProducerConfig{Client: sqs.New(sqs.Options{}), QueueURL: url})
		if err != nil && strings.Contains(url, "secret-word@") && strings.Contains(err.Error(), "secret-word") {
			t.Errorf("the error shows the password: %v", err)
		}
	})
}
