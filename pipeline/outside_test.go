package pipeline_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/pipeline"
	"github.com/monthend/monthend/pipeline/source"
	"github.com/monthend/monthend/pipeline/source/remote"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/trace"
)

// exchange is an HTTP source on loopback: what it was asked, and what it answers next.
type exchange struct {
	*httptest.Server
	mu     sync.Mutex
	asked  []string
	answer func(n int, r *http.Request) (status int, body string)
}

func newExchange(t *testing.T, answer func(n int, r *http.Request) (int, string)) *exchange {
	e := &exchange{answer: answer}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.asked = append(e.asked, r.URL.RequestURI())
		status, body := e.answer(len(e.asked), r)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}))
	t.Cleanup(e.Close)
	return e
}

// say changes the answer to every later call.
func (e *exchange) say(status int, body string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.answer = func(int, *http.Request) (int, string) { return status, body }
}

const token = "Bearer s3cret-0123456789"

// allow lets a world's runs call the exchange.
func (e *exchange) allow(t *testing.T, folders ...string) func(*pipeline.Config) {
	hosts, err := remote.ParseHosts(e.URL)
	if err != nil {
		t.Fatal(err)
	}
	files, err := remote.ParseFolders(strings.Join(folders, ","))
	if err != nil {
		t.Fatal(err)
	}
	outside, err := source.OpenOutside(remote.Config{Hosts: hosts, Folders: files, Secrets: map[string]string{"MONTHEND_SECRET_FX": token}})
	if err != nil {
		t.Fatal(err)
	}
	return func(c *pipeline.Config) { c.Outside = outside }
}

// abroad is a report whose rows come from outside alone; more goes into its extract.
func abroad(extract, document string) fs.FS {
	return fstest.MapFS{
		"abroad/report.yaml": &fstest.MapFile{Data: []byte(`
name: abroad
title: Rates
timezone: Europe/Prague
currency: CZK
extract:
  rates:
` + extract + `
    key: [currency]
    columns:
      currency: text
      rate: numeric(18,6)
      valid_on: date
validate:
  rules:
    - {rule: rate-present, on: rates, check: rate > 0, severity: reject}
generate:
  datasets: {listed: listed.sql}
  document: [` + document + `]
  formats: [html, csv]
`)},
		"abroad/listed.sql": &fstest.MapFile{Data: []byte(`SELECT currency, rate, valid_on FROM rates ORDER BY currency`)},
	}
}

func (e *exchange) extract() string {
	return `    url: "` + e.URL + `/rates?from=@period_first&to=@period_last"
    format: json
    rows: /data/rates
    retries: 2
    headers: {Authorization: "env:MONTHEND_SECRET_FX"}`
}

const (
	twoRates  = `{"data":{"rates":[{"currency":"EUR","rate":25.31,"valid_on":"2026-03-31"},{"currency":"USD","rate":"23.5","valid_on":null},{"currency":"XXX","rate":0,"valid_on":null}]}}`
	sameRates = `{"asked":"later","data":{"rates":[ {"valid_on":null,"currency":"XXX","rate":0.000},{"note":1,"rate":2.35e1,"valid_on":null,"currency":"USD"}, {"valid_on":"2026-03-31","currency":"EUR","rate":"25.310000"}]}}`
)

