package queue_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	localsqs "github.com/monthend/monthend/local/sqs"
	"github.com/monthend/monthend/queue"
)

// patience is how long a test waits for something that should come at once: never reached when all is well, however busy the
// machine.
const patience = 90 * time.Second

// stand is a real queue server with one queue and its dead-letter queue.
type stand struct {
	tb     testing.TB
	server *localsqs.Server
	client *sqs.Client
	url    string
	dead   string // URL of the dead-letter queue
}

// newStand sets up the queue "jobs" ("jobs.fifo" when fifo), visibility timeout 30 s, with a redrive policy to "jobs-dead".
func newStand(tb testing.TB, fifo bool) *stand {
	tb.Helper()
	server, err := localsqs.Start(localsqs.Config{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := server.Close(); err != nil {
			tb.Error(err)
		}
	})
	s := &stand{tb: tb, server: server, client: newClient(tb, server.URL())}
	s.dead = s.create("jobs-dead", fifo, nil)
	policy := fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":"100"}`, s.arn(s.dead))
	s.url = s.create("jobs", fifo, map[string]string{"RedrivePolicy": policy})
	return s
}

// newClient speaks to the endpoint over connections of its own, closed at the test's end.
func newClient(tb testing.TB, endpoint string) *sqs.Client {
	transport := &http.Transport{MaxIdleConnsPerHost: 32}
	tb.Cleanup(transport.CloseIdleConnections)
	return sqs.New(sqs.Options{
		Region:       "us-east-1",
		BaseEndpoint: &endpoint,
		Credentials:  credentials.NewStaticCredentialsProvider("id", "secret", ""),
		HTTPClient:   &http.Client{Transport: transport},
	})
}

func (s *stand) create(name string, fifo bool, attributes map[string]string) string {
	s.tb.Helper()
	if fifo {
		name += ".fifo"
		if attributes == nil {
			attributes = map[string]string{}
		}
		attributes["FifoQueue"] = "true"
	}
	out, err := s.client.CreateQueue(s.tb.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
	if err != nil {
		s.tb.Fatal(err)
	}
	return *out.QueueUrl
}

func (s *stand) arn(url string) string {
	s.tb.Helper()
	d, err := queue.Inspect(s.tb.Context(), s.client, url)
	if err != nil {
		s.tb.Fatal(err)
	}
	return d.ARN
}

// send puts a message on the queue and returns its id.
func (s *stand) send(body string, o queue.SendOptions) string {
	s.tb.Helper()
	p, err := queue.NewProducer(queue.ProducerConfig{Client: s.client, QueueURL: s.url})
	if err != nil {
		s.tb.Fatal(err)
	}
	id, err := p.Send(s.tb.Context(), []byte(body), o)
	if err != nil {
		s.tb.Fatal(err)
	}
	return id
}

// receive takes what is receivable now, without waiting, up to ten messages.
func (s *stand) receive(url string) []types.Message { return s.await(url, 0) }

// await takes what is receivable within the given seconds.
func (s *stand) await(url string, seconds int32) []types.Message {
	s.tb.Helper()
	out, err := s.client.ReceiveMessage(s.tb.Context(), &sqs.ReceiveMessageInput{
		QueueUrl: &url, MaxNumberOfMessages: 10, WaitTimeSeconds: seconds,
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll},
		MessageAttributeNames:       []string{"All"},
	})
	if err != nil {
		s.tb.Fatal(err)
	}
	return out.Messages
}

// counts are the messages of the queue: receivable and in flight.
func (s *stand) counts() [2]int {
	s.tb.Helper()
	d, err := queue.Inspect(s.tb.Context(), s.client, s.url)
	if err != nil {
		s.tb.Fatal(err)
	}
	return [2]int{d.Waiting, d.InFlight}
}

// nobodyWaits returns when the server has seen the end of every long poll: it hears of a closed connection a moment later
// than the one who closed it, and until then may hand it a message.
func (s *stand) nobodyWaits() {
	s.tb.Helper()
	for end := time.Now().Add(patience); s.server.Waiting() > 0; s.counts() {
		if time.Now().After(end) {
			s.tb.Fatalf("a poll still waits after %s", patience)
		}
	}
}

// settled is one call of OnSettle.
type settled struct {
	message    queue.Message
	settlement queue.Settlement
	err        error
}

// running is a consumer at work.
type running struct {
	*queue.Consumer
	tb      testing.TB
	stop    context.CancelFunc // the first signal
	settled chan settled
	ended   chan error // what Run returned
}

// consume runs a consumer of the queue until the test ends.
func (s *stand) consume(cfg queue.ConsumerConfig, handler queue.Handler) *running {
	s.tb.Helper()
	if cfg.Client == nil {
		cfg.Client = s.client
	}
	if cfg.QueueURL == "" {
		cfg.QueueURL = s.url
	}
	r := &running{tb: s.tb, settled: make(chan settled, 1000), ended: make(chan error, 1)}
	cfg.OnSettle = func(m queue.Message, how queue.Settlement, err error) { r.settled <- settled{m, how, err} }
	c, err := queue.NewConsumer(cfg)
	if err != nil {
		s.tb.Fatal(err)
	}
	r.Consumer = c
	ctx, cancel := context.WithCancel(context.Background())
	r.stop = cancel
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		r.ended <- c.Run(ctx, handler)
	}()
	s.tb.Cleanup(func() {
		c.Abort()
		cancel()
		<-finished
	})
	return r
}

// next is the next settlement.
func (r *running) next() settled {
	r.tb.Helper()
	return take(r.tb, r.settled, "a settlement")
}

// end is what Run returned.
func (r *running) end() error {
	r.tb.Helper()
	return take(r.tb, r.ended, "the end of Run")
}

func take[T any](tb testing.TB, from <-chan T, what string) T {
	tb.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		tb.Fatalf("waited %s for %s", patience, what)
		panic("unreachable")
	}
}

// always answers every message with s.
func always(s queue.Settlement) queue.Handler {
	return func(context.Context, queue.Message) queue.Settlement { return s }
}

// watchOperations calls seen with the name of each SQS operation before it is sent, and with its error after it.
func watchOperations(client *sqs.Client, before func(operation string), after func(operation string)) *sqs.Client {
	o := client.Options()
	inner := o.HTTPClient
	o.HTTPClient = roundTrip(func(r *http.Request) (*http.Response, error) {
		_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		if before != nil {
			before(operation)
		}
		response, err := inner.Do(r)
		if after != nil {
			after(operation)
		}
		return response, err
	})
	return sqs.New(o)
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) Do(r *http.Request) (*http.Response, error) { return f(r) }
