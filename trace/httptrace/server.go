// Package httptrace tells of HTTP requests: a Handler's as segments that continue the caller's trace, a Transport's as
// subsegments that hand it on. It stands beside trace on the ground floor. It tells method, host, path, status and sizes; no
// query string, no header and no body.
package httptrace

import (
	"net"
	"net/http"
	"strings"

	"github.com/monthend/monthend/trace"
)

// Header is the HTTP header that carries a trace.
const Header = "X-Amzn-Trace-Id"

// Handler serves each request of next in a segment called name, and answers with the trace's header. A 5xx is told as a fault,
// a 4xx as an error, a 429 as a throttle too.
func Handler(tracer *trace.Tracer, name string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := r.Header.Get(Header)
		ctx, segment := tracer.Begin(r.Context(), name, header, trace.BeginOptions{Host: r.Host, Method: r.Method, Path: r.URL.Path})
		if segment == nil {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set(Header, segment.Answer(header))
		asked := request(r)
		segment.SetHTTP(trace.HTTP{Request: asked}) // for a panic, which has no answer
		defer segment.Guard()
		answer := &Answer{ResponseWriter: w}
		next.ServeHTTP(answer, r.WithContext(ctx))
		segment.SetHTTP(trace.HTTP{Request: asked, Response: answer.told()})
		segment.End(nil)
	})
}

func request(r *http.Request) *trace.HTTPRequest {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	asked := &trace.HTTPRequest{
		Method: r.Method, URL: scheme + "://" + r.Host + r.URL.EscapedPath(), UserAgent: r.UserAgent(),
	}
	if forwarded := r.Header.Get("X-Forwarded-For"); forwarded != "" {
		first, _, _ := strings.Cut(forwarded, ",")
		asked.ClientIP, asked.XForwardedFor = strings.TrimSpace(first), true
		return asked
	}
	asked.ClientIP = r.RemoteAddr
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		asked.ClientIP = host
	}
	return asked
}
