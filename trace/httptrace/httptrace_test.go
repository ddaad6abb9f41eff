package httptrace_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/monthend/monthend/local/xray"
	"github.com/monthend/monthend/trace"
	"github.com/monthend/monthend/trace/httptrace"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a tracer and the X-Ray that it sends to.
func world(t *testing.T) (*trace.Tracer, *xray.Server) {
	t.Helper()
	server, err := xray.Start(xray.Config{})
	if err != nil {
		t.Fatal(err)
	}
	tracer, err := trace.New(trace.Config{Address: server.UDPAddr()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		tracer.Close(context.Background())
		server.Close()
		for _, v := range server.Violations() {
			t.Error(v)
		}
	})
	return tracer, server
}

// segments waits for the segment called last of a trace.
func segments(t *testing.T, server *xray.Server, id, last string) []trace.Document {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	all, err := server.Wait(ctx, id, func(all []trace.Document) bool {
		return slices.ContainsFunc(all, func(d trace.Document) bool { return d.Name == last })
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// id is the trace that a header names.
func id(header string) string {
	_, rest, _ := strings.Cut(header, "Root=")
	root, _, _ := strings.Cut(rest, ";")
	return root
}

func TestHandler(t *testing.T) {
	const parent = "c06db729838ae591"
	for name, row := range map[string]struct {
		header   string // after the root
		status   int
		answered string // after the root
		want     string
	}{
		"continued": {";Parent=" + parent + ";Sampled=1", 200, ";Parent=" + parent + ";Sampled=1", "ok"},
		"asked":     {";Sampled=?", 204, ";Sampled=1", "ok"},
		"undecided": {"", 404, "", "error"},
		"throttled": {";Sampled=1", 429, ";Sampled=1", "throttle"},
		"failed":    {";Sampled=1", 503, ";Sampled=1", "fault"},
	} {
		t.Run(name, func(t *testing.T) {
			tracer, x := world(t)
			began, seg := tracer.Begin(context.Background(), "caller", "", trace.BeginOptions{})
			root := trace.ID(began)
			seg.Discard()
			handler := httptrace.Handler(tracer, "api", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if trace.ID(r.Context()) != root {
					t.Errorf("the handler works in trace %s, want %s", trace.ID(r.Context()), root)
				}
				w.WriteHeader(row.status)
				if row.status != 204 {
					_, _ = io.WriteString(w, "seven..")
				}
			}))
			r := httptest.NewRequest("GET", "http://reports.example.org/runs/x%20y?token=secret", nil)
			r.Header.Set(httptrace.Header, "Root="+root+row.header)
			r.Header.Set("User-Agent", "curl")
			r.RemoteAddr = "192.0.2.7:1234"
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			if got, want := w.Header().Get(httptrace.Header), "Root="+root+row.answered; got != want {
				t.Errorf("answered %s, want %s", got, want)
			}
			d := segments(t, x, root, "api")[0]
			length := int64(7)
			if row.status == 204 {
				length = 0
			}
			want := &trace.HTTP{
				Request:  &trace.HTTPRequest{Method: "GET", URL: "http://reports.example.org/runs/x%20y", UserAgent: "curl", ClientIP: "192.0.2.7"},
				Response: &trace.HTTPResponse{Status: row.status, ContentLength: length},
			}
			if diff := cmp.Diff(want, d.HTTP); diff != "" || d.Status() != row.want || d.Name != "api" || d.Cause != nil {
				t.Errorf("%s, status %s (-want +got):\n%s", d.Name, d.Status(), diff)
			}
		})
	}
}

func TestHandlerPanics(t *testing.T) {
	tracer, x := world(t)
	handler := httptrace.Handler(tracer, "api", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("boom") }))
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("X-Forwarded-For", "198.51.100.1, 192.0.2.7")
	func() {
		defer func() {
			if got := recover(); got != "boom" {
				t.Errorf("got %v, want the panic to go on", got)
			}
		}()
		handler.ServeHTTP(w, r)
	}()
	d := segments(t, x, id(w.Header().Get(httptrace.Header)), "api")[0]
	if !d.Fault || d.Cause.Exceptions[0].Message != "boom" || d.HTTP.Request.ClientIP != "198.51.100.1" || !d.HTTP.Request.XForwardedFor {
		t.Errorf("got %+v, %+v", d.HTTP.Request, d.Cause)
	}
}

// The trace goes from a job through the client to the server, whose segment hangs below the client's subsegment.
func TestTransport(t *testing.T) {
	tracer, x := world(t)
	server := httptest.NewServer(httptrace.Handler(tracer, "rates", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
		_, _ = io.WriteString(w, "1.17")
	})))
	defer server.Close()
	transport := &httptrace.Transport{Base: &http.Transport{}}
	client := &http.Client{Transport: transport}
	defer client.CloseIdleConnections()
	get := func(ctx context.Context, address string) error {
		r, err := http.NewRequestWithContext(ctx, "GET", address, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := client.Do(r)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		_, err = io.Copy(io.Discard, response.Body)
		if r.Header.Get(httptrace.Header) != "" {
			t.Error("the caller's request was changed")
		}
		return err
	}
	ctx, seg := tracer.Begin(context.Background(), "worker", "", trace.BeginOptions{})
	if err := get(ctx, server.URL+"/eur?key=secret"); err != nil {
		t.Fatal(err)
	}
	var refused *url.Error
	if err := get(ctx, "http://127.0.0.1:1/"); !errors.As(err, &refused) {
		t.Errorf("got %v", err)
	}
	if err := get(context.Background(), server.URL); err != nil {
		t.Error(err)
	}
	seg.End(nil)
	var worker, rates trace.Document
	for _, d := range segments(t, x, trace.ID(ctx), "worker") {
		if d.Name == "worker" {
			worker = d
		} else {
			rates = d
		}
	}
	if len(worker.Subsegments) != 2 {
		t.Fatalf("got %+v", worker.Subsegments)
	}
	call, failed := worker.Subsegments[0], worker.Subsegments[1]
	if call.Namespace != "remote" || call.HTTP.Request.URL != server.URL+"/eur" || call.HTTP.Response.Status != 200 || rates.ParentID != call.ID {
		t.Errorf("call %+v, served below %s, want %s", call.HTTP.Request, rates.ParentID, call.ID)
	}
	if !failed.Fault || failed.HTTP.Response != nil {
		t.Errorf("got %+v", failed)
	}
}

func TestHandlerWithoutTracing(t *testing.T) {
	handler := httptrace.Handler(nil, "api", http.NotFoundHandler())
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if w.Code != 404 || w.Header().Get(httptrace.Header) != "" {
		t.Errorf("got %d, %v", w.Code, w.Header())
	}
}
