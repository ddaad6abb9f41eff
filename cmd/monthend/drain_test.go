package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/monthend/monthend/local/postgres"
	"github.com/monthend/monthend/local/sqs"
	"github.com/monthend/monthend/local/xray"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/trace"
)

// drainStand is what a drain stands between: a ledger and a queue, and an X-Ray that hears of it.
type drainStand struct {
	t     testing.TB
	books *ledger.Store
	queue *sqs.Server

	database string // of the ledger
	url      string
	client   *awssqs.Client
	cfg      aws.Config
	xray     *xray.Server
	tracer   *trace.Tracer
}

func newDrainStand(t testing.TB) *drainStand {
	t.Helper()
	d := &drainStand{t: t}
	var err error
	must := func(what string) {
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	server, err := postgres.Start(t.Context(), postgres.Config{})
	must("start PostgreSQL")
	t.Cleanup(func() { server.Close() })
	d.database = server.URL("postgres")
	_, _, err = ledger.Migrate(t.Context(), d.database)
	must("migrate")
	d.books, err = ledger.Open(t.Context(), ledger.Config{URL: d.database, Owner: "test"})
	must("open the ledger")
	t.Cleanup(d.books.Close)
	d.queue, err = sqs.Start(sqs.Config{})
	must("start SQS")
	t.Cleanup(func() { d.queue.Close() })
	d.cfg = aws.Config{Region: "us-east-1", BaseEndpoint: aws.String(d.queue.URL()), Credentials: credentials.NewStaticCredentialsProvider("id", "secret", "")}
	d.client = awssqs.NewFromConfig(d.cfg)
	made, err := d.client.CreateQueue(t.Context(), &awssqs.CreateQueueInput{QueueName: aws.String("jobs.fifo"), Attributes: map[string]string{"FifoQueue": "true"}})
	must("make the queue")
	d.url = *made.QueueUrl
	d.xray, err = xray.Start(xray.Config{})
	must("start X-Ray")
	t.Cleanup(func() {
		d.xray.Close()
		for _, v := range d.xray.Violations() {
			t.Errorf("a document breaks the rules of X-Ray: %v", v)
		}
	})
	d.tracer, err = trace.New(trace.Config{Address: d.xray.UDPAddr()})
	must("begin tracing")
	t.Cleanup(func() { d.tracer.Close(context.WithoutCancel(t.Context())) })
	return d
}

func (d *drainStand) drain(b bell) *drain {
	d.t.Helper()
	s := settings{QueueURL: d.url, Tenants: drainSettings{TenantShare: 2}}
	made, err := s.newDrain(d.cfg, d.books, d.tracer, b, slog.New(slog.DiscardHandler))
	if err != nil {
		d.t.Fatal(err)
	}
	return made
}

func (d *drainStand) post(p ledger.Posting) {
	d.t.Helper()
	p.Key.Report, p.Key.Period = "sales", report.Period{Year: 2026, Month: time.March}
	p.Body = []byte(p.RequestID)
	if err := d.books.Post(d.t.Context(), p); err != nil {
		d.t.Fatal(err)
	}
}

// receive takes n messages, by their bodies; more than one of a body is a failure.
func (d *drainStand) receive(n int) map[string]types.Message {
	d.t.Helper()
	got := map[string]types.Message{}
	for deadline := time.Now().Add(scriptTimeout); len(got) < n && time.Now().Before(deadline); {
		out, err := d.client.ReceiveMessage(d.t.Context(), &awssqs.ReceiveMessageInput{QueueUrl: &d.url, MaxNumberOfMessages: 10, WaitTimeSeconds: 1,
			VisibilityTimeout: 600, MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll}})
		if err != nil {
			d.t.Fatal(err)
		}
		for _, m := range out.Messages {
			if _, twice := got[*m.Body]; twice {
				d.t.Errorf("%s came twice", *m.Body)
			}
			got[*m.Body] = m
			// Or the rest of its group would wait for it.
			if _, err := d.client.DeleteMessage(d.t.Context(), &awssqs.DeleteMessageInput{QueueUrl: &d.url, ReceiptHandle: m.ReceiptHandle}); err != nil {
				d.t.Fatal(err)
			}
		}
	}
	if len(got) != n {
		d.t.Fatalf("got %d messages, want %d", len(got), n)
	}
	return got
}

