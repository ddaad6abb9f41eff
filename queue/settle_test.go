package queue_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/queue"
)

func TestDelete(t *testing.T) {
	s := newStand(t, false)
	id := s.send("job", queue.SendOptions{})
	r := s.consume(queue.ConsumerConfig{}, always(queue.Delete()))
	got := r.next()
	if got.err != nil || got.message.ID != id || got.settlement.String() != "delete" {
		t.Errorf("settled %+v, want message %s deleted", got, id)
	}
	if got, want := s.counts(), [2]int{0, 0}; got != want {
		t.Errorf("waiting and in flight: got %v, want %v", got, want)
	}
	if got := r.Counters(); got.Received != 1 || got.Deleted != 1 {
		t.Errorf("counters: got %+v", got)
	}
}

func TestRetryComesBackAfterItsDelay(t *testing.T) {
	s := newStand(t, false)
	s.send("job", queue.SendOptions{})
	r := s.consume(queue.ConsumerConfig{}, always(queue.Retry(10*time.Minute)))
	if got := r.next(); got.err != nil {
		t.Fatal(got.err)
	}
	r.stop()
	if err := r.end(); err != nil {
		t.Fatal(err)
	}
	s.server.Advance(9*time.Minute + 50*time.Second)
	if got := s.receive(s.url); len(got) != 0 {
		t.Errorf("got %d messages ten seconds early", len(got))
	}
	s.server.Advance(10 * time.Second)
	if got := s.receive(s.url); len(got) != 1 {
		t.Errorf("got %d messages after the delay, want 1", len(got))
	}
}

func TestRetryKeepsToTheLimitOfSQS(t *testing.T) {
	s := newStand(t, false)
	s.send("job", queue.SendOptions{})
	r := s.consume(queue.ConsumerConfig{}, always(queue.Retry(1000*time.Hour)))
	if got := r.next(); got.err != nil {
		t.Fatal(got.err)
	}
	r.stop()
	if err := r.end(); err != nil {
		t.Fatal(err)
	}
	s.server.Advance(11*time.Hour + 58*time.Minute)
	if got := s.receive(s.url); len(got) != 0 {
		t.Errorf("got %d messages early", len(got))
	}
	s.server.Advance(2 * time.Minute)
	if got := s.receive(s.url); len(got) != 1 {
		t.Errorf("got %d messages after 12 h, want 1", len(got))
	}
}

func TestLeaveTouchesNothing(t *testing.T) {
	s := newStand(t, false)
	s.send("job", queue.SendOptions{})
	calls := make(chan string, 100)
	client := watchOperations(s.client, func(operation string) { calls <- operation }, nil)
	r := s.consume(queue.ConsumerConfig{Client: client}, always(queue.Settlement{}))
	if got := r.next(); got.err != nil || got.settlement != queue.Leave() {
		t.Errorf("settled %+v, want leave", got)
	}
	r.stop()
	if err := r.end(); err != nil {
		t.Fatal(err)
	}
	if got, want := s.counts(), [2]int{0, 1}; got != want {
		t.Errorf("waiting and in flight: got %v, want %v", got, want)
	}
	s.server.Advance(15 * time.Second)
	if got := s.receive(s.url); len(got) != 1 {
		t.Errorf("got %d messages after the visibility timeout, want 1", len(got))
	}
	for len(calls) > 0 {
		if call := <-calls; call != "ReceiveMessage" {
			t.Errorf("%s was called", call)
		}
	}
}

