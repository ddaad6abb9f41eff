package api_test

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/console/api"
	"github.com/monthend/monthend/console/bearer"
	"github.com/monthend/monthend/console/limit"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/report/catalog"
	"github.com/monthend/monthend/trace"
)

// routes are what an API serves that was never asked anything.
func routes(t *testing.T) []api.Route {
	t.Helper()
	buckets := must[*limit.Buckets](t)(limit.New(limit.Config{Rate: 1}))
	a := must[*api.API](t)(api.New(api.Config{
		Ledger: &ledger.Store{}, Catalog: must[*report.Catalog](t)(report.NewCatalog(catalog.FS)), Files: manifestFiles,
		Open: (&storeless{}).Open, NewRequestID: ledger.NewID, ByToken: buckets, ByAddress: buckets,
		Tokens: must[*bearer.Tokens](t)(bearer.New(bearer.Config{Ledger: &ledger.Store{}})),
	}))
	return a.Routes()
}

// asked is the answer to an asking.
type asked struct {
	Status, RequestID, RunID, TraceID string
	Run                               map[string]any
}

func (a *asked) UnmarshalJSON(text []byte) error {
	return unmarshal(text, map[string]any{"status": &a.Status, "request_id": &a.RequestID, "run_id": &a.RunID, "trace_id": &a.TraceID, "run": &a.Run})
}

const askMarch = `{"report": "monthly-financials", "month": 3, "year": 2026}`

func (w *world) ask(status int, body string, header map[string]string) (asked, answered) {
	w.t.Helper()
	got := w.wants(status, call{method: "POST", path: "/api/runs", token: w.trigger, body: body, header: header})
	var a asked
	if status < 400 {
		got.into(w.t, &a)
	}
	return a, got
}

// The job goes to the outbox in the trace of the request, which continues the caller's, and what becomes of it can be followed
// from the first moment.
func TestAsk(t *testing.T) {
	w := newWorld(t, options{})
	tracer := must[*trace.Tracer](t)(trace.New(trace.Config{Address: w.xray.UDPAddr()}))
	ctx, segment := tracer.Begin(t.Context(), "caller", "", trace.BeginOptions{})
	header := trace.Header(ctx)
	got, said := w.ask(http.StatusAccepted, `{"report": "monthly-financials", "period": "2026-03", "tenant": "alpha", "restate": true, "reason": "late invoices"}`,
		map[string]string{"X-Amzn-Trace-Id": header})
	segment.End(nil)
	tracer.Close(t.Context())
	if got.Status != "posted" || got.RequestID == "" || said.Header.Get("Location") != "/api/runs/"+got.RequestID || got.TraceID != trace.ID(ctx) {
		t.Fatalf("got %+v, %v", got, said.Header)
	}
	if w.posted.Load() != 1 {
		t.Errorf("told of %d postings", w.posted.Load())
	}
	posting, _, err := w.books.Posted(t.Context(), got.RequestID)
	if err != nil {
		t.Fatal(err)
	}
	job := must[report.Job](t)(report.DecodeJob(posting.Body))
	want := report.Job{Report: financials, Tenant: "alpha", Period: "2026-03", Restate: true, Reason: "late invoices", RequestedBy: "erp", RequestID: got.RequestID}
	if diff := cmp.Diff(want, job); diff != "" {
		t.Errorf("job (-want +got):\n%s", diff)
	}
	documents, err := w.xray.Wait(t.Context(), got.TraceID, func(all []trace.Document) bool { return len(all) == 2 })
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(documents, func(d trace.Document) bool { return d.Name == api.Service })
	d := documents[at]
	if want := "Root=" + got.TraceID + ";Parent=" + d.ID + ";Sampled=1"; posting.TraceHeader != want || d.ParentID == "" {
		t.Errorf("the job continues %q, want %q below the caller's segment", posting.TraceHeader, want)
	}
	if d.HTTP.Response.Status != 202 || d.Annotations["request_id"] != got.RequestID || d.Annotations["asked_by"] != "erp" || d.Annotations["report"] != financials {
		t.Errorf("segment %+v, %+v", d.HTTP, d.Annotations)
	}
	if answer := said.Header.Get("X-Amzn-Trace-Id"); !strings.HasPrefix(answer, "Root="+got.TraceID) {
		t.Errorf("answered %q", answer)
	}

	var shown struct{ Request map[string]any }
	w.wants(http.StatusOK, call{method: "GET", path: said.Header.Get("Location"), token: w.read}).into(t, &shown)
	if shown.Request["status"] != "queued" || shown.Request["reason"] != "late invoices" || shown.Request["requested_by"] != "erp" {
		t.Errorf("shown %+v", shown.Request)
	}
	c := w.claim(got.RequestID, "alpha", march)
	var whole struct {
		Request map[string]any
		Run     struct {
			Status   string
			Attempts []map[string]any
			Files    []map[string]any
		}
	}
	w.wants(http.StatusOK, call{method: "GET", path: said.Header.Get("Location"), token: w.read}).into(t, &whole)
	if whole.Request["status"] != "running" || whole.Request["run_id"] != c.RunID || whole.Run.Status != "running" || len(whole.Run.Attempts) != 1 {
		t.Errorf("shown %+v", whole)
	}
	w.publish(c, map[string]string{"report.html": "<p>March</p>"})
	w.wants(http.StatusOK, call{method: "GET", path: "/api/runs/" + c.RunID, token: w.read}).into(t, &whole)
	if whole.Run.Status != "published" || len(whole.Run.Files) != 1 {
		t.Errorf("shown %+v", whole)
	}
}

