package deliver_test

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"github.com/monthend/monthend/local/postgres/pgtest"
	"github.com/monthend/monthend/local/xray"
	"github.com/monthend/monthend/pipeline"
	"github.com/monthend/monthend/pipeline/deliver"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/pipeline/source"
	"github.com/monthend/monthend/pipeline/store"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/trace"
)

func TestMain(m *testing.M) {
	code := pgtest.Main(m)
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

const (
	secret    = "a secret of the receiver's own"
	secretEnv = "MONTHEND_WEBHOOK_TEST"
)

// definition has rows to reject, a format that is kept though nobody asked for it, and recipients to be added.
const definition = `name: sales
title: Sales
timezone: Europe/Prague
currency: CZK
extract:
  transactions: {sql: transactions.sql, key: [row_id]}
validate:
  rules:
    - {rule: amount-present, on: transactions, check: amount IS NOT NULL AND amount <> 0, severity: reject}
generate:
  datasets: {summary: summary.sql}
  document:
    - table: {dataset: summary}
  formats: [html, csv]
`

// world is a ledger on a real PostgreSQL, a store, a report with recipients, and a deliverer.
type world struct {
	t      *testing.T
	url    string
	output string // folder of the store
	ledger *ledger.Store
	store  store.Store
	xray   *xray.Server
	tracer *trace.Tracer
	runner *pipeline.Runner
	log    *record
	asked  int
}

// books is a ledger and a month of small books, one of whose rows is to be rejected.
func books(ctx context.Context, url string) error {
	if _, _, err := ledger.Migrate(ctx, url); err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	_, err = conn.Exec(ctx, `
		CREATE SCHEMA finance;
		CREATE TABLE finance.transactions (row_id integer PRIMARY KEY, booked_at timestamptz NOT NULL, category text NOT NULL, amount numeric(18,2));
		INSERT INTO finance.transactions
		SELECT n, timestamptz '2026-03-01 12:00Z' + n * interval '6 hours', 'c' || n % 3, CASE WHEN n <> 7 THEN n * 1.25 END
		  FROM generate_series(1, 60) AS n`)
	return err
}

// newWorld publishes with what is added to the definition.
func newWorld(t *testing.T, added string) *world {
	t.Helper()
	t.Parallel()
	w := &world{t: t, url: pgtest.Cloned(t, books), output: t.TempDir(), log: &record{}}
	var err error
	must := func(what string) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	w.xray, err = xray.Start(xray.Config{})
	must("start X-Ray")
	w.tracer, err = trace.New(trace.Config{Address: w.xray.UDPAddr()})
	must("begin tracing")
	w.ledger = w.open("worker-1")
	rows, err := source.OpenPostgres(t.Context(), w.url, nil)
	must("open the source")
	w.store, err = store.Open(t.Context(), (&url.URL{Scheme: "file", Path: w.output}).String(), nil)
	must("open the store")
	definitions, err := report.NewCatalog(fstest.MapFS{
		"sales/report.yaml":      {Data: []byte(definition + added)},
		"sales/transactions.sql": {Data: []byte("SELECT row_id, category, amount FROM finance.transactions WHERE booked_at >= @period_start AND booked_at < @period_end")},
		"sales/summary.sql":      {Data: []byte("SELECT category, sum(amount)::DECIMAL(18,2) AS net FROM transactions GROUP BY category ORDER BY category")},
	})
	must("read the definition")
	w.runner, err = pipeline.New(pipeline.Config{
		Ledger: w.ledger, Store: w.store, Source: rows, Catalog: definitions, Tracer: w.tracer, Spool: t.TempDir(),
	})
	must("make the runner")
	t.Cleanup(func() {
		rows.Close()
		w.store.Close()
		w.tracer.Close(context.WithoutCancel(t.Context()))
		w.xray.Close()
		for _, v := range w.xray.Violations() {
			t.Errorf("a document breaks the rules of X-Ray: %v", v)
		}
	})
	return w
}

func (w *world) open(owner string) *ledger.Store {
	w.t.Helper()
	s, err := ledger.Open(w.t.Context(), ledger.Config{URL: w.url, Owner: owner})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(s.Close)
	return s
}

// publish publishes the month; from the second time on, over changed rows and as a restatement.
func (w *world) publish() ledger.Version {
	w.t.Helper()
	w.asked++
	job := report.Job{Report: "sales", Period: "2026-03", RequestedBy: "anna"}
	if w.asked > 1 {
		job.Restate, job.Reason = true, "late rows"
		w.exec(`UPDATE finance.transactions SET amount = amount + 1 WHERE row_id = (SELECT max(row_id) FROM finance.transactions WHERE amount > 0)`)
	}
	result := w.runner.Run(w.t.Context(), pipeline.Asking{Job: job, RequestID: fmt.Sprintf("request-%d", w.asked), Delivered: 1})
	if result.Outcome != report.Published {
		w.t.Fatalf("got outcome %q, %v, want published", result.Outcome, result.Err)
	}
	return result.Version
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

// deliverer is a worker's; what cfg leaves out is filled in.
func (w *world) deliverer(cfg deliver.Config) *deliver.Deliverer {
	w.t.Helper()
	cfg.Ledger = cmp.Or(cfg.Ledger, w.ledger)
	cfg.Store, cfg.Tracer = w.store, w.tracer
	cfg.Logger = slog.New(slog.NewTextHandler(w.log, nil))
	cfg.Spool = w.t.TempDir()
	cfg.Poll = 10 * time.Millisecond
	if cfg.Secret == nil {
		cfg.Secret = func(name string) string { return map[string]string{secretEnv: secret}[name] }
	}
	d, err := deliver.New(cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

// once brings one delivery; it must be due.
func (w *world) once(d *deliver.Deliverer) {
	w.t.Helper()
	if ok, err := d.Once(w.t.Context()); err != nil || !ok {
		w.t.Fatalf("brought %t, %v; want one delivery due", ok, err)
	}
}

// none expects that nothing is due.
func (w *world) none(d *deliver.Deliverer) {
	w.t.Helper()
	if ok, err := d.Once(w.t.Context()); err != nil || ok {
		w.t.Fatalf("brought %t, %v; want nothing due", ok, err)
	}
}

// due makes what is tried again later due now.
func (w *world) due() { w.exec(`UPDATE monthend.deliveries SET next_at = clock_timestamp()`) }

// only is the only delivery of a version.
func (w *world) only(v ledger.Version) ledger.Delivery {
	w.t.Helper()
	list, err := w.ledger.Deliveries(w.t.Context(), v.RunID)
	if err != nil || len(list) != 1 {
		w.t.Fatalf("got %d deliveries, %v; want one", len(list), err)
	}
	return list[0]
}

func (w *world) want(v ledger.Version, state ledger.DeliveryState, text string) ledger.Delivery {
	w.t.Helper()
	d := w.only(v)
	if d.State != state || !strings.Contains(d.Error, text) {
		w.t.Errorf("delivery is %s, %q; want %s, %q", d.State, d.Error, state, text)
	}
	return d
}

// record is a log that is read while it is written.
type record struct {
	mutex sync.Mutex
	text  strings.Builder
}

func (r *record) Write(p []byte) (int, error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.text.Write(p)
}

func (r *record) String() string {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.text.String()
}

// received is one request that a receiver got.
type received struct {
	header http.Header
	body   []byte
}

// receiver is a webhook on the loopback.
type receiver struct {
	*httptest.Server
	mutex  sync.Mutex
	got    []received
	answer func(w http.ResponseWriter, n int) // to the n-th request, from 1; nil is 204
}

func newReceiver(t *testing.T, answer func(w http.ResponseWriter, n int)) *receiver {
	r := &receiver{answer: answer}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		if err != nil {
			t.Error(err)
		}
		r.mutex.Lock()
		r.got = append(r.got, received{request.Header.Clone(), body})
		n := len(r.got)
		r.mutex.Unlock()
		if r.answer == nil {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		r.answer(w, n)
	}))
	t.Cleanup(r.Close)
	return r
}

// all is what came so far.
func (r *receiver) all() []received {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return append([]received(nil), r.got...)
}

// to is the definition's part that names the receiver.
func (r *receiver) to(extra string) string {
	return fmt.Sprintf("deliver:\n  - webhook: {url: %q, secret_env: %s}%s\n", r.URL+"/month", secretEnv, extra)
}

func (r *receiver) allow() deliver.Allow { return deliver.Allow{r.URL} }
