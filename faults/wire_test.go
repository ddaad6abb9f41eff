package faults_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
)

// Wire is one worker's way to an HTTP service, SQS or S3: a port of loopback in front of it. Its traps see each request as
// the name of its operation, a space and its path: "DeleteMessage /", "PutObject /reports/x.csv".
type Wire struct {
	traps
	URL     string
	service http.Handler
	refused atomic.Bool
}

// NewWire serves until the end of the test.
func NewWire(tb testing.TB, service http.Handler) *Wire {
	w := &Wire{service: service}
	server := httptest.NewServer(w)
	w.URL = server.URL
	tb.Cleanup(func() {
		server.CloseClientConnections() // long polls
		server.Close()
	})
	return w
}

// forwarded is a service that listens elsewhere.
func forwarded(tb testing.TB, to string) http.Handler {
	tb.Helper()
	target, err := url.Parse(to)
	if err != nil {
		tb.Fatal(err)
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	tb.Cleanup(transport.CloseIdleConnections)
	return &httputil.ReverseProxy{
		Transport: transport,
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) {
			panic(http.ErrAbortHandler) // what happened behind is what the client sees
		},
	}
}

// Refuse cuts off every request from now on, until Accept.
func (w *Wire) Refuse() { w.refused.Store(true) }

// Accept serves again.
func (w *Wire) Accept() { w.refused.Store(false) }

func (w *Wire) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	if w.refused.Load() {
		panic(http.ErrAbortHandler)
	}
	s := w.spring(operation(r) + " " + r.URL.Path)
	if w.judge(out, s.before) {
		return
	}
	if s.after == nil {
		w.service.ServeHTTP(out, r)
		return
	}
	answer := httptest.NewRecorder()
	w.service.ServeHTTP(answer, r)
	if w.judge(out, s.after) {
		return
	}
	result := answer.Result()
	for name, values := range result.Header {
		out.Header()[name] = values
	}
	out.WriteHeader(result.StatusCode)
	io.Copy(out, result.Body)
}

// judge carries out what is to be done, and reports whether it answered or cut the request.
func (w *Wire) judge(out http.ResponseWriter, what []func() Verdict) bool {
	v := judge(what)
	switch {
	case v.drop:
		panic(http.ErrAbortHandler)
	case v.status != 0:
		// The form of SQS, which S3's client takes for an answer without a code; the status is what counts there.
		out.Header().Set("Content-Type", "application/x-amz-json-1.0")
		out.WriteHeader(v.status)
		io.WriteString(out, v.body)
		return true
	}
	return false
}

// operation is the name of what a request asks of SQS or S3.
func operation(r *http.Request) string {
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		return strings.TrimPrefix(target, "AmazonSQS.")
	}
	switch {
	case r.Method == http.MethodPut:
		return "PutObject"
	case r.Method == http.MethodGet && r.URL.Query().Has("list-type"):
		return "ListObjectsV2"
	case r.Method == http.MethodGet:
		return "GetObject"
	case r.Method == http.MethodHead:
		return "HeadObject"
	}
	return r.Method
}