// A message is of the trace of whoever posted it; one of a burst is of a trace of its own that names the other.
func TestDrainTraces(t *testing.T) {
	d := newDrainStand(t)
	ctx, poster := d.tracer.Begin(t.Context(), "poster", "", trace.BeginOptions{ForceSample: true})
	asker, header := trace.ID(ctx), trace.Header(ctx)
	poster.End(nil)
	d.post(ledger.Posting{RequestID: "plain", TraceHeader: header})
	d.post(ledger.Posting{RequestID: "apart", TraceHeader: header, Apart: true, Key: report.Key{Tenant: "anna"}})
	d.post(ledger.Posting{RequestID: "unsampled", TraceHeader: strings.Replace(header, "Sampled=1", "Sampled=0", 1)})
	d.post(ledger.Posting{RequestID: "nobody's"})
	if _, _, err := d.drain(nil).look(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := d.receive(4)
	head := func(id string) (root, parent, sampled string) {
		parts := strings.Split(got[id].Attributes["AWSTraceHeader"], ";")
		if len(parts) != 3 {
			t.Fatalf("%s has the header %v", id, parts)
		}
		return strings.TrimPrefix(parts[0], "Root="), strings.TrimPrefix(parts[1], "Parent="), parts[2]
	}
	if got["apart"].Attributes["MessageGroupId"] != "sales/anna" || got["apart"].Attributes["MessageDeduplicationId"] != "apart" {
		t.Errorf("got %v", got["apart"].Attributes)
	}
	if root, _, sampled := head("unsampled"); root != asker || sampled != "Sampled=0" {
		t.Errorf("unsampled: got %s %s", root, sampled)
	}
	for _, id := range []string{"plain", "apart", "nobody's"} {
		root, parent, _ := head(id)
		if (root == asker) != (id == "plain") {
			t.Errorf("%s is of trace %s, the asker's is %s", id, root, asker)
		}
		wait, cancel := context.WithTimeout(t.Context(), scriptTimeout)
		defer cancel()
		segments, err := d.xray.Wait(wait, root, func(all []trace.Document) bool {
			return slices.ContainsFunc(all, func(s trace.Document) bool { return s.Name == drainSegment })
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, segment := range segments {
			if segment.Name != drainSegment {
				continue
			}
			call := segment.Subsegments[0]
			if call.Name != "SQS" || call.ID != parent || call.AWS["message_id"] != *got[id].MessageId || call.AWS["operation"] != "SendMessageBatch" {
				t.Errorf("%s: got the call %s %s %v, want the message's parent %s", id, call.Name, call.ID, call.AWS, parent)
			}
			if id == "apart" && (segment.Annotations["parent_trace"] != asker || segment.Annotations["tenant"] != "anna") {
				t.Errorf("apart: got the annotations %v", segment.Annotations)
			}
		}
	}
}

// Several drains at once, an outage of the queue and a bell: each message comes once, within its tenant's share.
func TestDrainRides(t *testing.T) {
	d := newDrainStand(t)
	if _, err := d.queue.Inject(sqs.Fault{Kind: sqs.Denied, Operation: "SendMessageBatch", Count: 1}); err != nil {
		t.Fatal(err)
	}
	for i := range 40 {
		d.post(ledger.Posting{RequestID: fmt.Sprintf("plain-%02d", i)})
		d.post(ledger.Posting{RequestID: fmt.Sprintf("many-%02d", i), Key: report.Key{Tenant: "many"}})
	}
	ctx, cancel := context.WithCancel(t.Context())
	var drains sync.WaitGroup
	b := newBell()
	for range 3 {
		made := d.drain(b)
		made.turn.Held = 4 * time.Second // what the outage kept is due again soon
		drains.Go(func() {
			if err := made.run(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	got := d.receive(42)
	var many []string
	for id := range got {
		if strings.HasPrefix(id, "many-") {
			many = append(many, id)
		}
	}
	if len(many) != 2 {
		t.Fatalf("got %v, want the tenant's share of two", many)
	}
	if _, err := d.books.CancelRequest(t.Context(), many[0], "test", true); err != nil {
		t.Fatal(err)
	}
	b.ring()
	d.receive(1)
	cancel()
	drains.Wait()
	if left, err := d.books.Pick(t.Context(), ledger.Turn{Most: 100, Tenant: 100, Tenants: 1000, Held: time.Minute}); err != nil || len(left) != 37 {
		t.Errorf("got %d postings, %v; want the 37 that are left of the tenant's", len(left), err)
	}
}
