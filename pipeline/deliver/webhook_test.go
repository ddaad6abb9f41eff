package deliver_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/pipeline/deliver"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/trace"
)

func TestWebhook(t *testing.T) {
	r := newReceiver(t, nil)
	w := newWorld(t, r.to("\n    formats: [csv]"))
	v := w.publish()
	d := w.deliverer(deliver.Config{Allow: r.allow()})
	w.once(d)
	w.none(d)

	row := w.want(v, ledger.Delivered, "")
	if len(r.all()) != 1 {
		t.Fatalf("got %d requests, want one", len(r.all()))
	}
	got := r.all()[0]
	if key := got.header.Get("Idempotency-Key"); key != row.ID || key != row.Recipient.IdempotencyKey("sales/_/2026-03/v1") {
		t.Errorf("got key %q, want that of the recipient and sales/_/2026-03/v1", key)
	}
	if err := deliver.Verify([]byte(secret), got.body, got.header.Get(deliver.SignatureHeader), time.Now(), time.Minute); err != nil {
		t.Error(err)
	}
	var letter struct {
		Schema, Version             int
		Event, Name, Report, Period string
		ContentDigest               string `json:"content_digest"`
		Files                       []struct{ Name, Link, SHA256 string }
	}
	if err := json.Unmarshal(got.body, &letter); err != nil {
		t.Fatal(err)
	}
	if letter.Schema != 1 || letter.Event != "published" || letter.Name != "sales/_/2026-03/v1" || letter.Version != 1 || letter.ContentDigest != v.ContentDigest {
		t.Errorf("got %s, want the version", got.body)
	}
	if len(letter.Files) != 1 || letter.Files[0].Name != "summary.csv" || letter.Files[0].Link != w.store.Locate(v.Path+"/summary.csv") {
		t.Errorf("got files %+v, want the csv and where it lies", letter.Files)
	}
	if strings.Contains(string(got.body), secret) || strings.Contains(w.log.String(), secret) {
		t.Error("the secret was told")
	}
	if got, want := d.Counters(), (deliver.Counters{Delivered: 1}); got != want {
		t.Errorf("counted %+v, want %+v", got, want)
	}
}

func TestAnswers(t *testing.T) {
	for name, test := range map[string]struct {
		status int
		header string
		state  ledger.DeliveryState
		text   string
		wait   time.Duration // at least
	}{
		"unavailable": {http.StatusServiceUnavailable, "120", ledger.DeliveryWaiting, "webhook: it answered 503 Service Unavailable", 120 * time.Second},
		"throttled":   {http.StatusTooManyRequests, "", ledger.DeliveryWaiting, "429", 2 * time.Second},
		"gone":        {http.StatusGone, "", ledger.DeliveryFailed, "webhook: it answered 410 Gone", 0},
		"forbidden":   {http.StatusForbidden, "", ledger.DeliveryFailed, "403", 0},
		"redirect":    {http.StatusTemporaryRedirect, "", ledger.DeliveryFailed, "redirects are not followed", 0},
	} {
		t.Run(name, func(t *testing.T) {
			other := newReceiver(t, nil)
			r := newReceiver(t, func(w http.ResponseWriter, _ int) {
				w.Header().Set("Retry-After", test.header)
				w.Header().Set("Location", other.URL)
				w.WriteHeader(test.status)
				w.Write([]byte("what it says stays there"))
			})
			w := newWorld(t, r.to(""))
			v := w.publish()
			began := time.Now()
			w.once(w.deliverer(deliver.Config{Allow: deliver.Allow{r.URL, other.URL}}))
			row := w.want(v, test.state, test.text)
			if strings.Contains(row.Error, "stays there") {
				t.Errorf("the error holds the answer's body: %s", row.Error)
			}
			if wait := row.NextAt.Sub(began); test.state == ledger.DeliveryWaiting && wait < test.wait {
				t.Errorf("tried again in %s, want %s or more", wait, test.wait)
			}
			if len(other.all()) > 0 {
				t.Error("a redirect was followed")
			}
			if current, ok, err := w.ledger.Current(t.Context(), v.Key); err != nil || !ok || current.Number != 1 {
				t.Errorf("got %+v, %t, %v; want version 1 current all the same", current, ok, err)
			}
			if failures := strings.Count(w.log.String(), "level=ERROR"); failures != map[bool]int{true: 1}[test.state == ledger.DeliveryFailed] {
				t.Errorf("%d errors in the log:\n%s", failures, w.log)
			}
		})
	}
}