// A month that is published or in work is told, and nothing is posted.
func TestAskWhatIsThere(t *testing.T) {
	w := newWorld(t, options{})
	c := w.claim("r1", "", march)
	if got, _ := w.ask(http.StatusOK, askMarch, nil); got.Status != "already_running" || got.RunID != c.RunID || got.Run["status"] != "running" {
		t.Errorf("got %+v", got)
	}
	w.publish(c, map[string]string{"report.html": "x"})
	got, said := w.ask(http.StatusOK, askMarch, nil)
	if got.Status != "already_published" || got.RunID != c.RunID || said.Header.Get("Location") != "/api/runs/"+c.RunID {
		t.Errorf("got %+v", got)
	}
	if n := w.number(`SELECT count(*) FROM monthend.outbox`); n != 0 {
		t.Errorf("%d postings", n)
	}
	w.ask(http.StatusAccepted, `{"report": "monthly-financials", "period": "2026-03", "restate": true, "reason": "late invoices"}`, nil)
	w.ask(http.StatusConflict, `{"report": "monthly-financials", "period": "2026-03", "retry": "`+c.RunID+`"}`, nil)
}

func TestAskRefused(t *testing.T) {
	w := newWorld(t, options{})
	for body, want := range map[string]string{
		`{"report": "monthly-financials", "period": "2026-13"}`:                                    "period",
		`{"report": "monthly-financials", "period": "previous-month"}`:                             "period",
		`{"report": "monthly-financials", "period": "2026-03", "month": 3}`:                        "period",
		`{"report": "monthly-financials", "month": 3}`:                                             "period",
		`{"report": "monthly-financials", "month": 13, "year": 2026}`:                              "period",
		`{"report": "monthly-financials"}`:                                                         "period",
		`{"period": "2026-03"}`:                                                                    "report",
		`{"report": "monthly", "period": "2026-03"}`:                                               "report",
		`{"report": "../etc", "period": "2026-03"}`:                                                "report",
		`{"report": "", "period": "2026-03"}`:                                                      "report",
		`{"report": null, "period": "2026-03"}`:                                                    "report",
		`{"Report": "monthly-financials", "period": "2026-03"}`:                                    "Report",
		`{"report": "monthly-financials", "period": "2026-03", "tenant": "a/b"}`:                   "tenant",
		`{"report": "monthly-financials", "period": "2026-03", "restate": true}`:                   "reason",
		`{"report": "monthly-financials", "period": "2026-03", "restate": 1}`:                      "restate",
		`{"report": "monthly-financials", "period": "2026-03", "reason": "x"}`:                     "reason",
		`{"report": "monthly-financials", "month": 3.0, "year": 2026}`:                             "month",
		`{"report": "monthly-financials", "period": "2026-03", "retry": "run_0"}`:                  "retry",
		`{"report": "monthly-financials", "period": "2026-03", "requested_by": "cfo"}`:             "requested_by",
		`{"report": "monthly-financials", "period": "2026-03", "restate": true, "reason": "a\nb"}`: "reason",
		`{"report": "monthly-financials", "period": "2026-03", "restate":true,"reason":"\u0000"}`:  "reason",
		`{"report": "monthly-financials", "report": "monthly-financials", "period": "2026-03"}`:    "report",
		`{"report": "monthly-financials", "period": "2026-03"} {}`:                                 "",
		`{"report": "monthly-financials", "period": "2026-03"`:                                     "",
		"{\"report\": \"\xff\"}":                                                                   "",
		`[]`:                                                                                       "",
		`"monthly-financials"`:                                                                     "",
		strings.Repeat(`{"a":`, 20_000):                                                            "",
	} {
		got := w.do(call{method: "POST", path: "/api/runs", token: w.trigger, body: body})
		var p struct{ Field string }
		got.into(t, &p)
		if want := map[bool]string{true: "malformed", false: "invalid"}[want == "" || strings.Count(body, `"report"`) == 2]; got.problem() != want && len(body) < api.MaxBody {
			t.Errorf("%.90s: got %s %s, want %s", body, got.problem(), got.text, want)
		}
		if p.Field != want {
			t.Errorf("%.90s: field %q, want %q: %s", body, p.Field, want, got.text)
		}
	}
	if n := w.number(`SELECT count(*) FROM monthend.outbox`); n != 0 {
		t.Errorf("%d postings", n)
	}
}

