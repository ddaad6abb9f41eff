package trace_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/trace"
)

// What callers leave in a request is cleaned here, on the last way out that all of them share.
func TestHTTPFits(t *testing.T) {
	long := strings.Repeat("x", 300)
	for asked, want := range map[string]string{
		"https://user:secret@host.example:8443/v1/chat?key=secret#secret": "https://host.example:8443/v1/chat",
		"https://host.example/a%20b?":                                     "https://host.example/a%20b",
		"https://host.example/" + long:                                    ("https://host.example/" + long)[:250],
		"http://[secret":                                                  "",
		"":                                                                "",
	} {
		d, tracer, ctx, seg := begin(t, context.Background())
		request := &trace.HTTPRequest{Method: long, URL: asked, UserAgent: long, ClientIP: long}
		seg.SetHTTP(trace.HTTP{Request: request, Response: &trace.HTTPResponse{Status: 999, ContentLength: 7}})
		_, call := trace.StartRemote(ctx, "host.example")
		call.SetHTTP(trace.HTTP{Request: request, Response: &trace.HTTPResponse{Status: 404}})
		call.End(nil)
		seg.End(nil)
		for _, doc := range d.documents(tracer) { // which holds each of them to the rules
			if got := doc.HTTP.Request; got.URL != want || got.Method != long[:250] {
				t.Errorf("%q: got %q, %q", asked, got.URL, got.Method)
			}
			answered := &trace.HTTPResponse{ContentLength: 7}
			if doc.Type != "" {
				answered = &trace.HTTPResponse{Status: 404}
			}
			if diff := cmp.Diff(answered, doc.HTTP.Response); diff != "" || doc.Error != (doc.Type != "") || doc.Fault {
				t.Errorf("answer (-want +got):\n%s\nerror %v, fault %v", diff, doc.Error, doc.Fault)
			}
		}
		if request.URL != asked {
			t.Error("the caller's request is changed")
		}
	}
}
