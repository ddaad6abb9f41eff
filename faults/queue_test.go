package faults_test

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/queue"
	"github.com/monthend/monthend/report"
)

// openQueue makes the queue and its dead-letter queue as a deployment would.
func (s *Stack) openQueue() {
	s.tb.Helper()
	transport := &http.Transport{}
	s.tb.Cleanup(transport.CloseIdleConnections)
	s.Client = awssqs.New(awssqs.Options{
		Region: region, BaseEndpoint: aws.String(s.SQS.URL()),
		Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
		HTTPClient:  &http.Client{Transport: transport},
	})
	suffix, attributes := "", map[string]string{}
	if s.fifo {
		suffix, attributes = ".fifo", map[string]string{"FifoQueue": "true"}
	}
	s.Dead = s.createQueue(deadName+suffix, attributes)
	dead, err := queue.Inspect(s.tb.Context(), s.Client, s.Dead)
	if err != nil {
		s.tb.Fatal(err)
	}
	attributes["VisibilityTimeout"] = fmt.Sprint(int(visibility.Seconds()))
	attributes["RedrivePolicy"] = fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":"100"}`, dead.ARN)
	s.Queue = s.createQueue(queueName+suffix, attributes)
}

func (s *Stack) createQueue(name string, attributes map[string]string) string {
	s.tb.Helper()
	made, err := s.Client.CreateQueue(s.tb.Context(), &awssqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
	if err != nil {
		s.tb.Fatalf("create queue %s: %v", name, err)
	}
	return *made.QueueUrl
}

// Sent is one request that the queue has accepted, and what must become of it.
type Sent struct {
	RequestID string
	MessageID string
	Job       report.Job     // zero for a body that is none
	Want      report.Outcome // "" is published, or duplicate where another request had the key published
}

// Send asks for a month; every job has a request id of its own unless it brings one.
func (s *Stack) Send(job report.Job) Sent {
	s.tb.Helper()
	s.mu.Lock()
	if job.RequestID == "" {
		job.RequestID = fmt.Sprintf("req-%04d", len(s.sent)+1)
	}
	s.mu.Unlock()
	body, err := job.Encode()
	if err != nil {
		s.tb.Fatal(err)
	}
	return s.keep(Sent{RequestID: job.RequestID, MessageID: s.SendBody(string(body), job), Job: job})
}

// SendBad sends a body that no worker can fulfil; its request must end failed and its message among the dead letters.
func (s *Stack) SendBad(body string) Sent {
	s.tb.Helper()
	id := s.SendBody(body, report.Job{})
	return s.keep(Sent{RequestID: id, MessageID: id, Want: report.Failed})
}

// SendBody puts a body on the queue that the invariant knows nothing of.
func (s *Stack) SendBody(body string, job report.Job) (messageID string) {
	s.tb.Helper()
	in := &awssqs.SendMessageInput{QueueUrl: &s.Queue, MessageBody: &body}
	if s.fifo {
		in.MessageGroupId = aws.String(report.Key{Report: job.Report, Tenant: job.Tenant}.Group())
		in.MessageDeduplicationId = aws.String(job.RequestID)
	}
	out, err := s.Client.SendMessage(s.tb.Context(), in)
	if err != nil {
		s.tb.Fatalf("send: %v", err)
	}
	return *out.MessageId
}

func (s *Stack) keep(sent Sent) Sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = append(s.sent, sent)
	return sent
}

// Expect says that a request must end otherwise than published.
func (s *Stack) Expect(sent Sent, outcome report.Outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.sent {
		if s.sent[i].RequestID == sent.RequestID {
			s.sent[i].Want = outcome
		}
	}
}

// Until asks again and again until done answers true; what names it in a failure.
func (s *Stack) Until(what string, done func(ctx context.Context) bool) {
	s.tb.Helper()
	ctx, cancel := context.WithTimeout(s.tb.Context(), patience)
	defer cancel()
	ticker := time.NewTicker(journalTick)
	defer ticker.Stop()
	for !done(ctx) {
		select {
		case <-ctx.Done():
			s.tb.Fatalf("waited %s in vain: %s", patience, what)
		case <-ticker.C:
		}
	}
}

// Await waits until a request has an outcome and answers with it.
func (s *Stack) Await(sent Sent) (r ledger.Request) {
	s.tb.Helper()
	s.Until("outcome of "+sent.RequestID, func(ctx context.Context) bool {
		r, _ = s.Ledger.Request(ctx, sent.RequestID)
		return r.Outcome != ""
	})
	return r
}

// AwaitRun waits until a request has a run and answers with it.
func (s *Stack) AwaitRun(sent Sent) (r ledger.Run) {
	s.tb.Helper()
	s.Until("run of "+sent.RequestID, func(ctx context.Context) bool {
		request, err := s.Ledger.Request(ctx, sent.RequestID)
		if err != nil || request.RunID == "" {
			return false
		}
		r, err = s.Ledger.Run(ctx, request.RunID)
		return err == nil
	})
	return r
}

// Depth is what lies on the queue.
func (s *Stack) Depth(ctx context.Context) queue.Description {
	d, err := queue.Inspect(ctx, s.Client, s.Queue)
	if err != nil {
		s.tb.Errorf("inspect the queue: %v", err)
	}
	return d
}

// AwaitEmpty waits until no message is waiting, in flight or delayed.
func (s *Stack) AwaitEmpty() {
	s.tb.Helper()
	s.Until("an empty queue", func(ctx context.Context) bool {
		d := s.Depth(ctx)
		return d.Waiting+d.InFlight+d.Delayed == 0
	})
}

// Letter is one dead letter.
type Letter struct {
	MessageID string // that the message had on the queue
	Reason    string
	Body      string
	Receipt   string
}

// DeadLetters are those that lie there now; looking takes them away for a while and back.
func (s *Stack) DeadLetters(ctx context.Context) (letters []Letter) {
	s.tb.Helper()
	for {
		out, err := s.Client.ReceiveMessage(ctx, &awssqs.ReceiveMessageInput{
			QueueUrl: &s.Dead, MaxNumberOfMessages: 10, VisibilityTimeout: 600, MessageAttributeNames: []string{"All"},
		})
		if err != nil {
			s.tb.Errorf("receive dead letters: %v", err)
			break
		}
		if len(out.Messages) == 0 {
			break
		}
		for _, m := range out.Messages {
			letters = append(letters, Letter{
				MessageID: attribute(m, queue.MessageAttribute), Reason: attribute(m, queue.ReasonAttribute),
				Body: aws.ToString(m.Body), Receipt: aws.ToString(m.ReceiptHandle),
			})
		}
	}
	for _, letter := range letters {
		_, err := s.Client.ChangeMessageVisibility(ctx, &awssqs.ChangeMessageVisibilityInput{
			QueueUrl: &s.Dead, ReceiptHandle: &letter.Receipt, VisibilityTimeout: 0,
		})
		if err != nil {
			s.tb.Errorf("put a dead letter back: %v", err)
		}
	}
	return letters
}

func attribute(m types.Message, name string) string {
	value, ok := m.MessageAttributes[name]
	if !ok {
		return ""
	}
	return aws.ToString(value.StringValue)
}