// Asked again under its key, a request is one request, however often and however written.
func TestIdempotencyKey(t *testing.T) {
	w := newWorld(t, options{})
	key := map[string]string{"Idempotency-Key": "march-1"}
	first, said := w.ask(http.StatusAccepted, askMarch, key)
	again, replayed := w.ask(http.StatusAccepted, `{"year":2026,"month":3,"report":"monthly-financials"}`, key)
	if diff := cmp.Diff(first, again); diff != "" || said.Header.Get("Location") != replayed.Header.Get("Location") ||
		string(said.text) != string(replayed.text) || replayed.Header.Get("Idempotency-Replayed") != "true" || said.Header.Get("Idempotency-Replayed") != "" {
		t.Errorf("(-first +again):\n%s", diff)
	}
	if got := w.wants(http.StatusUnprocessableEntity, call{method: "POST", path: "/api/runs", token: w.trigger, header: key,
		body: `{"report": "monthly-financials", "period": "2026-02"}`}); got.problem() != "key-reused" {
		t.Errorf("got %s", got.text)
	}
	w.publish(w.claim(first.RequestID, "", march), map[string]string{"report.html": "x"})
	if later, _ := w.ask(http.StatusAccepted, askMarch, key); later.RequestID != first.RequestID {
		t.Errorf("got %+v after it was published", later)
	}
	others := w.wants(http.StatusOK, call{method: "POST", path: "/api/runs", token: w.admin, header: key, body: askMarch})
	if strings.Contains(string(others.text), `"posted"`) {
		t.Errorf("another's key was answered with %s", others.text)
	}
	for _, bad := range []string{"a b", strings.Repeat("k", 256), "ключ"} {
		w.wants(http.StatusBadRequest, call{method: "POST", path: "/api/runs", token: w.trigger, body: askMarch, header: map[string]string{"Idempotency-Key": bad}})
	}

	var wg sync.WaitGroup
	var mu sync.Mutex
	ids := map[string]int{}
	for range 12 {
		wg.Go(func() {
			got := w.do(call{method: "POST", path: "/api/runs", token: w.trigger, body: `{"report": "monthly-financials", "period": "2026-01"}`,
				header: map[string]string{"Idempotency-Key": "january"}})
			mu.Lock()
			defer mu.Unlock()
			ids[got.Header.Get("Location")]++
		})
	}
	wg.Wait()
	if len(ids) != 1 || w.number(`SELECT count(*) FROM monthend.outbox WHERE period = '2026-01'`) != 1 {
		t.Errorf("asked twelve times at once under one key: %v", ids)
	}
}

