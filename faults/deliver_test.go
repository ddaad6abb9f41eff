package faults_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/monthend/monthend/pipeline/deliver"
	"github.com/monthend/monthend/pipeline/ledger"
)

const hookSecret = "what receiver and worker know"

// Receiver is somebody outside who gets a webhook for every version of the small month.
type Receiver struct {
	URL string

	mu   sync.Mutex
	keys []string
	do   func(n int) Verdict // at the n-th request, from 1, once it has taken it; nil passes all
}

// NewReceiver listens until the end of the test; do may be nil.
func NewReceiver(t *testing.T, do func(n int) Verdict) *Receiver {
	r := &Receiver{do: do}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		if err == nil {
			err = deliver.Verify([]byte(hookSecret), body, request.Header.Get(deliver.SignatureHeader), time.Now(), time.Minute)
		}
		if err != nil {
			t.Errorf("a webhook came wrong: %v", err)
		}
		r.mu.Lock()
		r.keys = append(r.keys, request.Header.Get("Idempotency-Key"))
		n := len(r.keys)
		r.mu.Unlock()
		if r.do != nil && r.do(n).drop {
			panic(http.ErrAbortHandler)
		}
	}))
	t.Cleanup(server.Close)
	r.URL = server.URL
	return r
}

// Keys are the idempotency keys of what came so far.
func (r *Receiver) Keys() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.keys...)
}

// delivering is a stack whose small month goes to a receiver.
func delivering(t *testing.T, c StackConfig, r *Receiver) *Stack {
	t.Helper()
	c.Definitions = t.TempDir()
	if err := os.CopyFS(c.Definitions, os.DirFS(definitions)); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(filepath.Join(c.Definitions, reportName, "report.yaml"), os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = fmt.Fprintf(file, "\ndeliver:\n  - webhook: {url: %q, secret_env: MONTHEND_WEBHOOK_TEST}\n", r.URL+"/month")
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	return NewStack(t, c)
}

// deliverer is a worker that may bring what the receiver wants.
func (s *Stack) deliverer(name string, r *Receiver) *Worker {
	w := s.NewWorker(name)
	w.Env["MONTHEND_DELIVER_ALLOW"] = r.URL
	w.Env["MONTHEND_WEBHOOK_TEST"] = hookSecret
	return w
}

// wantDelivered waits for the one delivery of what was sent, and for its end; every request that came had its key.
func (s *Stack) wantDelivered(sent Sent, r *Receiver, requests int) ledger.Delivery {
	s.tb.Helper()
	run := s.Await(sent).RunID
	var list []ledger.Delivery
	s.Until("a delivery", func(ctx context.Context) bool {
		var err error
		if list, err = s.Ledger.Deliveries(ctx, run); err != nil {
			s.tb.Fatal(err)
		}
		return len(list) == 1 && list[0].State == ledger.Delivered
	})
	keys := r.Keys()
	if len(keys) != requests {
		s.tb.Errorf("%d requests came, want %d", len(keys), requests)
	}
	for _, key := range keys {
		if key != list[0].ID {
			s.tb.Errorf("a request came under key %s, want %s", key, list[0].ID)
		}
	}
	return list[0]
}

// deliveryLater is the pause before the next try, or a lease, later.
func (s *Stack) deliveryLater() {
	s.Exec(`UPDATE monthend.deliveries SET next_at = clock_timestamp(),
	               lease_until = CASE WHEN owner IS NOT NULL THEN clock_timestamp() - interval '1 second' END`)
}

// deliveryReplyLost: the receiver took it, and its answer never came.
func deliveryReplyLost(t *testing.T) {
	r := NewReceiver(t, func(n int) Verdict {
		if n == 1 {
			return Drop()
		}
		return Pass()
	})
	s := delivering(t, StackConfig{}, r)
	w := s.deliverer("only", r)
	w.Start()
	sent := s.Send(job(""))
	w.Await("that it tries again", says("delivery is tried again"))
	s.Check() // published all the same
	s.deliveryLater()
	if d := s.wantDelivered(sent, r, 2); d.Tries != 2 {
		t.Errorf("got %d tries, want 2", d.Tries)
	}
	w.Await("that it ended", says("delivered")) // which it tells when the ledger knows
	w.Stop()
	if ends := len(w.Said(says("delivered"))); ends != 1 {
		t.Errorf("it ended %d times, want once", ends)
	}
}

// killBetweenSendAndRecord: the receiver took it and said so; whoever heard that dies before it is written down.
func killBetweenSendAndRecord(t *testing.T) {
	r := NewReceiver(t, nil)
	s := delivering(t, StackConfig{}, r)
	w := s.deliverer("first", r)
	w.Ledger.Set(Trap{Text: "monthend.end_try(", Do: w.Killed})
	w.Start()
	sent := s.Send(job(""))
	w.Wait()
	next := s.deliverer("next", r)
	next.Start()
	next.Ready()
	s.Expire() // the message of the killed one, if it still held it
	s.deliveryLater()
	s.wantDelivered(sent, r, 2)
	s.Check()
}

// deliveryRecordLost: what became of it is written down, and the ledger's answer never comes.
func deliveryRecordLost(t *testing.T) {
	r := NewReceiver(t, nil)
	s := delivering(t, StackConfig{}, r)
	w := s.deliverer("only", r)
	w.Ledger.Set(Trap{Text: "monthend.end_try(", Answer: true, Do: Drop})
	w.Start()
	sent := s.Send(job(""))
	s.wantDelivered(sent, r, 1)
	s.Check()
}

// deliveryForgotten: a failover loses publication and delivery; the version is adopted, and delivered under the same key.
func deliveryForgotten(t *testing.T) {
	r := NewReceiver(t, nil)
	s := delivering(t, StackConfig{}, r)
	w := s.deliverer("first", r)
	w.Start()
	sent := s.Send(job(""))
	s.wantDelivered(sent, r, 1)
	w.Kill()
	s.Exec(`DROP SCHEMA monthend CASCADE`)
	if _, _, err := ledger.Migrate(t.Context(), s.Database()); err != nil {
		t.Fatal(err)
	}
	next := s.deliverer("next", r)
	next.Start()
	again := s.Send(job(""))
	s.wantDelivered(again, r, 2)
}
