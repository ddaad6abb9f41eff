package queue_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	localsqs "github.com/monthend/monthend/local/sqs"
	"github.com/monthend/monthend/queue"
)

func (s *stand) producer() *queue.Producer {
	s.tb.Helper()
	p, err := queue.NewProducer(queue.ProducerConfig{Client: s.client, QueueURL: s.url})
	if err != nil {
		s.tb.Fatal(err)
	}
	return p
}

func TestSendBatch(t *testing.T) {
	s := newStand(t, true)
	var calls atomic.Int64
	s.client = watchOperations(s.client, func(operation string) {
		if operation == "SendMessageBatch" {
			calls.Add(1)
		}
	}, nil)
	const header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
	var messages []queue.Outgoing
	for i := range 23 {
		id := fmt.Sprintf("request-%02d", i)
		messages = append(messages, queue.Outgoing{Body: []byte(id), TraceHeader: header,
			SendOptions: queue.SendOptions{Group: "report/" + id, DeduplicationID: id}})
	}
	messages[4].Group = ""            // refused before anything is sent
	messages[7].Body = []byte("\x00") // and this
	want := map[string]string{}
	for i, sent := range s.producer().SendBatch(t.Context(), messages) {
		if refused := i == 4 || i == 7; (sent.Err != nil) != refused || (sent.MessageID == "") != refused {
			t.Errorf("message %d: got %+v", i, sent)
		}
		want[sent.MessageID] = string(messages[i].Body)
	}
	if calls.Load() != 3 {
		t.Errorf("got %d calls, want 21 messages in 3", calls.Load())
	}
	for range 3 {
		for _, m := range s.receive(s.url) {
			if want[*m.MessageId] != *m.Body || m.Attributes["AWSTraceHeader"] != header ||
				m.Attributes["MessageGroupId"] != "report/"+*m.Body || m.Attributes["MessageDeduplicationId"] != *m.Body {
				t.Errorf("got %s with %v", *m.Body, m.Attributes)
			}
			delete(want, *m.MessageId)
		}
	}
	delete(want, "")
	if len(want) != 0 {
		t.Errorf("not on the queue: %v", want)
	}
}

func TestSendBatchBySize(t *testing.T) {
	s := newStand(t, false)
	half := bytes.Repeat([]byte("x"), queue.MaxBytes/2)
	messages := []queue.Outgoing{{Body: half}, {Body: half}, {Body: half}, {Body: []byte("y")}}
	for i, sent := range s.producer().SendBatch(t.Context(), messages) {
		if sent.Err != nil {
			t.Errorf("message %d: %v", i, sent.Err)
		}
	}
	if got := s.counts(); got[0] != 4 {
		t.Errorf("got %d messages, want 4", got[0])
	}
	if got := s.producer().SendBatch(t.Context(), nil); len(got) != 0 {
		t.Errorf("got %v of nothing", got)
	}
}

// A call without an answer is an error of its own messages only, told apart as Send's.
func TestSendBatchFailures(t *testing.T) {
	s := newStand(t, false)
	messages := make([]queue.Outgoing, 15)
	for i := range messages {
		messages[i].Body = fmt.Appendf(nil, "%d", i)
	}
	s.inject(localsqs.Fault{Kind: localsqs.Unavailable, Operation: "SendMessageBatch", Count: 3}) // the SDK tries three times
	for i, sent := range s.producer().SendBatch(t.Context(), messages) {
		if (i < 10) != errors.Is(sent.Err, queue.ErrUnreachable) || (i < 10) == (sent.MessageID != "") {
			t.Errorf("message %d: got %+v", i, sent)
		}
	}
}

// What SQS refuses of a batch it names one by one.
func TestSendBatchRefusals(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		_, _ = io.WriteString(w, `{"Successful":[{"Id":"0","MessageId":"m0","MD5OfMessageBody":"cfcd208495d565ef66e7dff9f98764da"}],
			"Failed":[{"Id":"1","SenderFault":true,"Code":"InvalidMessageContents","Message":"no"},
			          {"Id":"2","SenderFault":false,"Code":"InternalError","Message":"later"},{"Id":"9","SenderFault":false,"Code":"x"}]}`)
	}))
	t.Cleanup(server.Close)
	p, err := queue.NewProducer(queue.ProducerConfig{Client: newClient(t, server.URL), QueueURL: server.URL + "/000000000000/jobs"})
	if err != nil {
		t.Fatal(err)
	}
	got := p.SendBatch(t.Context(), []queue.Outgoing{{Body: []byte("0")}, {Body: []byte("1")}, {Body: []byte("2")}, {Body: []byte("3")}})
	if got[0].MessageID != "m0" || got[0].Err != nil {
		t.Errorf("taken: got %+v", got[0])
	}
	if err := got[1].Err; err == nil || !strings.Contains(err.Error(), "InvalidMessageContents") || errors.Is(err, queue.ErrUnreachable) {
		t.Errorf("refused: got %v", err)
	}
	if err := got[2].Err; !errors.Is(err, queue.ErrUnreachable) {
		t.Errorf("broken: got %v", err)
	}
	if got[3].Err == nil {
		t.Error("a message that the answer does not name is taken for sent")
	}
}
