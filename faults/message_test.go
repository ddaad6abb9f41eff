package faults_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/monthend/monthend/local/sqs"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/trace"
)

// wantAnnotation waits for the worker's segment of a trace to have an annotation.
func (s *Stack) wantAnnotation(traceID, name string, want any) {
	s.tb.Helper()
	var got any
	_, err := s.XRay.Wait(s.tb.Context(), traceID, func(documents []trace.Document) bool {
		for _, d := range documents {
			if d.Type == "" && !d.InProgress {
				got = d.Annotations[name]
				return true
			}
		}
		return false
	})
	if err != nil || got != want {
		s.tb.Errorf("trace %s: got annotation %s %v, %v, want %v", traceID, name, got, err, want)
	}
}

func xrayAbsent(t *testing.T) {
	s := NewStack(t, StackConfig{})
	w := s.NewWorker("only")
	w.Env["MONTHEND_XRAY_ADDRESS"] = "127.0.0.1:9" // discard: nobody listens there
	w.Start()
	sent := s.Send(job(""))
	s.Check()
	s.wantAttempts(sent, 1, 0)
	if code := w.Stop(); code != 0 {
		t.Errorf("got exit code %d, want 0", code)
	}
}

func malformedHeader(t *testing.T) {
	s := NewStack(t, StackConfig{})
	w := s.StartWorker("only")
	j := job("")
	j.RequestID = "req-header"
	body, err := j.Encode()
	if err != nil {
		t.Fatal(err)
	}
	out, err := s.Client.SendMessage(t.Context(), &awssqs.SendMessageInput{
		QueueUrl: &s.Queue, MessageBody: aws.String(string(body)),
		MessageSystemAttributes: map[string]types.MessageSystemAttributeValue{
			"AWSTraceHeader": {DataType: aws.String("String"), StringValue: aws.String("Root=1-nonsense;Parent=;Sampled=perhaps")},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.keep(Sent{RequestID: j.RequestID, MessageID: *out.MessageId, Job: j})
	s.Check()
	told := w.Await("what became of the job", says("job published"))
	s.wantAnnotation(told.Text("trace_id"), "trace_parent", "invalid")
}

func poison(t *testing.T) {
	s := NewStack(t, StackConfig{})
	bad := map[string]string{ // body → what its reason says
		`{not json`: "",
		`{"v":1,"report":"nonsense","period":"2024-01"}`:                           "nonsense",
		`{"v":1,"report":"small-month","period":"2024-13"}`:                        "13",
		`{"v":1,"report":"small-month","period":"2099-01"}`:                        "has not ended",
		`{"v":1,"report":"small-month","period":"2024-01","tenant":"../../etc"}`:   "tenant",
		`{"v":1,"report":"small-month","period":"2024-01","surprise":"new field"}`: "surprise",
	}
	reasons := map[string]string{}
	for body, reason := range bad {
		reasons[s.SendBad(body).MessageID] = reason
	}
	good := s.Send(job(""))
	w := s.NewWorker("only")
	w.Env["MONTHEND_CONCURRENCY"] = "4"
	w.Start()
	s.Check()
	s.wantAttempts(good, 1, 0)
	for _, letter := range s.DeadLetters(t.Context()) {
		if letter.Reason == "" || !strings.Contains(letter.Reason, reasons[letter.MessageID]) {
			t.Errorf("%s: got reason %q, want it to say %q", letter.Body, letter.Reason, reasons[letter.MessageID])
		}
	}
	w.Stop() // and everything that it wrote is there
	if told := w.Said(says("job failed")); len(told) != len(bad) {
		t.Errorf("got %d deliveries of bad jobs, want one each of %d", len(told), len(bad))
	}
}

func s3Pointer(t *testing.T) {
	s := NewStack(t, StackConfig{})
	s.StartWorker("only")
	s.SendBad(`["software.amazon.payloadoffloading.PayloadS3Pointer",{"s3BucketName":"reports","s3Key":"0"}]`)
	s.Check()
	if letters := s.DeadLetters(t.Context()); len(letters) != 1 || letters[0].Reason == "" {
		t.Errorf("got %+v, want a dead letter with a reason", letters)
	}
}

func newerVersion(t *testing.T) {
	s := NewStack(t, StackConfig{})
	w := s.StartWorker("older")
	s.SendBody(`{"v":2,"report":"small-month","period":"2024-01","anything":"new"}`, report.Job{})
	w.Await("that it is put back", says("newer worker"))
	good := s.Send(job(""))
	s.Await(good)
	s.wantAttempts(good, 1, 0)
	s.Until("the message alone on the queue", func(ctx context.Context) bool {
		d := s.Depth(ctx)
		return d.Waiting+d.InFlight+d.Delayed == 1
	})
	if letters := s.DeadLetters(t.Context()); len(letters) > 0 {
		t.Errorf("got dead letters %+v, want none", letters)
	}
}

// The kinds of outage.
type disturbance func(s *Stack, w *Worker) (end func())

// injected has every call to SQS go wrong.
func injected(kind sqs.Kind) disturbance {
	return func(s *Stack, _ *Worker) func() {
		injection, err := s.SQS.Inject(sqs.Fault{Kind: kind, Operation: "ReceiveMessage"})
		if err != nil {
			s.tb.Fatal(err)
		}
		return injection.Remove
	}
}

func throttling(s *Stack, w *Worker) func()  { return injected(sqs.Throttle)(s, w) }
func unavailable(s *Stack, w *Worker) func() { return injected(sqs.Unavailable)(s, w) }

func unreachable(_ *Stack, w *Worker) func() {
	w.SQS.Refuse()
	return w.SQS.Accept
}

// expired is what AWS answers to credentials that were good an hour ago.
func expired(_ *Stack, w *Worker) func() {
	var renewed atomic.Bool
	w.SQS.Set(Trap{Text: "ReceiveMessage", Times: -1, Do: func() Verdict {
		if renewed.Load() {
			return Pass()
		}
		return Respond(403, `{"__type":"com.amazon.coral.service#ExpiredTokenException","message":"The security token included in the request is expired"}`)
	}})
	return func() { renewed.Store(true) }
}

// outage: an idle worker rides it out, tells of its begin and its end, and works on. It lives all the while, and is not
// ready for some of it.
func outage(begin disturbance) func(t *testing.T) {
	return func(t *testing.T) {
		s := NewStack(t, StackConfig{})
		w := s.NewWorker("only")
		health := w.health()
		w.Start()
		w.Ready()
		end := begin(s, w)
		s.Send(job("wakes")) // ends the poll under way
		w.Await("that receiving fails", says("receiving fails"))
		health(true, false)
		end()
		w.Await("that it receives", says("receiving again"))
		s.Send(job(""))
		s.Check()
		health(true, true)
		if code := w.Stop(); code != 0 {
			t.Errorf("got exit code %d, want 0", code)
		}
	}
}

// health has the worker keep a health file, and checks what healthcheck makes of it.
func (w *Worker) health() (check func(lives, ready bool)) {
	file := filepath.Join(w.stack.folder("health"), w.name)
	w.Env["MONTHEND_HEALTH_FILE"] = file
	return func(lives, ready bool) {
		w.tb.Helper()
		for _, c := range []struct {
			args []string
			want bool
		}{
			{[]string{"healthcheck", "--health-file", file}, lives},
			{[]string{"healthcheck", "--health-file", file, "--ready"}, ready},
		} {
			// The worker tells its log of a change, and the file then.
			w.stack.Until(fmt.Sprintf("%s: want it well: %t", strings.Join(c.args, " "), c.want), func(context.Context) bool {
				code, out := w.stack.Command(c.args...)
				if code > 1 {
					w.tb.Fatalf("%s: got exit code %d\n%s", strings.Join(c.args, " "), code, out)
				}
				return (code == 0) == c.want
			})
		}
	}
}

func deleteFails(t *testing.T) {
	s := NewStack(t, StackConfig{})
	injection, err := s.SQS.Inject(sqs.Fault{Kind: sqs.Unavailable, Operation: "DeleteMessage", Count: 3})
	if err != nil {
		t.Fatal(err)
	}
	s.StartWorker("only")
	sent := s.Send(job(""))
	s.Check()
	s.wantAttempts(sent, 1, 0)
	if injection.Struck() != 3 {
		t.Errorf("struck %d times, want 3", injection.Struck())
	}
}
