package api_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"

	"github.com/monthend/monthend/console"
	"github.com/monthend/monthend/report"
)

var (
	requests = flag.Int("requests", 3000, "how many random requests the fuzz sends")
	seed     = flag.Uint64("seed", 20260331, "of the random requests")
)

// operation is one of the document's.
type operation struct {
	method, path string
	*openapi3.Operation
	parameters []*openapi3.Parameter
}

func operations(doc *spec) []operation {
	var all []operation
	for _, path := range slices.Sorted(maps.Keys(doc.Paths.Map())) {
		item := doc.Paths.Value(path)
		for _, method := range slices.Sorted(maps.Keys(item.Operations())) {
			o := operation{method: method, path: path, Operation: item.GetOperation(method)}
			for _, p := range append(slices.Clone(item.Parameters), o.Parameters...) {
				o.parameters = append(o.parameters, p.Value)
			}
			all = append(all, o)
		}
	}
	return all
}

// shot is a request, and whether the document allows it as far as the generator knows.
type shot struct {
	request *http.Request
	body    []byte
	sound   bool
}

// aim makes a request of an operation: half of them as the document says, the others with something wrong about them.
func (g *generator) aim(w *world, o operation) (shot, error) {
	s := shot{sound: g.chance(2)}
	path, query, header := o.path, url.Values{}, http.Header{}
	wrong := -1 // the parameter that is; of two wrong ones the second is never looked at
	if !s.sound {
		wrong = g.IntN(len(o.parameters) + 1)
	}
	for i, p := range o.parameters {
		value := fmt.Sprint(g.value(p.Schema))
		if known := g.known(p.Name); len(known) > 0 && !g.chance(4) {
			value = pick(g, known...)
		}
		if i == wrong {
			value = pick(g, g.text(30), strings.Repeat("a", 300), "%00", "..", "\x00", "", "0", "-1", "201", "9999999999", "1e2")
		}
		switch p.In {
		case "path":
			path = strings.Replace(path, "{"+p.Name+"}", url.PathEscape(value), 1)
		case "query":
			if i == wrong || g.chance(3) {
				query.Set(p.Name, value)
			}
		case "header":
			if (i == wrong || g.chance(3)) && clean(value) {
				header.Set(p.Name, value)
			}
		}
	}
	if o.RequestBody != nil {
		content := o.RequestBody.Value.Content["application/json"].Schema
		values := g.value(content).(map[string]any)
		if values["report"] != nil && !g.chance(8) {
			values["report"] = financials
		}
		if !s.sound && g.chance(2) {
			g.spoil(values)
		}
		var err error
		if s.body, err = json.Marshal(values); err != nil {
			return s, err
		}
		if !s.sound && g.chance(3) {
			s.body = g.scramble(s.body)
		}
		header.Set("Content-Type", "application/json")
	}
	token := w.admin
	if !s.sound {
		switch g.IntN(8) {
		case 0:
			header.Set(pick(g, "Content-Type", "Content-Encoding", "Origin", "Sec-Fetch-Site", "X-Amzn-Trace-Id", "Range", "If-None-Match", "If-Match", "Idempotency-Key", "X-Forwarded-For"),
				strings.Map(visibleOnly, g.text(60)))
		case 1:
			token = pick(g, w.read, w.trigger, w.alpha, "", "mth_x", strings.Map(visibleOnly, g.text(60)))
		case 2:
			query.Set(strings.Map(visibleOnly, g.text(8)), g.text(8))
		case 3:
			o.method = pick(g, "GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "FROB")
		case 4:
			header.Set("Range", pick(g, "bytes=0-0", "bytes=-1", "bytes=5-", "bytes=9-1", "bytes=0-0,2-3", "bytes=99999999999999999999-", "lines=1-2"))
		}
	}
	address := w.url + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	var err error
	if s.request, err = http.NewRequestWithContext(w.t.Context(), o.method, address, bytes.NewReader(s.body)); err != nil {
		return s, err
	}
	s.request.Header = header
	if token != "" {
		s.request.Header.Set("Authorization", "Bearer "+token)
	}
	return s, nil
}

// known are values of a parameter that lead somewhere.
func (g *generator) known(parameter string) []string {
	switch parameter {
	case "id":
		return g.ids
	case "name":
		return []string{"report.html", "datasets/daily.csv", "report.json"}
	case "report":
		return []string{financials}
	case "tenant":
		return []string{"_", "alpha", "beta"}
	case "period":
		return []string{"2026-03", "2026-02", "2026-01"}
	case "Idempotency-Key":
		return []string{"close-1", "close-2", "close-3"}
	case "Range":
		return []string{"bytes=0-0", "bytes=-1", "bytes=2-"}
	}
	return nil
}

// clean reports whether an HTTP header can carry the value as it is.
func clean(value string) bool { return strings.Map(visibleOnly, value) == value }

func visibleOnly(r rune) rune {
	if r < ' ' || r > '~' {
		return -1
	}
	return r
}

// Whatever is asked, the answer is one that the document has, never a 5xx; what the document forbids is refused, what it allows
// is not taken for malformed, and each request that was taken is posted once.
func TestFuzz(t *testing.T) {
	w := newWorld(t, options{server: console.Config{Concurrent: 100}})
	doc := must[*spec](t)(contract())
	files := map[string]string{"report.html": "<p>March</p>", "datasets/daily.csv": "a;b\n1;2\n", "report.json": "{}"}
	ids := []string{"none"}
	for i, tenant := range []string{"", "alpha", "beta", "", "alpha"} {
		id := fmt.Sprint("seed-", i)
		c := w.claim(id, tenant, march.Add(-i))
		ids = append(ids, id, c.RunID)
		switch i {
		case 0, 1, 2:
			w.publish(c, files)
		case 3:
			w.end(c, report.DataFailed)
		}
	}
	const workers = 4
	ops := operations(doc)
	var mu sync.Mutex
	taken, statuses := map[string]bool{}, map[string]int{}
	var working sync.WaitGroup
	for n := range workers {
		g := &generator{Rand: rand.New(rand.NewPCG(*seed, uint64(n))), ids: slices.Clone(ids)}
		working.Go(func() {
			for i := range *requests / workers {
				o := pick(g, ops...)
				s, err := g.aim(w, o)
				if err != nil {
					continue // no HTTP client would send it
				}
				status, location, replayed, err := w.shoot(doc, s)
				if err != nil {
					t.Errorf("seed %d, worker %d, request %d: %s %s %.300q: %v", *seed, n, i, s.request.Method, s.request.URL, s.body, err)
				}
				mu.Lock()
				statuses[fmt.Sprintf("%s %d", o.OperationID, status)]++
				if id, ok := strings.CutPrefix(location, "/api/runs/"); ok && status == http.StatusAccepted {
					if !replayed {
						taken[id] = true
					}
					g.ids = append(g.ids, id)
				}
				mu.Unlock()
			}
		})
	}
	working.Wait()
	if got := w.number(`SELECT count(*) FROM monthend.outbox`); got != int64(len(taken)) {
		t.Errorf("%d requests were taken, %d are posted", len(taken), got)
	}
	for _, want := range []string{"ask 202", "ask 422", "ask 400", "list 200", "show 200", "show 404", "file 200", "file 206", "cancel 200", "retry 202", "retry 409", "versions 200", "versions 404", "openapi 200", "reports 200", "readyz 200"} {
		if statuses[want] == 0 && *requests >= 3000 {
			t.Errorf("no request was answered %q: the fuzz does not reach it", want)
		}
	}
	for _, what := range slices.Sorted(maps.Keys(statuses)) {
		t.Logf("%6d %s", statuses[what], what)
	}
}

// shoot sends a request and judges the answer.
func (w *world) shoot(doc *spec, s shot) (status int, location string, replayed bool, err error) {
	response, err := http.DefaultClient.Do(s.request)
	if err != nil {
		if s.sound {
			return 0, "", false, err
		}
		return 0, "", false, nil // what no client can send: refused before it left
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return response.StatusCode, "", false, err
	}
	status, location, replayed = response.StatusCode, response.Header.Get("Location"), response.Header.Get("Idempotency-Replayed") != ""
	switch {
	case status >= 500:
		err = fmt.Errorf("answered %d %s", status, text)
	case s.sound && (status == 400 || status == 401 || status == 403 || status == 405 || status == 413 || status == 415):
		err = fmt.Errorf("a sound request was answered %d %s", status, text)
	case status < 400 && !allowed(doc, s):
		err = fmt.Errorf("what the document forbids was answered %d %s", status, text)
	default:
		err = conforms(s.request, response, text)
	}
	return status, location, replayed, err
}

// allowed reports whether a validator of the document lets the request pass.
func allowed(doc *spec, s shot) bool {
	r := s.request.Clone(s.request.Context())
	r.Body = io.NopCloser(bytes.NewReader(s.body))
	if r.Method == http.MethodHead {
		r.Method = http.MethodGet
	}
	route, params, err := doc.find(r)
	if err != nil {
		return false
	}
	return openapi3filter.ValidateRequest(r.Context(), &openapi3filter.RequestValidationInput{
		Request: r, PathParams: params, Route: route, Options: validation(),
	}) == nil
}
