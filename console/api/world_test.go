package api_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/monthend/monthend/console"
	"github.com/monthend/monthend/console/api"
	"github.com/monthend/monthend/console/bearer"
	"github.com/monthend/monthend/console/limit"
	"github.com/monthend/monthend/local/postgres/pgtest"
	"github.com/monthend/monthend/local/xray"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/pipeline/store"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/report/catalog"
	"github.com/monthend/monthend/trace"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func migrated(ctx context.Context, url string) error {
	_, _, err := ledger.Migrate(ctx, url)
	return err
}

const financials = "monthly-financials"

var march = report.Period{Year: 2026, Month: time.March}

// world is the API on a real port, above a real ledger, store and X-Ray.
type world struct {
	t     *testing.T
	url   string
	books *ledger.Store
	sql   *pgx.Conn
	store store.Store
	dir   string
	xray  *xray.Server
	said  *log

	admin, read, trigger, alpha string // secrets; alpha reaches one tenant

	ids    atomic.Int64
	posted atomic.Int64
	broken atomic.Bool // readyz finds the queue gone
}

// options change the world before it opens.
type options struct {
	open   bool // no token was ever made
	rate   float64
	server console.Config
}

func newWorld(t *testing.T, o options) *world {
	t.Helper()
	t.Parallel()
	w := &world{t: t, said: &log{}, dir: t.TempDir()}
	url := pgtest.Cloned(t, migrated)
	w.books = must[*ledger.Store](t)(ledger.Open(t.Context(), ledger.Config{URL: url, Owner: "worker-1"}))
	w.sql = must[*pgx.Conn](t)(pgx.Connect(t.Context(), url))
	w.store = must[store.Store](t)(store.Open(t.Context(), "file://"+filepath.ToSlash(w.dir), nil))
	w.xray = must[*xray.Server](t)(xray.Start(xray.Config{}))
	tracer := must[*trace.Tracer](t)(trace.New(trace.Config{Address: w.xray.UDPAddr()}))
	logger := slog.New(slog.NewJSONHandler(w.said, nil))
	if !o.open {
		w.admin = w.grant(ledger.Grant{Name: "root", Scopes: []ledger.Scope{ledger.ScopeAdmin}})
		w.read = w.grant(ledger.Grant{Name: "reader", Scopes: []ledger.Scope{ledger.ScopeRead}})
		w.trigger = w.grant(ledger.Grant{Name: "erp", Scopes: []ledger.Scope{ledger.ScopeTrigger}})
		w.alpha = w.grant(ledger.Grant{Name: "alpha-only", Scopes: []ledger.Scope{ledger.ScopeAdmin}, Tenants: []string{"alpha"}})
	}
	if o.rate == 0 {
		o.rate = 100_000
	}
	handler := must[*api.API](t)(api.New(api.Config{
		Ledger: w.books, Catalog: must[*report.Catalog](t)(report.NewCatalog(catalog.FS, shops)), Files: manifestFiles, Open: w.open,
		NewRequestID: func() string { return fmt.Sprintf("req_%d", w.ids.Add(1)) },
		Tokens:       must[*bearer.Tokens](t)(bearer.New(bearer.Config{Ledger: w.books, Loopback: true})),
		ByToken:      must[*limit.Buckets](t)(limit.New(limit.Config{Rate: o.rate})),
		ByAddress:    must[*limit.Buckets](t)(limit.New(limit.Config{Rate: o.rate})),
		Checks: []api.Check{{Name: "ledger", Ask: w.books.Ping}, {Name: "queue", Ask: func(context.Context) error {
			if w.broken.Load() {
				return errors.New("dial tcp 10.0.0.7: connection refused")
			}
			return nil
		}}},
		Tracer: tracer, Posted: func() { w.posted.Add(1) }, Logger: logger,
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain; version=0.0.4")
			io.WriteString(w, "monthend_runs_total 1\n")
		}),
	}))
	o.server.Handler, o.server.Loopback, o.server.Logger = handler, true, logger
	server := must[*console.Server](t)(console.New(o.server))
	listener := must[net.Listener](t)(net.Listen("tcp", "127.0.0.1:0"))
	w.url = "http://" + listener.Addr().String()
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx, context.Background(), listener) }()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
		tracer.Close(context.Background())
		for _, v := range w.xray.Violations() {
			t.Error(v)
		}
		w.xray.Close()
		w.sql.Close(context.Background())
		w.books.Close()
		w.store.Close()
		if text := w.said.String(); strings.Contains(text, "mth_") || strings.Contains(text, "panicked") {
			t.Errorf("the log holds a secret or a panic:\n%s", text)
		}
	})
	return w
}

func (w *world) open(ctx context.Context, path string) (io.ReadCloser, error) {
	body, err := w.store.Open(ctx, path)
	if errors.Is(err, store.ErrNotFound) {
		err = fs.ErrNotExist
	}
	return body, err
}