// Fault 44: it was accepted, and nobody heard so.
func TestReplyLost(t *testing.T) {
	r := newReceiver(t, func(w http.ResponseWriter, n int) {
		if n == 1 {
			panic(http.ErrAbortHandler) // after it was taken: the connection is cut
		}
		w.WriteHeader(http.StatusOK)
	})
	r.Config.ErrorLog = nil
	w := newWorld(t, r.to(""))
	v := w.publish()
	d := w.deliverer(deliver.Config{Allow: r.allow()})
	w.once(d)
	w.want(v, ledger.DeliveryWaiting, "webhook: ")
	w.none(d) // not at once
	w.due()
	w.once(d)
	if row := w.want(v, ledger.Delivered, ""); row.Tries != 2 {
		t.Errorf("got %d tries, want 2", row.Tries)
	}
	got := r.all()
	if len(got) != 2 || got[0].header.Get("Idempotency-Key") != got[1].header.Get("Idempotency-Key") {
		t.Fatalf("got %d requests, want two of one key", len(got))
	}
	if diff := cmp.Diff(string(got[0].body), string(got[1].body)); diff != "" {
		t.Errorf("the body changed (-first +second):\n%s", diff)
	}
}

// A deliverer that is killed between the recipient's yes and the ledger's record of it: another sends again, under the same key.
func TestKilledBeforeRecord(t *testing.T) {
	r := newReceiver(t, nil)
	w := newWorld(t, r.to(""))
	v := w.publish()
	doomed := w.open("doomed")
	dead := &deadTransport{base: http.DefaultTransport, after: func() { doomed.Close() }} // from here on it writes nothing
	d := w.deliverer(deliver.Config{Ledger: doomed, Allow: r.allow(), Transport: dead})
	w.once(d)
	w.want(v, ledger.DeliveryWaiting, "")
	if d.Counters().Lost != 1 {
		t.Errorf("counted %+v, want one lost", d.Counters())
	}
	other := w.deliverer(deliver.Config{Allow: r.allow()})
	w.none(other) // its lease lives
	w.exec(`UPDATE monthend.deliveries SET lease_until = clock_timestamp() - interval '1 second'`)
	w.once(other)
	w.want(v, ledger.Delivered, "")
	got := r.all()
	if len(got) != 2 || got[0].header.Get("Idempotency-Key") != got[1].header.Get("Idempotency-Key") {
		t.Errorf("got %d requests, want two of one key", len(got))
	}
}

type deadTransport struct {
	base  http.RoundTripper
	after func()
}

func (d *deadTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := d.base.RoundTrip(r)
	d.after()
	return response, err
}

// Two deliverers at once: one has it. The one that was frozen and wakes without its lease records nothing.
func TestTwoDeliverers(t *testing.T) {
	woken := make(chan struct{})
	arrived := make(chan struct{}, 8)
	r := newReceiver(t, func(w http.ResponseWriter, n int) {
		arrived <- struct{}{}
		if n == 1 {
			<-woken
			w.WriteHeader(http.StatusForbidden)
		}
	})
	defer sync.OnceFunc(func() { close(woken) })()
	w := newWorld(t, r.to(""))
	v := w.publish()
	frozen := w.deliverer(deliver.Config{Ledger: w.open("frozen"), Allow: r.allow()})
	done := make(chan struct{})
	go func() {
		defer close(done)
		frozen.Once(t.Context())
	}()
	<-arrived
	other := w.deliverer(deliver.Config{Allow: r.allow()})
	w.none(other)
	w.exec(`UPDATE monthend.deliveries SET lease_until = clock_timestamp() - interval '1 second'`)
	w.once(other)
	w.want(v, ledger.Delivered, "")
	woken <- struct{}{}
	<-done
	w.want(v, ledger.Delivered, "") // its 403 came too late to say anything
	if frozen.Counters().Lost != 1 {
		t.Errorf("counted %+v, want one lost", frozen.Counters())
	}
}