func TestCancel(t *testing.T) {
	w := newWorld(t, options{})
	got, said := w.ask(http.StatusAccepted, askMarch, nil)
	location := said.Header.Get("Location")
	w.wants(http.StatusForbidden, call{method: "POST", path: location + "/cancel", token: w.trigger})
	w.wants(http.StatusOK, call{method: "POST", path: location + "/cancel", token: w.admin})
	w.wants(http.StatusConflict, call{method: "POST", path: location + "/cancel", token: w.admin})
	var shown struct{ Request map[string]any }
	w.wants(http.StatusOK, call{method: "GET", path: location, token: w.read}).into(t, &shown)
	if shown.Request["status"] != "cancelled" || shown.Request["report"] != financials {
		t.Errorf("shown %+v", shown)
	}
	if n := w.number(`SELECT count(*) FROM monthend.outbox WHERE done_at IS NULL`); n != 0 {
		t.Errorf("%d messages are still to be sent for %s", n, got.RequestID)
	}
	c := w.claim("working", "", march)
	w.wants(http.StatusAccepted, call{method: "POST", path: "/api/runs/" + c.RunID + "/cancel", token: w.admin, body: "{}"})
	w.end(c, report.Cancelled)
	w.wants(http.StatusConflict, call{method: "POST", path: "/api/runs/working/cancel", token: w.admin})
	w.wants(http.StatusNotFound, call{method: "POST", path: "/api/runs/req_unheard_of/cancel", token: w.admin})
	w.wants(http.StatusUnprocessableEntity, call{method: "POST", path: "/api/runs/" + c.RunID + "/cancel", token: w.admin, body: `{"reason": "x"}`})
	if n := w.number(`SELECT count(*) FROM monthend.requests`); n != 2 {
		t.Errorf("%d requests, want none made up", n)
	}
}

func TestRetry(t *testing.T) {
	w := newWorld(t, options{})
	c := w.claim("r1", "alpha", march)
	path := "/api/runs/" + c.RunID + "/retry"
	w.wants(http.StatusOK, call{method: "POST", path: path, token: w.trigger}) // running
	w.end(c, report.DataFailed)
	var got asked
	w.wants(http.StatusAccepted, call{method: "POST", path: path, token: w.trigger}).into(t, &got)
	posting, _, err := w.books.Posted(t.Context(), got.RequestID)
	if err != nil {
		t.Fatal(err)
	}
	if job := must[report.Job](t)(report.DecodeJob(posting.Body)); job.Retry != c.RunID || job.Tenant != "alpha" || job.Period != "2026-03" {
		t.Errorf("job %+v", job)
	}
	w.wants(http.StatusConflict, call{method: "POST", path: "/api/runs/" + got.RequestID + "/retry", token: w.trigger})
	w.publish(w.claim("r2", "alpha", march), map[string]string{"report.html": "x"})
	w.wants(http.StatusOK, call{method: "POST", path: path, token: w.trigger}) // published by another
	w.wants(http.StatusConflict, call{method: "POST", path: "/api/runs/r2/retry", token: w.trigger})
}

