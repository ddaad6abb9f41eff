package queue_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	localsqs "github.com/monthend/monthend/local/sqs"
	"github.com/monthend/monthend/queue"
)

// soon keeps the backoff of a test short without making it a busy loop.
func soon() float64 { return 0.05 }

func (s *stand) inject(f localsqs.Fault) *localsqs.Injection {
	s.tb.Helper()
	i, err := s.server.Inject(f)
	if err != nil {
		s.tb.Fatal(err)
	}
	return i
}

// strike is a fault that hits one operation so many times.
func strike(kind localsqs.Kind, operation string, count int) localsqs.Fault {
	return localsqs.Fault{Kind: kind, Operation: operation, Count: count}
}

// receives is a consumer's OnReceive and the changes it saw.
func receives() (func(error), chan error) {
	changes := make(chan error, 100)
	return func(err error) { changes <- err }, changes
}

func TestOutageIsRiddenOut(t *testing.T) {
	for _, fault := range []localsqs.Fault{
		{Kind: localsqs.Throttle, Operation: "ReceiveMessage", Count: 4},
		{Kind: localsqs.Unavailable, Operation: "ReceiveMessage", Count: 4},
		// Nothing is receivable yet, so nothing is lost with the answer.
		{Kind: localsqs.Throttle, Count: 4},
	} {
		t.Run(string(fault.Kind)+" "+fault.Operation, func(t *testing.T) {
			s := newStand(t, false)
			s.send("job", queue.SendOptions{})
			s.inject(fault)
			var log buffer
			onReceive, changes := receives()
			r := s.consume(queue.ConsumerConfig{
				Rand: soon, OnReceive: onReceive, Logger: slog.New(slog.NewTextHandler(&log, nil)),
			}, always(queue.Delete()))
			if err := take(t, changes, "the failure"); err == nil {
				t.Error("the first change is a recovery")
			}
			if err := take(t, changes, "the recovery"); err != nil {
				t.Errorf("the second change is not a recovery: %v", err)
			}
			if got := r.next(); got.err != nil {
				t.Error(got.err)
			}
			if got := r.Counters().PollFailures; got != 4 {
				t.Errorf("failed polls: got %d, want 4", got)
			}
			if got := log.String(); strings.Count(got, "receiving fails") != 1 || strings.Count(got, "receiving again") != 1 {
				t.Errorf("the log does not name each change once:\n%s", got)
			}
		})
	}
}

func TestServerThatIsNotThereYet(t *testing.T) {
	gone, err := localsqs.Start(localsqs.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := gone.Close(); err != nil {
		t.Fatal(err)
	}
	s := &stand{tb: t, client: newClient(t, gone.URL()), url: gone.QueueURL("jobs")}
	onReceive, changes := receives()
	r := s.consume(queue.ConsumerConfig{Rand: soon, OnReceive: onReceive}, always(queue.Delete()))
	if err := take(t, changes, "the failure"); err == nil {
		t.Error("the first change is a recovery")
	}
	s.server, err = localsqs.Start(localsqs.Config{Addr: strings.TrimPrefix(gone.URL(), "http://")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.server.Close(); err != nil {
			t.Error(err)
		}
	})
	// The queue does not exist either, for a while; that too passes.
	s.create("jobs", false, nil)
	s.send("job", queue.SendOptions{})
	if err := take(t, changes, "the recovery"); err != nil {
		t.Errorf("the second change is not a recovery: %v", err)
	}
	if got := r.next(); got.err != nil {
		t.Error(got.err)
	}
}

func TestCredentialsThatComeBack(t *testing.T) {
	s := newStand(t, false)
	s.send("job", queue.SendOptions{})
	var asked atomic.Int32
	o := s.client.Options()
	o.Credentials = aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
		if asked.Add(1) <= 3 {
			return aws.Credentials{}, errors.New("the token is expired")
		}
		return credentials.NewStaticCredentialsProvider("id", "secret", "").Retrieve(ctx)
	})
	onReceive, changes := receives()
	r := s.consume(queue.ConsumerConfig{Client: sqs.New(o), Rand: soon, OnReceive: onReceive}, always(queue.Delete()))
	if err := take(t, changes, "the failure"); err == nil || !strings.Contains(err.Error(), "the token is expired") {
		t.Errorf("failure: got %v", err)
	}
	if got := r.next(); got.err != nil {
		t.Error(got.err)
	}
}

func TestSettlementIsTriedAgain(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fault localsqs.Fault
		how   queue.Settlement
	}{
		{"delete unavailable", strike(localsqs.Unavailable, "DeleteMessage", 1), queue.Delete()},
		{"delete throttled", strike(localsqs.Throttle, "DeleteMessage", 3), queue.Delete()},
		{"delete answer lost", strike(localsqs.Lost, "DeleteMessage", 1), queue.Delete()},
		{"retry unavailable", strike(localsqs.Unavailable, "ChangeMessageVisibility", 2), queue.Retry(time.Hour)},
		{"retry answer lost", strike(localsqs.Lost, "ChangeMessageVisibility", 1), queue.Retry(time.Hour)},
		{"policy unavailable", strike(localsqs.Unavailable, "GetQueueAttributes", 1), queue.DeadLetter("bad")},
		{"dead letter unavailable", strike(localsqs.Unavailable, "SendMessage", 2), queue.DeadLetter("bad")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newStand(t, false)
			s.send("job", queue.SendOptions{})
			fault := s.inject(tt.fault)
			r := s.consume(queue.ConsumerConfig{Rand: soon}, always(tt.how))
			if got := r.next(); got.err != nil {
				t.Error(got.err)
			}
			if got := fault.Struck(); got != tt.fault.Count {
				t.Errorf("the fault struck %d times, want %d", got, tt.fault.Count)
			}
			want := [2]int{0, 0}
			if tt.how == queue.Retry(time.Hour) {
				want = [2]int{0, 1}
			}
			if got := s.counts(); got != want {
				t.Errorf("waiting and in flight: got %v, want %v", got, want)
			}
			if tt.how == queue.DeadLetter("bad") {
				if got := s.receive(s.dead); len(got) != 1 {
					t.Errorf("got %d dead letters, want 1", len(got))
				}
			}
		})
	}
}