func TestNotAllowed(t *testing.T) {
	r := newReceiver(t, nil)
	for name, test := range map[string]struct {
		allow  deliver.Allow
		secret string
		text   string
	}{
		"nothing":      {nil, secret, "is not allowed: MONTHEND_DELIVER_ALLOW is not set"},
		"another":      {deliver.Allow{"https://hooks.example.com"}, secret, "is not allowed: MONTHEND_DELIVER_ALLOW does not list it"},
		"another path": {deliver.Allow{r.URL + "/year"}, secret, "does not list it"},
		"no secret":    {r.allow(), "", "the worker's " + secretEnv + " is not set"},
		"poor secret":  {r.allow(), "hunter2", "shorter than 16 characters"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, r.to(""))
			v := w.publish()
			w.once(w.deliverer(deliver.Config{Allow: test.allow, Secret: func(string) string { return test.secret }}))
			w.want(v, ledger.DeliveryFailed, test.text)
			// The operator mends it and has it tried again.
			if again, err := w.ledger.DeliverAgain(t.Context(), report.VersionName{Key: v.Key, Number: 1}, false); err != nil || again.Begun != 1 {
				t.Fatalf("got %+v, %v; want one begun", again, err)
			}
			w.once(w.deliverer(deliver.Config{Allow: r.allow()}))
			w.want(v, ledger.Delivered, "")
		})
	}
}

// The segment of a delivery is tied to the run by what both are searched by, and shows the call.
func TestTrace(t *testing.T) {
	r := newReceiver(t, nil)
	w := newWorld(t, r.to(""))
	v := w.publish()
	w.once(w.deliverer(deliver.Config{Allow: r.allow()}))
	row := w.want(v, ledger.Delivered, "")
	documents, err := w.xray.Wait(t.Context(), row.TraceID, func(d []trace.Document) bool { return len(d) > 0 && !d[0].InProgress })
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(documents)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for _, want := range []string{`"delivery":"` + row.ID + `"`, `"run_id":"` + v.RunID + `"`, `"report":"sales"`, `"period":"2026-03"`, `"version":1`,
		`"delivery_state":"delivered"`, `"namespace":"remote"`, `"status":204`} {
		if !strings.Contains(text, want) {
			t.Errorf("the trace has no %s:\n%s", want, text)
		}
	}
	if strings.Contains(text, "/month") { // many a webhook has its token in the path
		t.Errorf("the trace tells the webhook's path:\n%s", text)
	}
	if header := r.all()[0].header.Get("X-Amzn-Trace-Id"); !strings.Contains(header, row.TraceID) {
		t.Errorf("got trace header %q, want it to name %s", header, row.TraceID)
	}
}

func TestApproval(t *testing.T) {
	r := newReceiver(t, nil)
	w := newWorld(t, "approve: true\n"+r.to(""))
	first := w.publish()
	d := w.deliverer(deliver.Config{Allow: r.allow()})
	w.none(d)
	w.want(first, ledger.DeliveryHeld, "")
	second := w.publish() // asked for by anna
	w.want(first, ledger.DeliverySkipped, "superseded by version 2")
	name := report.VersionName{Key: second.Key, Number: 2}
	if got, err := w.ledger.Approve(t.Context(), name, "anna"); err != nil || got.Answer != ledger.ApproveOwn {
		t.Errorf("got %+v, %v; want anna refused", got, err)
	}
	w.none(d)
	if got, err := w.ledger.Approve(t.Context(), name, "boris"); err != nil || got.Released != 1 {
		t.Fatalf("got %+v, %v; want one delivery released", got, err)
	}
	w.once(d)
	w.want(second, ledger.Delivered, "")
	if got := r.all(); len(got) != 1 || !strings.Contains(string(got[0].body), `"approved_by":"boris"`) || !strings.Contains(string(got[0].body), `"reason":"late rows"`) {
		t.Errorf("got %d requests, want version 2 approved by boris", len(got))
	}
}

