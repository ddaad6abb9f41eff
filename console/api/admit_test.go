package api_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/monthend/monthend/console"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/trace"
)

// Each route asks for its scope; admin has all.
func TestScopes(t *testing.T) {
	w := newWorld(t, options{})
	secrets := map[ledger.Scope]string{ledger.ScopeRead: w.read, ledger.ScopeTrigger: w.trigger, ledger.ScopeAdmin: w.admin}
	fill := strings.NewReplacer("{id}", "none", "{name}", "none", "{report}", "none", "{tenant}", "_", "{period}", "2026-03")
	for _, route := range routes(t) {
		path := fill.Replace(route.Path)
		anyone := w.do(call{method: route.Method, path: path})
		if (anyone.StatusCode == http.StatusUnauthorized) != (route.Scope != "") {
			t.Errorf("%s %s without a token: got %d, scope %q", route.Method, path, anyone.StatusCode, route.Scope)
		}
		if route.Scope == "" {
			continue
		}
		if got := anyone.Header.Get("WWW-Authenticate"); !strings.HasPrefix(got, "Bearer") || anyone.problem() != "unauthorized" {
			t.Errorf("%s %s: got %q %s", route.Method, path, got, anyone.text)
		}
		for scope, secret := range secrets {
			got := w.do(call{method: route.Method, path: path, token: secret})
			if may := scope == route.Scope || scope == ledger.ScopeAdmin; (got.StatusCode == http.StatusForbidden) == may {
				t.Errorf("%s %s with the scope %s: got %d", route.Method, path, scope, got.StatusCode)
			}
		}
	}
}

func TestUnauthorized(t *testing.T) {
	w := newWorld(t, options{})
	for name, header := range map[string]string{
		"nobody's": "Bearer mth_" + strings.Repeat("0", 52), "not whole": "Bearer " + w.read[:20], "basic": "Basic " + w.read, "bare": w.read,
		"empty": "Bearer ", "long": "Bearer mth_" + strings.Repeat("0", 9000),
	} {
		got := w.do(call{method: "GET", path: "/api/runs", header: map[string]string{"Authorization": header}})
		if got.StatusCode != http.StatusUnauthorized || strings.Contains(string(got.text), "mth_0") {
			t.Errorf("%s: got %d %s", name, got.StatusCode, got.text)
		}
	}
	// A token that is revoked is nobody's within seconds, though it was in use until now.
	w.wants(http.StatusOK, call{method: "GET", path: "/api/runs", token: w.read})
	if _, err := w.books.RevokeToken(t.Context(), "reader", "controller"); err != nil {
		t.Fatal(err)
	}
	w.until(time.Minute, http.StatusUnauthorized, call{method: "GET", path: "/api/runs", token: w.read})
	w.exec(`UPDATE monthend.tokens SET expires_at = clock_timestamp() WHERE name = 'erp'`)
	w.wants(http.StatusUnauthorized, call{method: "POST", path: "/api/runs", token: w.trigger, body: askMarch})
}

// until asks again and again until the status comes.
func (w *world) until(most time.Duration, status int, c call) {
	w.t.Helper()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for began := time.Now(); ; <-again.C {
		got := w.do(c)
		if got.StatusCode == status {
			return
		}
		if time.Since(began) > most {
			w.t.Fatalf("%s %s: still %d, want %d", c.method, c.path, got.StatusCode, status)
		}
	}
}

// On loopback nobody needs a token until there is one; other sites and rebound names are refused all the same.
func TestOpenDoor(t *testing.T) {
	w := newWorld(t, options{open: true})
	w.wants(http.StatusAccepted, call{method: "POST", path: "/api/runs", body: askMarch})
	w.wants(http.StatusOK, call{method: "GET", path: "/metrics"})
	if by := w.number(`SELECT count(*) FROM monthend.outbox WHERE body::jsonb ->> 'requested_by' = 'anonymous'`); by != 1 {
		t.Errorf("%d askings by anonymous", by)
	}
	for _, header := range []map[string]string{{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}} {
		w.wants(http.StatusForbidden, call{method: "POST", path: "/api/runs", body: askMarch, header: header})
		w.wants(http.StatusForbidden, call{method: "GET", path: "/api/runs", header: header})
	}
	w.wants(http.StatusMisdirectedRequest, call{method: "POST", path: "/api/runs", body: askMarch, header: map[string]string{"Host": "evil.example"}})
	w.wants(http.StatusUnauthorized, call{method: "GET", path: "/api/runs", token: "mth_wrong"})
	secret := w.grant(ledger.Grant{Name: "first", Scopes: []ledger.Scope{ledger.ScopeRead}})
	w.until(time.Minute, http.StatusUnauthorized, call{method: "GET", path: "/api/runs"})
	w.wants(http.StatusOK, call{method: "GET", path: "/api/runs", token: secret})
	if _, err := w.books.RevokeToken(t.Context(), "first", ""); err != nil {
		t.Fatal(err)
	}
	w.until(time.Minute, http.StatusUnauthorized, call{method: "GET", path: "/api/runs", token: secret})
	w.wants(http.StatusUnauthorized, call{method: "GET", path: "/api/runs"})
}