func TestRenewalIsTriedAgain(t *testing.T) {
	s := newStand(t, false)
	s.send("job", queue.SendOptions{})
	fault := s.inject(localsqs.Fault{Kind: localsqs.Unavailable, Operation: "ChangeMessageVisibility", Count: 3})
	begun, release, calls := make(chan struct{}), make(chan struct{}), make(chan struct{}, 1000)
	client := watchOperations(s.client, nil, func(operation string) {
		if operation == "ChangeMessageVisibility" {
			calls <- struct{}{}
		}
	})
	cfg := queue.ConsumerConfig{Client: client, Heartbeat: 20 * time.Millisecond, Rand: soon}
	r := s.consume(cfg, func(ctx context.Context, _ queue.Message) queue.Settlement {
		close(begun)
		<-release
		if ctx.Err() != nil {
			t.Errorf("the work was cancelled: %v", context.Cause(ctx))
		}
		return queue.Delete()
	})
	take(t, begun, "the handler")
	for range 5 {
		take(t, calls, "a renewal")
	}
	close(release)
	if got := r.next(); got.err != nil {
		t.Error(got.err)
	}
	if got := r.Counters(); got.RenewalFailures != 3 || got.Renewed == 0 || fault.Struck() != 3 {
		t.Errorf("renewed %d with %d failures, want 3 failures and then success", got.Renewed, got.RenewalFailures)
	}
}

// A second delivery of a message in hand is a second call of the handler: that it is not done twice is the ledger's matter.
func TestDuplicateDeliveryReachesTheHandler(t *testing.T) {
	s := newStand(t, false)
	id := s.send("job", queue.SendOptions{})
	s.inject(localsqs.Fault{Kind: localsqs.Duplicate, Count: 1})
	begun, release := make(chan string, 2), make(chan struct{})
	r := s.consume(queue.ConsumerConfig{Concurrency: 2}, func(_ context.Context, m queue.Message) queue.Settlement {
		begun <- m.ID
		<-release
		return queue.Delete()
	})
	for range 2 {
		if got := take(t, begun, "a delivery"); got != id {
			t.Errorf("message: got %s, want %s", got, id)
		}
	}
	close(release)
	for range 2 {
		if got := r.next(); got.err != nil {
			t.Error(got.err)
		}
	}
	if got, want := s.counts(), [2]int{0, 0}; got != want {
		t.Errorf("waiting and in flight: got %v, want %v", got, want)
	}
}

// An endpoint that answers at once with nothing must not be asked in a busy loop.
func TestEmptyAnswersDoNotSpin(t *testing.T) {
	s := newStand(t, false)
	o := s.client.Options()
	inner := o.HTTPClient
	o.HTTPClient = roundTrip(func(r *http.Request) (*http.Response, error) {
		r.Header.Set("X-Amz-Target", "AmazonSQS.ListQueues") // answered at once, and without messages
		return inner.Do(r)
	})
	again := make(chan struct{}, 1000)
	begun := time.Now()
	r := s.consume(queue.ConsumerConfig{
		Client: sqs.New(o),
		Rand:   func() float64 { return 0.999 },
		Tick:   func(time.Time) { again <- struct{}{} },
	}, always(queue.Delete()))
	for range 5 { // Run's own tick and four polls, after pauses of 100, 200 and 400 ms
		take(t, again, "a tick")
	}
	if got := time.Since(begun); got < 650*time.Millisecond {
		t.Errorf("four polls took %s", got)
	}
	r.stop()
	if err := r.end(); err != nil {
		t.Error(err)
	}
}

// What was on its way when the connection broke is delivered again; it costs a visibility timeout.
func TestLostAnswerIsDeliveredAgain(t *testing.T) {
	s := newStand(t, false)
	s.send("job", queue.SendOptions{})
	s.inject(localsqs.Fault{Kind: localsqs.Lost, Operation: "ReceiveMessage", Count: 1})
	r := s.consume(queue.ConsumerConfig{Rand: soon, Visibility: time.Second}, always(queue.Delete()))
	if got := r.next(); got.err != nil || got.message.ReceiveCount != 2 {
		t.Errorf("settled on delivery %d with error %v, want delivery 2 and none", got.message.ReceiveCount, got.err)
	}
}

// On a FIFO queue a receipt ends with its visibility. The handler's verdict is then told to nobody, said aloud, and the
// redelivery finds the work done.
func TestReceiptThatExpiredComesBack(t *testing.T) {
	s := newStand(t, true)
	s.send("job", queue.SendOptions{Group: "g", DeduplicationID: "1"})
	r := s.consume(queue.ConsumerConfig{}, func(_ context.Context, m queue.Message) queue.Settlement {
		if m.ReceiveCount == 1 {
			s.server.Advance(16 * time.Second)
		}
		return queue.Delete()
	})
	if got := r.next(); got.err == nil || !strings.Contains(got.err.Error(), "delete message") {
		t.Errorf("first settlement: got %v, want an error of the delete", got.err)
	}
	if got := r.next(); got.err != nil || got.message.ReceiveCount != 2 {
		t.Errorf("second settlement: delivery %d, error %v", got.message.ReceiveCount, got.err)
	}
	if got := r.Counters(); got.SettlementFailures != 1 || got.Deleted != 1 {
		t.Errorf("counters: got %+v", got)
	}
}
