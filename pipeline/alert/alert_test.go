package alert_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/monthend/monthend/local/postgres/pgtest"
	"github.com/monthend/monthend/pipeline/alert"
	"github.com/monthend/monthend/pipeline/deliver"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/pipeline/store"
	"github.com/monthend/monthend/report"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

const (
	secret    = "a secret of the receiver's own"
	secretEnv = "MONTHEND_WEBHOOK_TEST"
)

func migrated(ctx context.Context, url string) error {
	_, _, err := ledger.Migrate(ctx, url)
	return err
}

// told is one webhook as its receiver got it.
type told struct {
	key  string
	body map[string]any
}

// world is a ledger, a webhook that is listened to, and a report whose alerts go there.
type world struct {
	t       *testing.T
	url     string
	ledger  *ledger.Store
	def     report.Definition
	missing []alert.Missing
	deliver *deliver.Deliverer

	mu     sync.Mutex
	got    []told
	broken int // so many answers are 500
}

func newWorld(t *testing.T, on ...report.AlertKind) *world {
	t.Helper()
	t.Parallel()
	w := &world{t: t, url: pgtest.Cloned(t, migrated)}
	hook := httptest.NewServer(http.HandlerFunc(w.receive))
	t.Cleanup(hook.Close)
	w.def = report.Definition{Name: "sales", Title: "Sales", Alerts: []report.Alert{
		{To: report.Delivery{Webhook: &report.Webhook{URL: hook.URL + "/alerts", SecretEnv: secretEnv}}, On: on},
	}}
	var err error
	if w.ledger, err = ledger.Open(t.Context(), ledger.Config{URL: w.url, Owner: "worker"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.ledger.Close)
	files, err := store.Open(t.Context(), (&url.URL{Scheme: "file", Path: t.TempDir()}).String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { files.Close() })
	allow, err := deliver.ParseAllow(hook.URL)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	w.deliver, err = deliver.New(deliver.Config{Ledger: w.ledger, Store: files, Allow: allow, Transport: transport,
		Secret: func(name string) string { return map[string]string{secretEnv: secret}[name] }})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// receive takes a webhook as a receiver should: only with a signature that holds.
func (w *world) receive(answer http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = deliver.Verify([]byte(secret), body, r.Header.Get(deliver.SignatureHeader), time.Now(), time.Minute)
	}
	one := told{key: r.Header.Get("Idempotency-Key")}
	if err := errors.Join(err, json.Unmarshal(body, &one.body)); err != nil {
		w.t.Errorf("%v: %s", err, body)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.got = append(w.got, one)
	if w.broken > 0 {
		w.broken--
		answer.WriteHeader(http.StatusInternalServerError)
	}
}

// alerter is one of any number of them.
func (w *world) alerter() *alert.Alerter {
	w.t.Helper()
	a, err := alert.New(alert.Config{
		Ledger: w.ledger,
		Definition: func(name string) (report.Definition, error) {
			if name != w.def.Name {
				return report.Definition{}, &report.UnknownReportError{Name: name}
			}
			return w.def, nil
		},
		Missing: func(context.Context) ([]alert.Missing, error) { return w.missing, nil },
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

// round has one alerter look and everything delivered that is due, and answers with what came.
func (w *world) round() []told {
	w.t.Helper()
	if err := w.alerter().Round(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	for {
		brought, err := w.deliver.Once(w.t.Context())
		if err != nil {
			w.t.Fatal(err)
		}
		if !brought {
			break
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	got := w.got
	w.got = nil
	return got
}

func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	conn, err := pgx.Connect(w.t.Context(), w.url)
	if err != nil {
		w.t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(w.t.Context()))
	if _, err := conn.Exec(w.t.Context(), sql, args...); err != nil {
		w.t.Fatal(err)
	}
}

// claim begins a run of the report's month.
func (w *world) claim(month time.Month, retry string) ledger.Claim {
	w.t.Helper()
	key := report.Key{Report: "sales", Period: report.Period{Year: 2026, Month: month}, Tenant: "north"}
	answer, err := w.ledger.Claim(w.t.Context(), ledger.Ask{RequestID: ledger.NewID(), Key: key, Retry: retry, TraceID: "1-69b2a3c4-0123456789abcdef01234567"})
	if err != nil || answer.Kind != ledger.Claimed {
		w.t.Fatalf("claim: %+v, %v", answer, err)
	}
	return answer.Claim
}

func (w *world) end(c ledger.Claim, outcome report.Outcome, why string) {
	w.t.Helper()
	err := w.ledger.End(w.t.Context(), c, ledger.Ending{Outcome: outcome, Err: errors.New(why), RecordsExtracted: 100, RecordsRejected: 14})
	if err != nil {
		w.t.Fatal(err)
	}
}

// Each thing that goes wrong is told once, to whoever listens, with what to type.
func TestEachConditionOnce(t *testing.T) {
	w := newWorld(t, report.AlertKinds...)
	failed, dataFailed, slow := w.claim(time.January, ""), w.claim(time.February, ""), w.claim(time.March, "")
	w.end(failed, report.Failed, `extract "sales": no such table`)
	w.end(dataFailed, report.DataFailed, "the gate is shut: 14 of 100 rows rejected")
	if _, err := w.ledger.Note(t.Context(), ledger.Condition{Name: "slow/" + slow.RunID, Kind: report.AlertSlow, Key: slow.Key, RunID: slow.RunID,
		Attempt: 1, TraceID: "1-69b2a3c4-0123456789abcdef01234567", Why: "publish takes longer than 1s"}); err != nil {
		t.Fatal(err)
	}
	due := time.Date(2026, 5, 6, 4, 0, 0, 0, time.UTC)
	april := report.Period{Year: 2026, Month: time.April}
	w.missing = []alert.Missing{
		{Kind: report.AlertMissed, Schedule: "sales/monthly", Report: "sales", Period: april, DueAt: due},
		{Kind: report.AlertOverdue, Report: "sales", Period: april, DueAt: due},
	}
	got := map[string]map[string]any{}
	keys := map[string]bool{}
	for _, one := range w.round() {
		if keys[one.key] || one.key == "" {
			t.Errorf("key %q is none, or of two alerts", one.key)
		}
		keys[one.key] = true
		if at, err := time.Parse(time.RFC3339Nano, one.body["at"].(string)); err != nil || time.Since(at) > time.Hour {
			t.Errorf("at %v", one.body["at"])
		}
		delete(one.body, "at")
		got[one.body["event"].(string)] = one.body
	}
	run := func(event, title, why, look, rerun, id, period string) map[string]any {
		body := map[string]any{"schema": 1.0, "event": event, "condition": event + "/" + id, "title": "sales " + period + " north: " + title,
			"report": "sales", "report_title": "Sales", "tenant": "north", "period": period, "error": why, "run_id": id, "attempt": 1.0,
			"trace_id": "1-69b2a3c4-0123456789abcdef01234567", "look": look + id}
		if rerun != "" {
			body["rerun"], body["records_extracted"], body["records_rejected"] = rerun+id, 100.0, 14.0
		}
		return body
	}
	absent := func(event, title, why, look, rerun, id string) map[string]any {
		return map[string]any{"schema": 1.0, "event": event, "condition": event + "/" + id, "title": "sales 2026-04: " + title, "report": "sales",
			"report_title": "Sales", "tenant": "", "period": "2026-04", "error": why, "due_at": "2026-05-06T04:00:00Z", "look": look, "rerun": rerun}
	}
	want := map[string]map[string]any{
		"failed": run("failed", "the run failed", `extract "sales": no such table`, "monthend runs show ", "monthend runs retry ", failed.RunID, "2026-01"),
		"data_failed": run("data_failed", "the data failed its checks", "the gate is shut: 14 of 100 rows rejected", "monthend runs show ",
			"monthend runs retry ", dataFailed.RunID, "2026-02"),
		"slow": run("slow", "the run is slow", "publish takes longer than 1s", "monthend trace ", "", slow.RunID, "2026-03"),
		"missed": absent("missed", "nobody has asked for it", "the report was due at 2026-05-06T04:00:00Z and no scheduler has asked for it",
			"monthend schedule list", "monthend schedule backfill sales --from 2026-04 --to 2026-04", "sales/monthly/2026-04"),
		"overdue": absent("overdue", "it is due and not published", "the report had to be published by 2026-05-06T04:00:00Z and is not",
			"monthend runs list --report sales", "monthend trigger sales --month 4 --year 2026", "sales/2026-04"),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}

	// It is found again, a run ends again as it did, another process looks: nothing is told again.
	w.end(w.claim(time.January, failed.RunID), report.Failed, "again")
	if again := w.round(); len(again) != 0 {
		t.Errorf("told again: %+v", again)
	}
}

// A request that was refused has no run: its own id leads to more.
func TestRefusedRequest(t *testing.T) {
	w := newWorld(t, report.AlertFailed)
	_, err := w.ledger.Refuse(t.Context(), ledger.Refusal{RequestID: "req_1", Report: "sales", Tenant: "north", Period: "2026-03", Reason: "no such column"})
	if err != nil {
		t.Fatal(err)
	}
	told := w.round()
	if len(told) != 1 {
		t.Fatalf("got %+v, want one alert", told)
	}
	delete(told[0].body, "at")
	want := map[string]any{"schema": 1.0, "event": "failed", "condition": "failed/req_1", "title": "sales 2026-03 north: the request was refused",
		"report": "sales", "report_title": "Sales", "tenant": "north", "period": "2026-03", "error": "no such column", "request_id": "req_1",
		"look": "monthend runs show req_1", "rerun": "monthend trigger sales --month 3 --year 2026 --tenant north"}
	if diff := cmp.Diff(want, told[0].body); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	if again := w.round(); len(again) != 0 {
		t.Errorf("told again: %+v", again)
	}
}

// Whoever ended the run is dead, and so is whoever began to tell of it: it is told all the same, and no receiver is told under two keys.
func TestNothingIsLostWithAWorker(t *testing.T) {
	w := newWorld(t, report.AlertFailed)
	c := w.claim(time.January, "")
	w.end(c, report.Failed, "boom") // and the worker dies, with all it knew

	if err := w.alerter().Round(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.exec(`UPDATE monthend.conditions SET told_at = NULL`) // the next one died after it had posted
	w.broken = 2                                            // and the receiver took the alert, and could not say so
	first := w.round()
	if len(first) != 1 {
		t.Fatalf("got %+v, want one try", first)
	}
	w.exec(`UPDATE monthend.deliveries SET next_at = clock_timestamp()`)
	second := w.round()
	w.exec(`UPDATE monthend.deliveries SET next_at = clock_timestamp()`)
	third := w.round()
	if len(second) != 1 || len(third) != 1 || second[0].key != first[0].key || third[0].key != first[0].key {
		t.Errorf("keys: %v, %v, %v, want one", first, second, third)
	}
	if more := w.round(); len(more) != 0 {
		t.Errorf("delivered again: %+v", more)
	}
}

// Two alerters at once write one delivery.
func TestAlertersAtOnce(t *testing.T) {
	w := newWorld(t, report.AlertFailed)
	for month := time.January; month <= time.June; month++ {
		w.end(w.claim(month, ""), report.Failed, "boom")
	}
	var all sync.WaitGroup
	for range 4 {
		a := w.alerter()
		all.Go(func() {
			if err := a.Round(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := w.round(); len(got) != 6 {
		t.Errorf("%d alerts of six runs", len(got))
	}
}

// Who does not listen is not told, then or later; a report that is not known here is left to whoever knows it, for a day.
func TestNobodyToTell(t *testing.T) {
	w := newWorld(t, report.AlertSlow)
	w.end(w.claim(time.January, ""), report.Failed, "boom")
	if got := w.round(); len(got) != 0 {
		t.Errorf("told: %+v", got)
	}
	w.def.Alerts[0].On = report.AlertKinds
	if got := w.round(); len(got) != 0 {
		t.Errorf("told after all: %+v", got)
	}

	w.def.Name = "another"
	w.end(w.claim(time.February, ""), report.Failed, "boom")
	w.round()
	w.def.Name = "sales"
	if got := w.round(); len(got) != 0 {
		t.Errorf("looked at again at once: %+v", got)
	}
	w.exec(`UPDATE monthend.conditions SET next_at = clock_timestamp()`)
	if got := w.round(); len(got) != 1 {
		t.Errorf("known after all, and %d told", len(got))
	}

	w.def.Name = "another"
	w.end(w.claim(time.March, ""), report.Failed, "boom")
	w.exec(`UPDATE monthend.conditions SET noted_at = noted_at - interval '25 hours' WHERE told_at IS NULL`)
	w.round()
	w.def.Name = "sales"
	w.exec(`UPDATE monthend.conditions SET next_at = clock_timestamp()`)
	if got := w.round(); len(got) != 0 {
		t.Errorf("given up, and told: %+v", got)
	}
}

// An outage is ridden out, and the end is prompt.
func TestRun(t *testing.T) {
	w := newWorld(t, report.AlertFailed)
	outage := true
	calls := make(chan struct{}, 100)
	a, err := alert.New(alert.Config{Ledger: w.ledger, Poll: time.Millisecond,
		Definition: func(string) (report.Definition, error) { return w.def, nil },
		Missing: func(context.Context) ([]alert.Missing, error) {
			calls <- struct{}{}
			if outage {
				outage = false
				return nil, errors.New("the ledger is away")
			}
			return nil, nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	w.end(w.claim(time.January, ""), report.Failed, "boom")
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	<-calls
	<-calls // looked again, although a look that succeeded would have been enough for a minute
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if got := w.round(); len(got) != 1 || a.Told() != 1 {
		t.Errorf("told %d, by this one %d", len(got), a.Told())
	}
}

func TestNewRefuses(t *testing.T) {
	if _, err := alert.New(alert.Config{}); err == nil || !strings.Contains(err.Error(), "needed") {
		t.Errorf("got %v", err)
	}
}