func TestRates(t *testing.T) {
	w := newWorld(t, options{rate: 0.01}) // a burst of one
	ask := func(token string) answered {
		return w.do(call{method: "GET", path: "/api/reports", token: token})
	}
	if got := ask(w.read); got.StatusCode != http.StatusOK {
		t.Fatalf("got %d %s", got.StatusCode, got.text)
	}
	got := ask(w.read)
	// Of 100 s some may have gone by.
	after, err := strconv.Atoi(got.Header.Get("Retry-After"))
	if got.StatusCode != http.StatusTooManyRequests || err != nil || after < 50 || after > 100 || got.problem() != "too-many" {
		t.Errorf("got %d %v %s", got.StatusCode, got.Header, got.text)
	}
	_, rest, _ := strings.Cut(got.Header.Get("X-Amzn-Trace-Id"), "Root=")
	id, _, _ := strings.Cut(rest, ";")
	documents, err := w.xray.Wait(t.Context(), id, func(all []trace.Document) bool { return len(all) == 1 })
	if err != nil || !documents[0].Throttle || !documents[0].Error || documents[0].Fault || documents[0].HTTP.Response.Status != 429 {
		t.Errorf("told as %+v, %v", documents, err)
	}
	if got := ask("mth_guessed"); got.StatusCode != http.StatusTooManyRequests {
		t.Errorf("the address guesses on: %d", got.StatusCode)
	}
	for range 20 { // probes are not counted
		w.wants(http.StatusOK, call{method: "GET", path: "/healthz"})
	}
}

func TestOversized(t *testing.T) {
	w := newWorld(t, options{server: console.Config{ReadTime: 3 * time.Second}})
	pad := `{"report": "monthly-financials", "period": "2026-03"` + strings.Repeat(" ", 64<<10) + `}`
	for _, path := range []string{"/api/runs", "/api/runs/none/cancel", "/api/runs/none/retry"} {
		if got := w.wants(http.StatusRequestEntityTooLarge, call{method: "POST", path: path, token: w.admin, body: pad}); got.problem() != "too-large" {
			t.Errorf("got %s", got.text)
		}
	}
	for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1", "application/jsonx", ";", "multipart/form-data"} {
		got := w.do(call{method: "POST", path: "/api/runs", token: w.trigger, body: askMarch, header: map[string]string{"Content-Type": kind}})
		if got.problem() != "media-type" {
			t.Errorf("%q: got %s", kind, got.text)
		}
	}
	// A body that does not come is not waited for.
	conn := must[net.Conn](t)(net.Dial("tcp", strings.TrimPrefix(w.url, "http://")))
	defer conn.Close()
	fmt.Fprintf(conn, "POST /api/runs HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: 60\r\n\r\n{", w.trigger)
	slow := must[*http.Response](t)(http.ReadResponse(bufio.NewReader(conn), nil))
	if text, err := io.ReadAll(slow.Body); err != nil || slow.StatusCode != http.StatusBadRequest || !strings.Contains(string(text), "the body did not come whole") {
		t.Errorf("got %d %s, %v", slow.StatusCode, text, err)
	}
	w.wants(http.StatusUnsupportedMediaType, call{method: "POST", path: "/api/runs", token: w.trigger, body: askMarch, header: map[string]string{"Content-Encoding": "gzip"}})
	w.wants(http.StatusAccepted, call{method: "POST", path: "/api/runs", token: w.trigger, body: askMarch, header: map[string]string{"Content-Type": "application/json; charset=UTF-8"}})
}

// What http.ServeMux would say in plain text is told as a problem.
func TestNowhere(t *testing.T) {
	w := newWorld(t, options{})
	for _, c := range []call{
		{method: "GET", path: "/"}, {method: "GET", path: "/api"}, {method: "GET", path: "/api/runs/"}, {method: "GET", path: "//api/runs"},
		{method: "GET", path: "/api/../api/runs"}, {method: "GET", path: "/api/runs/x/../y"}, {method: "GET", path: "/API/RUNS"},
		{method: "OPTIONS", path: "/api"}, {method: "GET", path: "/debug/pprof/"},
	} {
		if got := w.do(c); got.StatusCode != http.StatusNotFound || got.problem() != "not-found" {
			t.Errorf("%s %s: got %d %s", c.method, c.path, got.StatusCode, got.text)
		}
	}
	for path, allow := range map[string]string{"/api/runs": "GET, HEAD, POST", "/api/runs/x/cancel": "POST", "/healthz": "GET, HEAD"} {
		got := w.wants(http.StatusMethodNotAllowed, call{method: "DELETE", path: path, token: w.admin})
		if got.Header.Get("Allow") != allow || got.problem() != "method-not-allowed" {
			t.Errorf("%s: got %q %s", path, got.Header.Get("Allow"), got.text)
		}
		w.wants(http.StatusMethodNotAllowed, call{method: "OPTIONS", path: path, header: map[string]string{"Access-Control-Request-Method": "POST"}})
	}
}
