package api_test

import (
	"net/http"
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
		`{"report": "monthly-financials", "period": "2999-12"}`:                                    "period",
		`{"report": "monthly-financials", "year": 2026}`:                                           "period",
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
	w.ask(http.StatusAccepted, askMarch, nil) // it waits for the end, and is a run of its own then
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

func TestHealth(t *testing.T) {
	w := newWorld(t, options{})
	w.wants(http.StatusOK, call{method: "GET", path: "/healthz"})
	w.wants(http.StatusOK, call{method: "GET", path: "/readyz"})
	w.broken.Store(true)
	w.until(time.Minute, http.StatusServiceUnavailable, call{method: "GET", path: "/readyz"})
	got := string(w.do(call{method: "GET", path: "/readyz"}).text)
	if !strings.Contains(got, `"queue":"failed"`) || !strings.Contains(got, `"ledger":"ok"`) || strings.Contains(got, "10.0.0.7") {
		t.Errorf("got %s", got)
	}
	w.wants(http.StatusOK, call{method: "GET", path: "/healthz"})
}