func TestOutsideRowsAreRowsLikeOthers(t *testing.T) {
	e := newExchange(t, func(n int, r *http.Request) (int, string) {
		if r.Header.Get("Authorization") != token || !strings.HasPrefix(r.Header.Get("X-Amzn-Trace-Id"), "Root=") {
			return http.StatusUnauthorized, ""
		}
		if n == 1 {
			return http.StatusServiceUnavailable, ""
		}
		return http.StatusOK, twoRates
	})
	w := newWorld(t, worldConfig{definitions: abroad(e.extract(), "{table: {dataset: listed}}"), alter: e.allow(t)})
	id, parent := header()
	asking := w.asking(report.Job{Report: "abroad", Period: "2026-03"})
	asking.Trace = parent
	first := w.runner.Run(t.Context(), asking)
	if first.Outcome != report.Published || first.Extracted != 3 || first.Rejected != 1 {
		t.Fatalf("got %q, %d and %d, %v; want published, 3 and 1", first.Outcome, first.Extracted, first.Rejected, first.Err)
	}
	wantRows := [][]string{{"currency", "rate", "valid_on"}, {"EUR", "25.310000", "2026-03-31"}, {"USD", "23.500000", ""}}
	if diff := cmp.Diff(wantRows, w.table(first, "listed.csv")); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if want := []string{"/rates?from=2026-03-01&to=2026-03-31", "/rates?from=2026-03-01&to=2026-03-31"}; !slices.Equal(e.asked, want) {
		t.Errorf("asked %v, want %v", e.asked, want)
	}

	manifest, err := pipeline.ParseManifest(first.Version.Manifest)
	if err != nil || len(manifest.Provenance.Outside) != 1 {
		t.Fatalf("got %+v, %v, want one receipt", manifest.Provenance, err)
	}
	receipt := manifest.Provenance.Outside[0]
	if len(receipt.SHA256) != 64 {
		t.Errorf("got hash %q", receipt.SHA256)
	}
	receipt.SHA256 = ""
	want := pipeline.Receipt{Extract: "rates", Period: "2026-03", Receipt: remote.Receipt{URL: e.URL + "/rates", Status: 200, Retries: 1, Bytes: int64(len(twoRates))}}
	if receipt != want {
		t.Errorf("got receipt %+v, want %+v", receipt, want)
	}

	segment := w.segments(id, 1)[0]
	call := find(segment, strings.TrimPrefix(e.URL, "http://"))
	if call == nil || call.Namespace != "remote" || call.HTTP == nil || call.HTTP.Request.Method != "GET" || call.HTTP.Request.URL != e.URL+"/rates" ||
		call.HTTP.Response.Status != 200 || string(call.Metadata["default"]["retries"]) != "1" || call.Fault || call.Error {
		t.Errorf("got the call as %+v, want a remote subsegment with method, status and retries", call)
	}
	told, _ := json.Marshal(segment)
	for name, text := range tree(t, w.dir) {
		if strings.Contains(text, "s3cret") {
			t.Errorf("%s holds the secret", name)
		}
	}
	if text := string(told) + string(first.Version.Manifest); strings.Contains(text, "s3cret") || strings.Contains(text, "from=") {
		t.Errorf("the trace or the manifest holds a secret or a query: %s", text)
	}

	// The same rows in other words are unchanged; another rate is not.
	restated := report.Job{Report: "abroad", Period: "2026-03", Restate: true, Reason: "rates were fixed"}
	e.say(200, sameRates)
	if again := w.run(restated); again.Outcome != report.Unchanged {
		t.Errorf("got %q, %v, want unchanged", again.Outcome, again.Err)
	}
	e.say(200, strings.Replace(sameRates, "25.310000", "25.32", 1))
	moved, _, err := pipeline.Drift(t.Context(), w.config, pipeline.Asking{Job: report.Job{Report: "abroad", Period: "2026-03"}})
	if err != nil || moved.Same {
		t.Errorf("got %+v, %v, want a drift", moved, err)
	}
	if again := w.run(restated); again.Outcome != report.Published || again.Version.Number != 2 {
		t.Errorf("got %q, %v, want version 2", again.Outcome, again.Err)
	}
}

// find is the subsegment of a name, at any depth.
func find(d trace.Document, name string) *trace.Document {
	for i := range d.Subsegments {
		if d.Subsegments[i].Name == name {
			return &d.Subsegments[i]
		}
		if found := find(d.Subsegments[i], name); found != nil {
			return found
		}
	}
	return nil
}

// What passes puts the run back, and the next attempt asks again; what does not ends it.
func TestOutsideTrouble(t *testing.T) {
	e := newExchange(t, func(int, *http.Request) (int, string) { return http.StatusTooManyRequests, "" })
	extract := strings.Replace(e.extract(), "retries: 2", "retries: 0", 1)
	w := newWorld(t, worldConfig{definitions: abroad(extract, ""), alter: e.allow(t)})
	asking := w.asking(report.Job{Report: "abroad", Period: "2026-03"})
	put := w.runner.Run(t.Context(), asking)
	var own *remote.Error
	if put.Outcome != "" || put.RetryAfter <= 0 || !errors.As(put.Err, &own) || own.TraceClass() != "throttle" {
		t.Fatalf("got %+v, want it put back for a throttle", put)
	}
	e.say(200, twoRates)
	asking.Delivered = 2
	if got := w.runner.Run(t.Context(), asking); got.Outcome != report.Published || got.RunID != put.RunID {
		t.Fatalf("got %q, %v, want the same run published", got.Outcome, got.Err)
	}
	for period, c := range map[string]struct {
		status     int
		body, want string
	}{
		"2026-02": {404, "", "404"}, "2026-01": {200, `{"data":{"rates":[{"currency":"EUR"}]}}`, `row 1: column "rate" is missing`},
		"2025-12": {200, `<html>`, "not"}, "2025-11": {200, `{"data":{"rates":[{"currency":"Hidden","rate":"Hidden","valid_on":null}]}}`, `row 1, column "rate"`},
	} {
		e.say(c.status, c.body)
		got := w.run(report.Job{Report: "abroad", Period: period})
		if got.Outcome != report.Failed || !strings.Contains(fmt.Sprint(got.Err), c.want) || strings.Contains(fmt.Sprint(got.Err), "Hidden") {
			t.Errorf("%s: got %q, %v; want failed with %q", period, got.Outcome, got.Err, c.want)
		}
	}
	closed := newWorld(t, worldConfig{definitions: abroad(extract, "")})
	if got := closed.run(report.Job{Report: "abroad", Period: "2026-03"}); got.Outcome != report.Failed || !strings.Contains(fmt.Sprint(got.Err), "MONTHEND_SOURCE_HOSTS") {
		t.Errorf("got %q, %v; want failed, naming the setting", got.Outcome, got.Err)
	}
}

