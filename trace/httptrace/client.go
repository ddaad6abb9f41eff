package httptrace

import (
	"net/http"

	"github.com/monthend/monthend/trace"
)

// Transport is a RoundTripper that tells of each request as a subsegment called by the host, and hands the trace on with it.
// The subsegment ends when the answer's header is there. Outside a segment it only passes requests on.
type Transport struct {
	Base     http.RoundTripper // nil is http.DefaultTransport
	HidePath bool              // tell scheme and host alone: the path may hold a token
}

// RoundTrip sends a copy of r that has the trace header, in place of any that r has.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	base := t.Base
	if base == nil {
		base = http.DefaultTransport
	}
	ctx, sub := trace.StartRemote(r.Context(), r.URL.Host)
	if sub == nil {
		return base.RoundTrip(r)
	}
	where := r.URL.Scheme + "://" + r.URL.Host
	if !t.HidePath {
		where += r.URL.EscapedPath()
	}
	told := trace.HTTP{Request: &trace.HTTPRequest{Method: r.Method, URL: where}}
	sub.SetHTTP(told)
	defer sub.Guard()
	r = r.Clone(ctx)
	r.Header.Set(Header, sub.Header())
	response, err := base.RoundTrip(r)
	if response != nil {
		told.Response = &trace.HTTPResponse{Status: response.StatusCode, ContentLength: max(0, response.ContentLength)}
		sub.SetHTTP(told)
	}
	sub.End(err)
	return response, err
}

// CloseIdleConnections passes on what http.Client asks for.
func (t *Transport) CloseIdleConnections() {
	if c, ok := t.Base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