func TestDeadLetterKeepsBodyHeaderAttributesAndReason(t *testing.T) {
	for _, configured := range []bool{false, true} {
		t.Run(fmt.Sprintf("configured=%t", configured), func(t *testing.T) {
			s := newStand(t, false)
			const header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
			sent, err := s.client.SendMessage(t.Context(), &sqs.SendMessageInput{
				QueueUrl: &s.url, MessageBody: aws.String("{not json"),
				MessageAttributes: map[string]types.MessageAttributeValue{
					"asked-by": {DataType: aws.String("String"), StringValue: aws.String("Žofie")},
					"priority": {DataType: aws.String("Number"), StringValue: aws.String("7")},
					"blob":     {DataType: aws.String("Binary"), BinaryValue: []byte{0, 1, 2}},
				},
				MessageSystemAttributes: map[string]types.MessageSystemAttributeValue{
					"AWSTraceHeader": {DataType: aws.String("String"), StringValue: aws.String(header)},
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			cfg := queue.ConsumerConfig{}
			if configured {
				cfg.DeadLetterURL = s.create("elsewhere", false, nil)
				s.dead = cfg.DeadLetterURL
			}
			r := s.consume(cfg, always(queue.DeadLetter("bad job: line 1: \x00 invalid character 'n'")))
			if got := r.next(); got.err != nil {
				t.Fatal(got.err)
			}
			if got, want := s.counts(), [2]int{0, 0}; got != want {
				t.Errorf("waiting and in flight: got %v, want %v", got, want)
			}
			letters := s.receive(s.dead)
			if len(letters) != 1 {
				t.Fatalf("got %d dead letters, want 1", len(letters))
			}
			if got := *letters[0].Body; got != "{not json" {
				t.Errorf("body: got %q", got)
			}
			if got := letters[0].Attributes["AWSTraceHeader"]; got != header {
				t.Errorf("trace header: got %q, want %q", got, header)
			}
			got := map[string]string{}
			for name, value := range letters[0].MessageAttributes {
				got[name] = *value.DataType + " " + aws.ToString(value.StringValue) + string(value.BinaryValue)
			}
			want := map[string]string{
				"asked-by":             "String Žofie",
				"priority":             "Number 7",
				"blob":                 "Binary \x00\x01\x02",
				queue.ReasonAttribute:  "String bad job: line 1: \uFFFD invalid character 'n'",
				queue.MessageAttribute: "String " + *sent.MessageId,
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("attributes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDeadLetterOnFIFOKeepsGroupAndIsSwallowedTwice(t *testing.T) {
	s := newStand(t, true)
	id := s.send("poison", queue.SendOptions{Group: "monthly-financials/_", DeduplicationID: "request-1"})
	r := s.consume(queue.ConsumerConfig{}, always(queue.DeadLetter("bad job")))
	if got := r.next(); got.err != nil {
		t.Fatal(got.err)
	}
	letters := s.receive(s.dead)
	if len(letters) != 1 {
		t.Fatalf("got %d dead letters, want 1", len(letters))
	}
	got := []string{letters[0].Attributes["MessageGroupId"], letters[0].Attributes["MessageDeduplicationId"]}
	if diff := cmp.Diff([]string{"monthly-financials/_", id}, got); diff != "" {
		t.Errorf("group and deduplication id (-want +got):\n%s", diff)
	}
}

func TestDeadLetterOfAFullMessage(t *testing.T) {
	ten := map[string]types.MessageAttributeValue{}
	for i := range 10 {
		ten[fmt.Sprintf("attribute-%d", i)] = types.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String("x")}
	}
	for _, tt := range []struct {
		name       string
		body       string
		attributes map[string]types.MessageAttributeValue
		reason     string
		want       []string // attributes of the dead letter
	}{
		{"ten attributes", "body", ten, "bad job", []string{"attribute-0", "attribute-1", "attribute-2", "attribute-3",
			"attribute-4", "attribute-5", "attribute-6", "attribute-7", "dead_letter_message_id", "dead_letter_reason"}},
		{"no room", strings.Repeat("x", queue.MaxBytes), nil, "bad job", nil},
		{"no reason", "body", nil, "", []string{"dead_letter_message_id", "dead_letter_reason"}},
		{"long reason", "body", nil, strings.Repeat("日本", 10_000), []string{"dead_letter_message_id", "dead_letter_reason"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newStand(t, false)
			if _, err := s.client.SendMessage(t.Context(), &sqs.SendMessageInput{
				QueueUrl: &s.url, MessageBody: &tt.body, MessageAttributes: tt.attributes,
			}); err != nil {
				t.Fatal(err)
			}
			r := s.consume(queue.ConsumerConfig{}, always(queue.DeadLetter(tt.reason)))
			if got := r.next(); got.err != nil {
				t.Fatal(got.err)
			}
			letters := s.receive(s.dead)
			if len(letters) != 1 || *letters[0].Body != tt.body {
				t.Fatalf("got %d dead letters, want 1 with the whole body", len(letters))
			}
			got := slices.Sorted(maps.Keys(letters[0].MessageAttributes))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("attributes (-want +got):\n%s", diff)
			}
			if reason := letters[0].MessageAttributes[queue.ReasonAttribute]; len(aws.ToString(reason.StringValue)) > 1024 {
				t.Errorf("the reason has %d bytes, want at most 1,024", len(*reason.StringValue))
			}
		})
	}
}

// A dead-letter queue may take less than the queue does: what is too much goes, the body stays.
func TestDeadLetterThatIsRefusedIsSentBare(t *testing.T) {
	s := newStand(t, false)
	narrow := s.create("narrow", false, map[string]string{"MaximumMessageSize": "1024"})
	body := strings.Repeat("x", 800)
	if _, err := s.client.SendMessage(t.Context(), &sqs.SendMessageInput{
		QueueUrl: &s.url, MessageBody: &body,
		MessageAttributes: map[string]types.MessageAttributeValue{
			"note": {DataType: aws.String("String"), StringValue: aws.String(strings.Repeat("n", 500))},
		},
	}); err != nil {
		t.Fatal(err)
	}
	r := s.consume(queue.ConsumerConfig{DeadLetterURL: narrow}, always(queue.DeadLetter("bad job")))
	if got := r.next(); got.err != nil {
		t.Fatal(got.err)
	}
	got := s.receive(narrow)
	if len(got) != 1 || *got[0].Body != body || len(got[0].MessageAttributes) != 2 {
		t.Errorf("got %d dead letters, want one with its body and two attributes", len(got))
	}
}

func TestDeadLetterWithoutQueuePutsOff(t *testing.T) {
	s := newStand(t, false)
	s.url = s.create("orphan", false, nil)
	s.send("poison", queue.SendOptions{})
	r := s.consume(queue.ConsumerConfig{}, always(queue.DeadLetter("bad job")))
	got := r.next()
	if got.err == nil || !strings.Contains(got.err.Error(), "no dead-letter queue") {
		t.Errorf("error: got %v, want one that says that there is no dead-letter queue", got.err)
	}
	r.stop()
	if err := r.end(); err != nil {
		t.Fatal(err)
	}
	s.server.Advance(59 * time.Minute)
	if got := s.receive(s.url); len(got) != 0 {
		t.Errorf("got %d messages before the hour is over", len(got))
	}
	s.server.Advance(time.Minute)
	if got := s.receive(s.url); len(got) != 1 {
		t.Errorf("got %d messages after an hour, want 1: it must not be lost", len(got))
	}
}