// Months that a report is compared with are asked for with their own bounds, in an explanation and a draft too.
func TestOutsideOfOtherMonths(t *testing.T) {
	e := newExchange(t, func(_ int, r *http.Request) (int, string) {
		return 200, strings.ReplaceAll(twoRates, "2026-03-31", r.URL.Query().Get("to"))
	})
	kpi := "{kpis: [{label: Rate, dataset: one, column: rate, compare: [previous, year_ago]}]}"
	files := abroad(e.extract(), kpi).(fstest.MapFS)
	files["abroad/report.yaml"].Data = []byte(strings.Replace(string(files["abroad/report.yaml"].Data), "{listed: listed.sql}", "{listed: listed.sql, one: one.sql}", 1))
	files["abroad/one.sql"] = &fstest.MapFile{Data: []byte(`SELECT max(rate) AS rate FROM rates ORDER BY rate`)}
	w := newWorld(t, worldConfig{definitions: files, alter: e.allow(t)})
	asked := func(dates ...string) (want []string) {
		for i := 0; i < len(dates); i += 2 {
			want = append(want, "/rates?from="+dates[i]+"&to="+dates[i+1])
		}
		return want
	}
	result := w.publish(report.Job{Report: "abroad", Period: "2026-03"})
	want := asked("2026-02-01", "2026-02-28", "2025-03-01", "2025-03-31", "2026-03-01", "2026-03-31")
	if !slices.Equal(e.asked, want) {
		t.Errorf("asked %v, want %v", e.asked, want)
	}
	manifest, err := pipeline.ParseManifest(result.Version.Manifest)
	if err != nil || len(manifest.Provenance.Outside) != 3 || manifest.Provenance.Outside[0].Period != "2026-02" {
		t.Errorf("got %+v, %v, want a receipt a month", manifest.Provenance.Outside, err)
	}
	told, explained := pipeline.Explain(t.Context(), w.config, pipeline.Asking{Job: report.Job{Report: "abroad", Period: "2026-04"}})
	if explained.Err != nil || len(told.Extracts) != 1 || told.Extracts[0].Rows != 3 || told.Extracts[0].SQL != "GET "+e.URL+"/rates?from=2026-04-01&to=2026-04-30" {
		t.Errorf("got %+v, %v, want what was called", told.Extracts, explained.Err)
	}
	if _, draft := pipeline.Preview(t.Context(), w.config, pipeline.Asking{Job: report.Job{Report: "abroad", Period: "2026-04"}}, t.TempDir()); draft.Err != nil {
		t.Errorf("got %v, want a draft", draft.Err)
	}
}

// A file of the month, by its name.
func TestOutsideFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "rates-2026-03.csv"), []byte("valid_on,currency,rate\n,EUR,25.31\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	e := newExchange(t, nil)
	w := newWorld(t, worldConfig{definitions: abroad(`    file: "file://`+dir+`/rates-@period.csv"`, ""), alter: e.allow(t, "file://"+dir)})
	result := w.publish(report.Job{Report: "abroad", Period: "2026-03"})
	if rows := w.table(result, "listed.csv"); len(rows) != 2 || rows[1][1] != "25.310000" {
		t.Errorf("got %v", rows)
	}
	if got := w.run(report.Job{Report: "abroad", Period: "2026-02"}); got.Outcome != report.Failed || !strings.Contains(fmt.Sprint(got.Err), "no such file") {
		t.Errorf("got %q, %v, want failed for a file that is not there", got.Outcome, got.Err)
	}
}