// must fails the test of what it is given an error for.
func must[T any](t testing.TB) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func (w *world) grant(g ledger.Grant) string {
	w.t.Helper()
	secret, _, err := w.books.CreateToken(w.t.Context(), g)
	if err != nil {
		w.t.Fatal(err)
	}
	return secret
}

// log is what the server logs.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// call is one request; what is empty is left out.
type call struct {
	method, path, token, body string
	header                    map[string]string
}

// answered is what came back, whole.
type answered struct {
	*http.Response
	text []byte
}

// into decodes the body.
func (a answered) into(t testing.TB, v any) {
	t.Helper()
	if err := json.Unmarshal(a.text, v); err != nil {
		t.Fatalf("%s: %v", a.text, err)
	}
}

// problem is the slug of the problem that was answered.
func (a answered) problem() string {
	var p struct{ Type string }
	if json.Unmarshal(a.text, &p) != nil || a.Header.Get("Content-Type") != "application/problem+json" {
		return ""
	}
	return strings.TrimPrefix(p.Type, "urn:monthend:problem:")
}

// do sends a request and holds the answer to the document.
func (w *world) do(c call) answered {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), c.method, w.url+c.path, strings.NewReader(c.body))
	if err != nil {
		w.t.Fatal(err)
	}
	if c.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	for name, value := range c.header {
		if name == "Host" {
			r.Host = value
			continue
		}
		r.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := conforms(r, response, text); err != nil {
		w.t.Errorf("%s %s answered %d %.300s: %v", c.method, c.path, response.StatusCode, text, err)
	}
	return answered{response, text}
}

// wants calls and checks the status.
func (w *world) wants(status int, c call) answered {
	w.t.Helper()
	got := w.do(c)
	if got.StatusCode != status {
		w.t.Fatalf("%s %s: got %d %.300s, want %d", c.method, c.path, got.StatusCode, got.text, status)
	}
	return got
}

func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.sql.Exec(w.t.Context(), sql, args...); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) number(sql string, args ...any) (n int64) {
	w.t.Helper()
	if err := w.sql.QueryRow(w.t.Context(), sql, args...).Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
}

// claim begins a run, as a worker would.
func (w *world) claim(requestID, tenant string, period report.Period) ledger.Claim {
	w.t.Helper()
	got, err := w.books.Claim(w.t.Context(), ledger.Ask{
		RequestID: requestID, Key: report.Key{Report: financials, Tenant: tenant, Period: period}, RequestedBy: "controller",
		TraceID: "1-69b2a3c4-0123456789abcdef01234567",
	})
	if err != nil || got.Kind != ledger.Claimed {
		w.t.Fatalf("claim: %+v, %v", got, err)
	}
	return got.Claim
}

// end ends a run without a version.
func (w *world) end(c ledger.Claim, outcome report.Outcome) {
	w.t.Helper()
	if err := w.books.End(w.t.Context(), c, ledger.Ending{Outcome: outcome, Err: errors.New("the gate: 3 % rejected")}); err != nil {
		w.t.Fatal(err)
	}
}

// publish publishes a run with these files.
func (w *world) publish(c ledger.Claim, files map[string]string) ledger.Version {
	w.t.Helper()
	number, err := w.books.AllocateVersion(w.t.Context(), c, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	digest := fmt.Sprintf("%064x", w.ids.Add(1))
	at := fmt.Sprintf("%s/v%d-%s", c.Key.Path(), number, digest[:8])
	var m manifest
	for name, text := range files {
		sum := sha256.Sum256([]byte(text))
		artifact := api.File{Name: name, Format: strings.TrimPrefix(filepath.Ext(name), "."), Bytes: int64(len(text)), SHA256: hex.EncodeToString(sum[:])}
		local := filepath.Join(w.t.TempDir(), "file")
		if err := os.WriteFile(local, []byte(text), 0o600); err != nil {
			w.t.Fatal(err)
		}
		if err := w.store.Put(w.t.Context(), at+"/"+name, local, store.Sum{SHA256: artifact.SHA256, Size: artifact.Bytes}); err != nil {
			w.t.Fatal(err)
		}
		m.Files = append(m.Files, artifact)
	}
	text, err := json.Marshal(m)
	if err != nil {
		w.t.Fatal(err)
	}
	v, err := w.books.Publish(w.t.Context(), c, ledger.Publication{
		Number: number, ContentDigest: digest, DataDigest: digest[:32], Path: at, Manifest: text, RecordsExtracted: 100, RecordsRejected: 3,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

// manifest is what the tests keep with a version.
type manifest struct{ Files []api.File }

func manifestFiles(v ledger.Version) ([]api.File, error) {
	var m manifest
	err := json.Unmarshal(v.Manifest, &m)
	return m.Files, err
}