func TestList(t *testing.T) {
	w := newWorld(t, options{})
	for i := range 7 {
		tenant := []string{"", "alpha", "beta"}[i%3]
		c := w.claim(fmt.Sprint("r", i), tenant, march.Add(-i))
		if i == 6 {
			w.end(c, report.Failed)
		} else if i%2 == 0 {
			w.publish(c, nil)
		}
	}
	count := func(token, query string) (n int) {
		t.Helper()
		for next := ""; ; {
			var p struct {
				Runs []map[string]any
				Next string
			}
			w.wants(http.StatusOK, call{method: "GET", path: "/api/runs?limit=2" + query + next, token: token}).into(t, &p)
			n += len(p.Runs)
			if p.Next == "" {
				return n
			}
			next = "&cursor=" + url.QueryEscape(p.Next)
		}
	}
	for query, want := range map[string]int{
		"": 7, "&tenant=alpha": 2, "&tenant=_": 3, "&outcome=published": 3, "&outcome=unended": 3, "&outcome=failed": 1, "&period=2026-03": 1,
		"&report=monthly-financials": 7, "&report=other": 0,
	} {
		if got := count(w.read, query); got != want {
			t.Errorf("%q: got %d runs, want %d", query, got, want)
		}
	}
	for query, want := range map[string]int{"": 2, "&tenant=alpha": 2, "&tenant=beta": 0, "&tenant=_": 0} {
		if got := count(w.alpha, query); got != want {
			t.Errorf("limited to alpha, %q: got %d runs, want %d", query, got, want)
		}
	}
	for _, query := range []string{"limit=0", "limit=201", "limit=x", "outcome=done", "period=2026", "tenant=a/b", "report=X", "cursor=x", "cursor=MSBydW4", "colour=red", "tenant=", "limit=1&limit=2", "report=%00", "%ff=1"} {
		if got := w.do(call{method: "GET", path: "/api/runs?" + query, token: w.read}); query != "cursor=MSBydW4" && got.problem() != "invalid" {
			t.Errorf("%s: got %d %s", query, got.StatusCode, got.text)
		}
	}
	if got := w.do(call{method: "GET", path: "/api/runs?a;b", token: w.read}); got.problem() != "malformed" {
		t.Errorf("got %s", got.text)
	}
}

func TestReportsAndVersions(t *testing.T) {
	w := newWorld(t, options{})
	var listed struct {
		Reports []struct{ Name, Title string }
	}
	w.wants(http.StatusOK, call{method: "GET", path: "/api/reports", token: w.read}).into(t, &listed)
	if len(listed.Reports) < 2 || listed.Reports[1].Name != financials || listed.Reports[1].Title == "" {
		t.Errorf("listed %+v", listed)
	}
	w.publish(w.claim("r1", "alpha", march), map[string]string{"report.html": "x"})
	var got struct {
		Versions []struct {
			Version int
			Current bool
		}
	}
	w.wants(http.StatusOK, call{method: "GET", path: "/api/versions/monthly-financials/alpha/2026-03", token: w.alpha}).into(t, &got)
	if len(got.Versions) != 1 || !got.Versions[0].Current || got.Versions[0].Version != 1 {
		t.Errorf("got %+v", got)
	}
	for _, path := range []string{"monthly-financials/_/2026-03", "monthly-financials/alpha/2026-02", "monthly-financials/alpha/march", "x/alpha/2026-03", "monthly-financials/%00/2026-03"} {
		w.wants(http.StatusNotFound, call{method: "GET", path: "/api/versions/" + path, token: w.admin})
	}
}

