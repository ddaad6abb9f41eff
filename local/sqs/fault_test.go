package sqs_test

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/monthend/monthend/local/sqs"
)

func TestFault(t *testing.T) {
	t.Run("throttle refuses and nothing happens", func(t *testing.T) {
		server, client := start(t, sqs.Config{})
		q := newQueue(t, client, "q", nil)
		fault := inject(t, server, sqs.Fault{Kind: sqs.Throttle, Operation: "SendMessage", Count: 1})
		_, err := client.SendMessage(t.Context(), &awssqs.SendMessageInput{QueueUrl: &q.url, MessageBody: aws.String("a")})
		if throttled := (*types.RequestThrottled)(nil); !errors.As(err, &throttled) {
			t.Fatalf("got %v", err)
		}
		if got := q.receive(0); len(got) != 0 {
			t.Fatal("it happened")
		}
		q.send("b")
		if fault.Struck() != 1 {
			t.Fatalf("struck %d times", fault.Struck())
		}
	})
	t.Run("an SDK retries what is throttled", func(t *testing.T) {
		server, _ := start(t, sqs.Config{})
		inject(t, server, sqs.Fault{Kind: sqs.Throttle, Count: 2})
		_, client := start(t, sqs.Config{})
		options := client.Options()
		options.BaseEndpoint = aws.String(server.URL())
		options.Retryer = nil
		newQueue(t, awssqs.New(options), "q", nil)
	})
	t.Run("unavailable is a 503", func(t *testing.T) {
		server, client := start(t, sqs.Config{})
		inject(t, server, sqs.Fault{Kind: sqs.Unavailable})
		_, err := client.ListQueues(t.Context(), &awssqs.ListQueuesInput{})
		if e := (*smithyhttp.ResponseError)(nil); !errors.As(err, &e) || e.HTTPStatusCode() != 503 {
			t.Fatalf("got %v", err)
		}
	})
	t.Run("denied comes before any parameter", func(t *testing.T) {
		server, client := start(t, sqs.Config{})
		q := newQueue(t, client, "q", nil)
		inject(t, server, sqs.Fault{Kind: sqs.Denied, Operation: "SendMessage"})
		_, err := client.SendMessage(t.Context(), &awssqs.SendMessageInput{QueueUrl: &q.url, MessageBody: aws.String("")})
		if e := smithy.APIError(nil); !errors.As(err, &e) || e.ErrorCode() != "AccessDenied" {
			t.Fatalf("got %v", err)
		}
		if got := q.receive(0); len(got) != 0 {
			t.Fatal("it happened")
		}
	})
	t.Run("a slow answer comes after the effect", func(t *testing.T) {
		server, client := start(t, sqs.Config{})
		q := newQueue(t, client, "q", nil)
		inject(t, server, sqs.Fault{Kind: sqs.Slow, Operation: "SendMessage", Delay: 300 * time.Millisecond, Count: 1})
		began := time.Now()
		got := q.poll()
		q.send("m")
		waited := time.Since(began)
		if len(<-got) != 1 || waited < 300*time.Millisecond {
			t.Fatalf("answered after %v", waited)
		}
	})
	t.Run("a lost answer follows the effect", func(t *testing.T) {
		server, client := start(t, sqs.Config{})
		q := newQueue(t, client, "q", nil)
		inject(t, server, sqs.Fault{Kind: sqs.Lost, Operation: "SendMessage", Count: 1})
		if _, err := client.SendMessage(t.Context(), &awssqs.SendMessageInput{QueueUrl: &q.url, MessageBody: aws.String("m")}); err == nil {
			t.Fatal("answered")
		}
		if got := q.receive(0); len(got) != 1 {
			t.Fatal("it did not happen")
		}
	})
	t.Run("a lost receive leaves its message in flight", func(t *testing.T) {
		server, client := start(t, sqs.Config{})
		q := newQueue(t, client, "q", nil)
		q.send("m")
		inject(t, server, sqs.Fault{Kind: sqs.Lost, Operation: "ReceiveMessage", Count: 1})
		if _, err := client.ReceiveMessage(t.Context(), &awssqs.ReceiveMessageInput{QueueUrl: &q.url}); err == nil {
			t.Fatal("answered")
		}
		if got := q.count("ApproximateNumberOfMessagesNotVisible"); got != "1" {
			t.Fatalf("%s in flight", got)
		}
	})
	t.Run("a duplicate outlives the first delivery", func(t *testing.T) {
		server, client := start(t, sqs.Config{})
		q := newQueue(t, client, "q", nil)
		inject(t, server, sqs.Fault{Kind: sqs.Duplicate, Count: 1})
		out := q.send("m")
		first := q.receive(0)[0]
		if err := q.delete(first.ReceiptHandle); err != nil {
			t.Fatal(err)
		}
		second := q.receive(0)
		if len(second) != 1 || *second[0].MessageId != *out.MessageId || *second[0].ReceiptHandle == *first.ReceiptHandle {
			t.Fatalf("got %v", second)
		}
		if err := q.delete(second[0].ReceiptHandle); err != nil {
			t.Fatal(err)
		}
		if got := q.count("ApproximateNumberOfMessages"); got != "0" {
			t.Fatalf("%s left", got)
		}
	})
	t.Run("a FIFO queue neither duplicates nor reorders", func(t *testing.T) {
		server, client := start(t, sqs.Config{})
		q := newQueue(t, client, "q.fifo", map[string]string{"FifoQueue": "true", "ContentBasedDeduplication": "true"})
		inject(t, server, sqs.Fault{Kind: sqs.Duplicate})
		inject(t, server, sqs.Fault{Kind: sqs.Reorder})
		for i := range 20 {
			q.sendTo("g", strconv.Itoa(i))
		}
		for i := range 20 {
			got := q.receive(0)
			if *got[0].Body != strconv.Itoa(i) {
				t.Fatalf("got %q, want %d", *got[0].Body, i)
			}
			if err := q.delete(got[0].ReceiptHandle); err != nil {
				t.Fatal(err)
			}
		}
		if got := q.receive(0); len(got) != 0 {
			t.Fatal("duplicated")
		}
	})
	t.Run("reordering delivers all, in another order, the same for a seed", func(t *testing.T) {
		order := func(seed uint64) (all string) {
			server, client := start(t, sqs.Config{Seed: seed})
			q := newQueue(t, client, "q", nil)
			for i := range 10 {
				q.send(strconv.Itoa(i))
			}
			inject(t, server, sqs.Fault{Kind: sqs.Reorder})
			for range 10 {
				all += *q.receive(0)[0].Body
			}
			return all
		}
		one, same, two := order(1), order(1), order(2)
		if len(one) != 10 || one == "0123456789" || one != same || one == two {
			t.Fatalf("got %q, %q and %q", one, same, two)
		}
	})
	t.Run("a fault strikes its queue, after some, so often, until it is removed", func(t *testing.T) {
		server, client := start(t, sqs.Config{})
		q, other := newQueue(t, client, "q", nil), newQueue(t, client, "other", nil)
		fault := inject(t, server, sqs.Fault{Kind: sqs.Throttle, Operation: "SendMessage", Queue: "q", After: 1, Count: 2})
		send := func() error {
			_, err := client.SendMessage(t.Context(), &awssqs.SendMessageInput{QueueUrl: &q.url, MessageBody: aws.String("m")})
			return err
		}
		other.send("m")
		for i, want := range []bool{true, false, false, true} {
			if err := send(); (err == nil) != want {
				t.Fatalf("send %d: %v", i, err)
			}
		}
		fault.Remove()
		if always := inject(t, server, sqs.Fault{Kind: sqs.Throttle}); send() == nil || always.Struck() != 1 {
			t.Fatal("no strike")
		}
	})
	t.Run("a probability strikes some", func(t *testing.T) {
		server, client := start(t, sqs.Config{Seed: 7})
		fault := inject(t, server, sqs.Fault{Kind: sqs.Throttle, Probability: 0.5})
		for range 100 {
			_, _ = client.ListQueues(t.Context(), &awssqs.ListQueuesInput{}) // half of them fail, as asked
		}
		if n := fault.Struck(); n < 30 || n > 70 {
			t.Fatalf("struck %d of 100", n)
		}
	})
	for name, f := range map[string]sqs.Fault{
		"ErrKind":        {Kind: "flood"},
		"ErrOperation":   {Kind: sqs.Lost, Operation: "Sing"},
		"ErrDelivery":    {Kind: sqs.Duplicate, Operation: "SendMessage"},
		"ErrProbability": {Kind: sqs.Lost, Probability: 1.5},
		"ErrCount":       {Kind: sqs.Lost, Count: -1},
		"ErrNoDelay":     {Kind: sqs.Slow},
		"ErrDelay":       {Kind: sqs.Lost, Delay: time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			server, _ := start(t, sqs.Config{})
			if _, err := server.Inject(f); err == nil {
				t.Fatal("accepted")
			}
		})
	}
}

func inject(t *testing.T, server *sqs.Server, f sqs.Fault) *sqs.Injection {
	t.Helper()
	i, err := server.Inject(f)
	if err != nil {
		t.Fatal(err)
	}
	return i
}