func TestRunStops(t *testing.T) {
	release := make(chan struct{})
	arrived := make(chan struct{})
	r := newReceiver(t, func(w http.ResponseWriter, n int) {
		if n == 1 {
			close(arrived)
			<-release
		}
	})
	w := newWorld(t, r.to(""))
	v := w.publish()
	d := w.deliverer(deliver.Config{Allow: r.allow()})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	<-arrived
	cancel()
	close(release) // it has a few seconds
	if err := <-ended; err != nil {
		t.Error(err)
	}
	w.want(v, ledger.Delivered, "")
}

// What does not come to its end in time is cut off, and due at once for the next worker; the try does not count.
func TestRunCutsOff(t *testing.T) {
	arrived, release := make(chan struct{}), make(chan struct{})
	r := newReceiver(t, func(w http.ResponseWriter, n int) {
		if n == 1 {
			close(arrived)
			<-release
		}
	})
	defer close(release)
	w := newWorld(t, r.to(""))
	v := w.publish()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	d := w.deliverer(deliver.Config{Allow: r.allow(), Grace: 20 * time.Millisecond})
	go func() { ended <- d.Run(ctx) }()
	<-arrived
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if row := w.want(v, ledger.DeliveryWaiting, "webhook: the worker stops"); row.Tries != 0 || row.Owner != "" {
		t.Errorf("got %d tries, owner %q; want the try not counted and the lease free", row.Tries, row.Owner)
	}
	w.once(w.deliverer(deliver.Config{Allow: r.allow()}))
	w.want(v, ledger.Delivered, "")
}

func TestAlert(t *testing.T) {
	r := newReceiver(t, nil)
	w := newWorld(t, "")
	body := `{"event":"failed","report":"sales"}`
	hook := report.Delivery{Webhook: &report.Webhook{URL: r.URL + "/", SecretEnv: secretEnv}}
	posted, err := w.ledger.PostAlert(t.Context(), ledger.Alert{Condition: "failed/run_1", Title: "sales failed", Body: []byte(body), Recipients: []report.Delivery{hook}})
	if err != nil || !posted {
		t.Fatalf("got %t, %v; want it posted", posted, err)
	}
	w.once(w.deliverer(deliver.Config{Allow: r.allow()}))
	if got := r.all(); len(got) != 1 || string(got[0].body) != body || got[0].header.Get("Idempotency-Key") != hook.IdempotencyKey("failed/run_1") {
		t.Errorf("got %d requests, want the alert as it was posted", len(got))
	}
}

func TestVerify(t *testing.T) {
	at := time.Unix(1775000000, 0)
	signature := deliver.Sign([]byte(secret), []byte("body"), at)
	// printf '1775000000.body' | openssl dgst -sha256 -hmac "a secret of the receiver's own"
	if want := "t=1775000000,v1=fa87827e5e986e01baaa62dd604c196362213228c1cabb24b8931bd91a491dd5"; signature != want {
		t.Errorf("got %s, want %s", signature, want)
	}
	for name, err := range map[string]error{
		"late":    deliver.Verify([]byte(secret), []byte("body"), signature, at.Add(6*time.Minute), 5*time.Minute),
		"early":   deliver.Verify([]byte(secret), []byte("body"), signature, at.Add(-6*time.Minute), 5*time.Minute),
		"body":    deliver.Verify([]byte(secret), []byte("bodY"), signature, at, 5*time.Minute),
		"secret":  deliver.Verify([]byte("another secret of the receiver"), []byte("body"), signature, at, 5*time.Minute),
		"no form": deliver.Verify([]byte(secret), []byte("body"), "v1=00", at, 5*time.Minute),
		"moved":   deliver.Verify([]byte(secret), []byte("body"), strings.Replace(signature, "t=1775000000", "t=1775000001", 1), at, 5*time.Minute),
	} {
		if err == nil {
			t.Errorf("%s: the signature is taken", name)
		}
	}
	if err := deliver.Verify([]byte(secret), []byte("body"), signature, at.Add(time.Minute), 5*time.Minute); err != nil {
		t.Error(err)
	}
}

func TestNewRefuses(t *testing.T) {
	for _, cfg := range []deliver.Config{{}, {Ledger: &ledger.Store{}}} {
		if _, err := deliver.New(cfg); err == nil {
			t.Errorf("a deliverer of %+v was made", cfg)
		}
	}
}
