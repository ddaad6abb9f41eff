package queue_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"

	localsqs "github.com/monthend/monthend/local/sqs"
	"github.com/monthend/monthend/queue"
)

const sentHeader = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"

// deadLetters opens the dead letters of the stand's queue.
func (s *stand) deadLetters() *queue.DeadLetters {
	s.tb.Helper()
	d, err := queue.OpenDeadLetters(s.tb.Context(), queue.DeadLettersConfig{Client: s.client, QueueURL: s.url})
	if err != nil {
		s.tb.Fatal(err)
	}
	return d
}

// bury puts a message among the dead letters, as anybody might.
func (s *stand) bury(body, group string) {
	s.tb.Helper()
	input := &sqs.SendMessageInput{QueueUrl: &s.dead, MessageBody: &body}
	if group != "" {
		input.MessageGroupId, input.MessageDeduplicationId = &group, &body
	}
	if _, err := s.client.SendMessage(s.tb.Context(), input); err != nil {
		s.tb.Fatal(err)
	}
}

// bodies browses and keeps.
func bodies(tb testing.TB, d *queue.DeadLetters, limit int) ([]string, int) {
	tb.Helper()
	var got []string
	more, err := d.Browse(tb.Context(), limit, func(_ context.Context, l queue.Letter) (queue.Verdict, error) {
		got = append(got, string(l.Body))
		return queue.Keep, nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return got, more
}

// A look hides nothing and loses nothing, however often, and says what it did not reach.
func TestBrowseKeeps(t *testing.T) {
	s := newStand(t, false)
	d := s.deadLetters()
	for i := range 23 {
		s.bury(fmt.Sprint(i), "")
	}
	for range 3 {
		if got, more := bodies(t, d, 0); len(got) != 23 || more != 0 {
			t.Errorf("got %d letters and %d more, want all 23", len(got), more)
		}
	}
	if got, more := bodies(t, d, 15); len(got) != 15 || more != 8 {
		t.Errorf("got %d letters and %d more, want 15 and 8", len(got), more)
	}
	if got := s.receive(s.dead); len(got) != 10 {
		t.Errorf("got %d letters, want a full batch visible", len(got))
	}
	if got, more := bodies(t, d, 0); len(got) != 13 || more != 10 {
		t.Errorf("got %d letters and %d more, want 13 and 10 that another is looking at", len(got), more)
	}
}

func TestBrowsePutsBackOnErrorAndCancel(t *testing.T) {
	s := newStand(t, false)
	d := s.deadLetters()
	for i := range 5 {
		s.bury(fmt.Sprint(i), "")
	}
	why := errors.New("why")
	_, err := d.Browse(t.Context(), 0, func(context.Context, queue.Letter) (queue.Verdict, error) { return queue.Keep, why })
	if !errors.Is(err, why) {
		t.Errorf("got %v, want the look's error", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err = d.Browse(ctx, 0, func(ctx context.Context, _ queue.Letter) (queue.Verdict, error) {
		cancel()
		return queue.Keep, ctx.Err()
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the end of the context", err)
	}
	seen := 0
	_, err = d.Browse(t.Context(), 0, func(context.Context, queue.Letter) (queue.Verdict, error) {
		seen++
		return queue.Remove, queue.ErrEnough
	})
	if err != nil || seen != 1 {
		t.Errorf("got %d letters, %v; want one and enough", seen, err)
	}
	if got := s.receive(s.dead); len(got) != 4 {
		t.Errorf("got %d letters, want the other 4 visible", len(got))
	}
}

// A letter that SQS delivers twice is looked at once, and removed for good.
func TestBrowseDuplicates(t *testing.T) {
	s := newStand(t, false)
	d := s.deadLetters()
	for i := range 4 {
		s.bury(fmt.Sprint(i), "")
	}
	if _, err := s.server.Inject(localsqs.Fault{Kind: localsqs.Duplicate, Count: 4}); err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	_, err := d.Browse(t.Context(), 0, func(_ context.Context, l queue.Letter) (queue.Verdict, error) {
		seen[string(l.Body)]++
		return queue.Remove, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]int{"0": 1, "1": 1, "2": 1, "3": 1}, seen); diff != "" {
		t.Errorf("looks (-want +got):\n%s", diff)
	}
	if got, more := bodies(t, d, 0); len(got) != 0 || more != 0 {
		t.Errorf("got %v and %d more, want nothing left", got, more)
	}
}

// Behind the first ten of a group nothing can be had; removing them brings the others, in their order.
func TestBrowseFIFO(t *testing.T) {
	s := newStand(t, true)
	d := s.deadLetters()
	var want []string
	for i := range 14 {
		want = append(want, fmt.Sprintf("a%02d", i))
		s.bury(want[i], "a")
	}
	s.bury("b00", "b")
	got, more := bodies(t, d, 0)
	if len(got) != 11 || more != 4 {
		t.Errorf("got %v and %d more, want ten of a, one of b, four more", got, more)
	}
	var order []string
	_, err := d.Browse(t.Context(), 0, func(_ context.Context, l queue.Letter) (queue.Verdict, error) {
		if l.Group == "a" {
			order = append(order, string(l.Body))
		}
		return queue.Remove, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, order); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

// A dead letter of a consumer goes back with its header, its group and its sender's attributes, and without what made it one.
func TestRedrive(t *testing.T) {
	for _, fifo := range []bool{false, true} {
		t.Run(fmt.Sprintf("fifo=%v", fifo), func(t *testing.T) {
			s := newStand(t, fifo)
			input := &sqs.SendMessageInput{
				QueueUrl: &s.url, MessageBody: aws.String("job"),
				MessageAttributes: map[string]types.MessageAttributeValue{"colour": {DataType: aws.String("String.custom"), StringValue: aws.String("red")}},
				MessageSystemAttributes: map[string]types.MessageSystemAttributeValue{
					"AWSTraceHeader": {DataType: aws.String("String"), StringValue: aws.String(sentHeader)},
				},
			}
			if fifo {
				input.MessageGroupId, input.MessageDeduplicationId = aws.String("g"), aws.String("first")
			}
			sent, err := s.client.SendMessage(t.Context(), input)
			if err != nil {
				t.Fatal(err)
			}
			r := s.consume(queue.ConsumerConfig{}, always(queue.DeadLetter("no such report")))
			r.next()
			r.stop()
			if err := r.end(); err != nil {
				t.Fatal(err)
			}
			s.nobodyWaits()

			d := s.deadLetters()
			var id string
			_, err = d.Browse(t.Context(), 0, func(ctx context.Context, l queue.Letter) (queue.Verdict, error) {
				if l.Reason() != "no such report" || l.OriginalID() != *sent.MessageId || l.ID == *sent.MessageId {
					t.Errorf("got reason %q and original id %q", l.Reason(), l.OriginalID())
				}
				var err error
				id, err = d.Redrive(ctx, l, []byte("better job"), "second")
				return queue.Remove, err
			})
			if err != nil {
				t.Fatal(err)
			}
			again := s.receive(s.url)
			if len(again) != 1 || *again[0].MessageId != id || *again[0].Body != "better job" {
				t.Fatalf("got %+v, want the better job under %q", again, id)
			}
			m := again[0]
			if got := m.Attributes["AWSTraceHeader"]; got != sentHeader {
				t.Errorf("got header %q, want %q", got, sentHeader)
			}
			if colour := m.MessageAttributes["colour"]; len(m.MessageAttributes) != 1 || *colour.DataType != "String.custom" || *colour.StringValue != "red" {
				t.Errorf("got attributes %v, want the sender's own", m.MessageAttributes)
			}
			if fifo && (m.Attributes["MessageGroupId"] != "g" || m.Attributes["MessageDeduplicationId"] != "second") {
				t.Errorf("got %v, want group g and the new deduplication id", m.Attributes)
			}
			if left := s.receive(s.dead); len(left) != 0 {
				t.Errorf("got %d dead letters, want none", len(left))
			}
		})
	}
}

// What SQS moved from another queue that shares the dead letters stays where it is.
func TestRedriveForeign(t *testing.T) {
	s := newStand(t, false)
	other := s.create("other", false, map[string]string{
		"RedrivePolicy": fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":"1"}`, s.arn(s.dead)), "VisibilityTimeout": "1"})
	if _, err := s.client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &other, MessageBody: aws.String("theirs")}); err != nil {
		t.Fatal(err)
	}
	s.receive(other)
	s.server.Advance(time.Minute)
	s.receive(other)
	d := s.deadLetters()
	_, err := d.Browse(t.Context(), 0, func(ctx context.Context, l queue.Letter) (queue.Verdict, error) {
		if l.Reason() != "received too often" {
			t.Errorf("got reason %q", l.Reason())
		}
		_, err := d.Redrive(ctx, l, l.Body, "")
		return queue.Keep, err
	})
	if !errors.Is(err, queue.ErrForeign) {
		t.Errorf("got %v, want ErrForeign", err)
	}
	if got, _ := bodies(t, d, 0); len(got) != 1 {
		t.Errorf("got %v, want it kept", got)
	}
}

func TestOpenDeadLetters(t *testing.T) {
	s := newStand(t, false)
	none := s.create("none", false, nil)
	_, err := queue.OpenDeadLetters(t.Context(), queue.DeadLettersConfig{Client: s.client, QueueURL: none})
	if !errors.Is(err, queue.ErrNoDeadLetters) {
		t.Errorf("got %v, want ErrNoDeadLetters", err)
	}
	_, err = queue.OpenDeadLetters(t.Context(), queue.DeadLettersConfig{Client: s.client, QueueURL: none + "where"})
	if !errors.Is(err, queue.ErrNoQueue) {
		t.Errorf("got %v, want ErrNoQueue", err)
	}
	for name, test := range map[string]struct {
		cfg  queue.DeadLettersConfig
		want string
	}{
		"nothing":      {queue.DeadLettersConfig{Client: s.client}, "the queue URL is empty"},
		"no client":    {queue.DeadLettersConfig{QueueURL: s.url}, "no SQS client"},
		"the same":     {queue.DeadLettersConfig{Client: s.client, QueueURL: s.url, DeadLetterURL: s.url}, "is the queue itself"},
		"hold":         {queue.DeadLettersConfig{Client: s.client, QueueURL: s.url, Hold: time.Millisecond}, "whole number of seconds"},
		"moves them":   {queue.DeadLettersConfig{Client: s.client, DeadLetterURL: s.url}, "a redrive policy of its own"},
		"no URL there": {queue.DeadLettersConfig{Client: s.client, DeadLetterURL: "nonsense"}, "is not of the form"},
	} {
		if _, err := queue.OpenDeadLetters(t.Context(), test.cfg); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want it to say %q", name, err, test.want)
		}
	}
	// Named outright, the letters can be looked at without their queue, and not be sent back.
	d, err := queue.OpenDeadLetters(t.Context(), queue.DeadLettersConfig{Client: s.client, DeadLetterURL: s.dead})
	if err != nil || d.URL() != s.dead {
		t.Fatalf("got %v, want the queue named", err)
	}
	s.bury("lost", "")
	_, err = d.Browse(t.Context(), 0, func(ctx context.Context, l queue.Letter) (queue.Verdict, error) {
		_, err := d.Redrive(ctx, l, l.Body, "")
		return queue.Keep, err
	})
	if err == nil || !strings.Contains(err.Error(), "no queue to send it to") {
		t.Errorf("got %v, want it refused", err)
	}
}