func TestFile(t *testing.T) {
	w := newWorld(t, options{})
	content := "id;amount\n" + strings.Repeat("1;20.00\n", 40_000)
	v := w.publish(w.claim("r1", "alpha", march), map[string]string{"report.html": "<p>March</p>", "datasets/daily.csv": content})
	base := "/api/runs/" + v.RunID + "/files"
	var listed struct {
		Files []struct{ Name, Href, SHA256 string }
	}
	w.wants(http.StatusOK, call{method: "GET", path: base, token: w.read}).into(t, &listed)
	for _, f := range listed.Files {
		got := w.wants(http.StatusOK, call{method: "GET", path: f.Href, token: w.read})
		if got.Header.Get("ETag") != `"`+f.SHA256+`"` || got.Header.Get("Accept-Ranges") != "bytes" {
			t.Errorf("%s: %v", f.Name, got.Header)
		}
	}
	csv := base + "/datasets%2Fdaily.csv"
	got := w.wants(http.StatusOK, call{method: "GET", path: csv, token: w.read})
	if string(got.text) != content || got.Header.Get("Content-Type") != "text/csv; charset=utf-8" ||
		got.Header.Get("Content-Disposition") != "attachment; filename=monthly-financials_2026-03_alpha_v1_datasets-daily.csv" {
		t.Errorf("%d bytes, %v", len(got.text), got.Header)
	}
	w.wants(http.StatusOK, call{method: "GET", path: base + "/datasets/daily.csv", token: w.alpha})
	w.wants(http.StatusNotModified, call{method: "GET", path: csv, token: w.read, header: map[string]string{"If-None-Match": got.Header.Get("ETag")}})
	part := w.wants(http.StatusPartialContent, call{method: "GET", path: csv, token: w.read, header: map[string]string{"Range": "bytes=10-16"}})
	if string(part.text) != "1;20.00" {
		t.Errorf("got %q", part.text)
	}
	w.wants(http.StatusOK, call{method: "GET", path: csv, token: w.read, header: map[string]string{"Range": "bytes=0-0,5-6"}})
	w.wants(http.StatusRequestedRangeNotSatisfiable, call{method: "GET", path: csv, token: w.read, header: map[string]string{"Range": "bytes=99999999-"}})
	for _, name := range []string{"missing.html", "..%2F..%2F..%2Fetc%2Fpasswd", "%2e%2e/manifest.json", "..", "manifest.json", "report.html%00", "report.html/", "/report.html", "datasets", ""} {
		w.wants(http.StatusNotFound, call{method: "GET", path: base + "/" + name, token: w.admin})
	}

	// Altered where it is kept, a file never arrives whole.
	stored := filepath.Join(w.dir, filepath.FromSlash(v.Path), "datasets", "daily.csv")
	if err := os.Chmod(stored, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(stored, []byte(strings.Replace(content, "1;20.00", "1;99.00", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	w.cutOff(csv)
	if err := os.Truncate(stored, 100); err != nil {
		t.Fatal(err)
	}
	w.cutOff(csv)
	if err := os.Remove(stored); err != nil {
		t.Fatal(err)
	}
	if got := w.do(call{method: "GET", path: csv, token: w.read}); got.StatusCode != http.StatusNotFound || strings.Contains(string(got.text), w.dir) {
		t.Errorf("got %d %s for a file that is gone", got.StatusCode, got.text)
	}
}

// What a token does not reach is not there.
func TestReach(t *testing.T) {
	w := newWorld(t, options{})
	c := w.claim("r-beta", "beta", march)
	w.publish(c, map[string]string{"report.html": "x"})
	for _, path := range []string{"/api/runs/" + c.RunID, "/api/runs/r-beta", "/api/runs/" + c.RunID + "/files", "/api/runs/" + c.RunID + "/files/report.html", "/api/versions/monthly-financials/beta/2026-03"} {
		w.wants(http.StatusOK, call{method: "GET", path: path, token: w.read})
		w.wants(http.StatusNotFound, call{method: "GET", path: path, token: w.alpha})
	}
	w.wants(http.StatusNotFound, call{method: "POST", path: "/api/runs/" + c.RunID + "/retry", token: w.alpha})
	w.wants(http.StatusNotFound, call{method: "POST", path: "/api/runs/" + c.RunID + "/cancel", token: w.alpha})
	for _, tenant := range []string{"", `, "tenant": "beta"`} {
		w.wants(http.StatusForbidden, call{method: "POST", path: "/api/runs", token: w.alpha, body: `{"report": "monthly-financials", "period": "2026-03"` + tenant + `}`})
	}
	w.wants(http.StatusForbidden, call{method: "GET", path: "/metrics", token: w.alpha})
	w.wants(http.StatusOK, call{method: "GET", path: "/metrics", token: w.read})
}

func TestHealth(t *testing.T) {
	w := newWorld(t, options{})
	w.wants(http.StatusOK, call{method: "GET", path: "/healthz"})
	w.wants(http.StatusOK, call{method: "GET", path: "/readyz"})
	w.broken.Store(true)
	w.until(10*time.Second, http.StatusServiceUnavailable, call{method: "GET", path: "/readyz"})
	got := string(w.do(call{method: "GET", path: "/readyz"}).text)
	if !strings.Contains(got, `"queue":"failed"`) || !strings.Contains(got, `"ledger":"ok"`) || strings.Contains(got, "10.0.0.7") {
		t.Errorf("got %s", got)
	}
	w.wants(http.StatusOK, call{method: "GET", path: "/healthz"})
}
