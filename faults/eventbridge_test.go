package faults_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/monthend/monthend/report"
)

// eventBridgeBody is what EventBridge Scheduler makes of the input that docs/schedule.md shows, its context attributes filled in: the
// ARN of the schedule, and the time it was due, in UTC and whole seconds.
const eventBridgeBody = `{"v":1,"report":"small-month","period":"previous-month",` +
	`"schedule":"arn:aws:scheduler:eu-central-1:123456789012:schedule/default/month-end","scheduled_at":"2024-01-31T23:30:00Z"}`

// eventBridge: at least once is what EventBridge Scheduler promises, so a firing may come twice. It was due on 1 February in Prague,
// when it was still January in UTC.
func eventBridge(t *testing.T) {
	job, err := report.DecodeJob([]byte(eventBridgeBody))
	if err != nil {
		t.Fatal(err)
	}
	key := report.Job{Report: job.Report, Period: "2024-01"}
	for _, c := range []struct {
		name     string
		fifo     bool
		messages int // that the queue takes of two deliveries
	}{{"standard", false, 2}, {"fifo", true, 1}} {
		t.Run(c.name, func(t *testing.T) {
			s := NewStack(t, StackConfig{FIFO: c.fifo})
			in := &awssqs.SendMessageInput{QueueUrl: &s.Queue, MessageBody: aws.String(eventBridgeBody)}
			if c.fifo {
				// The one group that a target has, and no deduplication id: the queue takes the hash of the body.
				in.MessageGroupId = aws.String("month-end")
				_, err := s.Client.SetQueueAttributes(t.Context(), &awssqs.SetQueueAttributesInput{
					QueueUrl: &s.Queue, Attributes: map[string]string{"ContentBasedDeduplication": "true"},
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			deliver := func() string {
				t.Helper()
				out, err := s.Client.SendMessage(t.Context(), in)
				if err != nil {
					t.Fatal(err)
				}
				return *out.MessageId
			}
			messages := map[string]bool{deliver(): true, deliver(): true}
			if len(messages) != c.messages {
				t.Errorf("the queue took %d messages, want %d", len(messages), c.messages)
			}
			sent := s.keep(Sent{RequestID: job.ID("never a message's"), Job: key})
			w := s.StartWorker("only")
			s.CheckHurried()
			s.wantAttempts(sent, 1, 0)
			request, err := s.Ledger.Request(t.Context(), sent.RequestID)
			if err != nil || request.Schedule != job.Schedule || request.Period != "2024-01" {
				t.Errorf("got %+v, %v, want January of the schedule", request, err)
			}
			// A retry after the five minutes of deduplication is another message of the same request.
			s.SQS.Advance(6 * time.Minute)
			if late := deliver(); messages[late] {
				t.Error("the queue still knows the body")
			}
			s.CheckHurried()
			s.wantAttempts(sent, 1, 0)
			if code := w.Stop(); code != 0 {
				t.Errorf("got exit code %d, want 0", code)
			}
		})
	}
}
