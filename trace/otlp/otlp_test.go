package otlp_test

import (
	"compress/gzip"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	"github.com/monthend/monthend/trace"
	"github.com/monthend/monthend/trace/otlp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// collector is an OTLP/HTTP endpoint that keeps what it gets.
type collector struct {
	t      testing.TB
	server *httptest.Server

	mu       sync.Mutex
	requests []*collectorpb.ExportTraceServiceRequest
	headers  []http.Header
	answers  []int // status codes before it says 200
}

func collect(t testing.TB, answers ...int) *collector {
	c := &collector{t: t, answers: answers}
	c.server = httptest.NewServer(c)
	t.Cleanup(c.server.Close)
	return c
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var body io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		unpacked, err := gzip.NewReader(r.Body)
		if err != nil {
			c.t.Error(err)
			return
		}
		body = unpacked
	}
	data, err := io.ReadAll(body)
	if err != nil {
		c.t.Error(err)
	}
	var request collectorpb.ExportTraceServiceRequest
	if err := proto.Unmarshal(data, &request); err != nil {
		c.t.Error(err)
	}
	c.headers = append(c.headers, r.Header)
	if len(c.answers) > 0 {
		status := c.answers[0]
		c.answers = c.answers[1:]
		w.WriteHeader(status)
		return
	}
	c.requests = append(c.requests, &request)
}

// spans are all that came, by name.
func (c *collector) spans() map[string]*tracepb.Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	found := map[string]*tracepb.Span{}
	for _, r := range c.requests {
		for _, resource := range r.ResourceSpans {
			for _, scope := range resource.ScopeSpans {
				for _, s := range scope.Spans {
					if found[s.Name] != nil {
						c.t.Errorf("span %q came twice", s.Name)
					}
					found[s.Name] = s
				}
			}
		}
	}
	return found
}

func plain(all []*commonpb.KeyValue) map[string]any {
	values := map[string]any{}
	for _, kv := range all {
		switch v := kv.Value.Value.(type) {
		case *commonpb.AnyValue_StringValue:
			values[kv.Key] = v.StringValue
		case *commonpb.AnyValue_IntValue:
			values[kv.Key] = v.IntValue
		case *commonpb.AnyValue_DoubleValue:
			values[kv.Key] = v.DoubleValue
		case *commonpb.AnyValue_BoolValue:
			values[kv.Key] = v.BoolValue
		case *commonpb.AnyValue_ArrayValue:
			var items []string
			for _, item := range v.ArrayValue.Values {
				items = append(items, item.GetStringValue())
			}
			values[kv.Key] = strings.Join(items, " ")
		}
	}
	return values
}

func exporter(t testing.TB, cfg otlp.Config) *otlp.Exporter {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	cfg.Client = &http.Client{Transport: transport}
	e, err := otlp.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// judged holds what is exported to X-Ray's rules.
type judged struct {
	trace.Exporter
	t *testing.T
}

func (j judged) Export(ctx context.Context, documents []trace.Document) error {
	for _, d := range documents {
		for _, v := range trace.Validate(d) {
			j.t.Error(v)
		}
	}
	return j.Exporter.Export(ctx, documents)
}

// A job goes through the tracer to both exits, and comes out of this one with the ids, the tree and what went wrong.
func TestExportOfAJob(t *testing.T) {
	c := collect(t)
	e := exporter(t, otlp.Config{Endpoint: c.server.URL + "/v1/traces", Headers: map[string]string{"x-key": "k"}, Service: "monthend", Version: "1.2"})
	tracer, err := trace.New(trace.Config{Exporter: judged{e, t}})
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	const parent = "c06db729838ae591"
	root := "1-" + hex.EncodeToString([]byte{byte(began.Unix() >> 24), byte(began.Unix() >> 16), byte(began.Unix() >> 8), byte(began.Unix())}) + "-53f32a3152d7d7da8d74ae88"
	ctx, seg := tracer.Begin(context.Background(), "", "Root="+root+";Parent="+parent+";Sampled=1", trace.BeginOptions{})
	seg.Annotate("month", 3)
	seg.Annotate("report", "monthly-financials")
	err = trace.Span(ctx, "data_extraction", func(ctx context.Context) error {
		trace.Metadata(ctx, "records_extracted", 12)
		_, query := trace.StartRemote(ctx, "shop@db.example.org")
		query.SetSQL(trace.SQL{URL: "postgres://reader@db.example.org:5433/shop", DatabaseType: "PostgreSQL", SanitizedQuery: "SELECT $1"})
		query.End(errors.New("no such table"))
		return errors.New("query: no such table")
	})
	_, send := trace.StartAWS(ctx, "SQS")
	send.SetAWS(map[string]any{"operation": "SendMessage", "region": "eu-central-1", "queue_url": "http://q/1/jobs", "message_id": "m1", "retries": 2})
	send.SetHTTP(trace.HTTP{Response: &trace.HTTPResponse{Status: 200}})
	send.End(nil)
	seg.End(err)
	if err := tracer.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := tracer.Counters(); got.Exported != 4 || got.Sent != 0 || got.ExportDropped() != 0 {
		t.Errorf("counters: %+v", got)
	}
	if got := c.headers[0].Get("x-key"); got != "k" {
		t.Errorf("header: got %q", got)
	}
	if got, want := plain(c.requests[0].ResourceSpans[0].Resource.Attributes), (map[string]any{"service.name": "monthend", "service.version": "1.2"}); !cmp.Equal(got, want) {
		t.Errorf("resource: got %v, want %v", got, want)
	}

	spans := c.spans()
	job, phase, query, call := spans["monthend"], spans["data_extraction"], spans["shop@db.example.org"], spans["SQS"]
	if job == nil || phase == nil || query == nil || call == nil {
		t.Fatalf("got %v", spans)
	}
	for name, row := range map[string]struct {
		s      *tracepb.Span
		parent []byte
		kind   tracepb.Span_SpanKind
		failed bool
	}{
		"job":   {job, []byte{0xc0, 0x6d, 0xb7, 0x29, 0x83, 0x8a, 0xe5, 0x91}, tracepb.Span_SPAN_KIND_CONSUMER, true},
		"phase": {phase, job.SpanId, tracepb.Span_SPAN_KIND_INTERNAL, true},
		"query": {query, phase.SpanId, tracepb.Span_SPAN_KIND_CLIENT, true},
		"call":  {call, job.SpanId, tracepb.Span_SPAN_KIND_PRODUCER, false},
	} {
		if got := hex.EncodeToString(row.s.TraceId); got != root[2:10]+root[11:] {
			t.Errorf("%s: trace %s, want %s", name, got, root)
		}
		if string(row.s.ParentSpanId) != string(row.parent) || row.s.Kind != row.kind {
			t.Errorf("%s: parent %x and kind %s, want %x and %s", name, row.s.ParentSpanId, row.s.Kind, row.parent, row.kind)
		}
		if got := row.s.Status.Code == tracepb.Status_STATUS_CODE_ERROR; got != row.failed {
			t.Errorf("%s: failed %v", name, got)
		}
		if row.s.StartTimeUnixNano > row.s.EndTimeUnixNano || row.s.StartTimeUnixNano < uint64(began.Add(-time.Second).UnixNano()) {
			t.Errorf("%s: from %d to %d", name, row.s.StartTimeUnixNano, row.s.EndTimeUnixNano)
		}
	}
	if diff := cmp.Diff(map[string]any{
		"month": int64(3), "report": "monthly-financials", "aws.xray.annotations": "month report",
	}, plain(job.Attributes)); diff != "" {
		t.Errorf("job (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]any{
		"db.system.name": "postgresql", "db.namespace": "shop", "db.query.text": "SELECT $1",
		"server.address": "db.example.org", "server.port": int64(5433), "error.type": "errors.errorString",
	}, plain(query.Attributes)); diff != "" {
		t.Errorf("query (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]any{
		"rpc.system.name": "aws-api", "rpc.method": "SQS/SendMessage", "cloud.region": "eu-central-1", "aws.sqs.queue.url": "http://q/1/jobs",
		"messaging.system": "aws_sqs", "messaging.operation.type": "send", "messaging.message.id": "m1",
		"http.response.status_code": int64(200), "http.request.resend_count": int64(2),
	}, plain(call.Attributes)); diff != "" {
		t.Errorf("call (-want +got):\n%s", diff)
	}
	if got := plain(phase.Attributes)["aws.xray.metadata.default"]; got != `{"records_extracted":12}` {
		t.Errorf("metadata: got %v", got)
	}
	about := plain(query.Events[0].Attributes)
	if query.Events[0].Name != "exception" || about["exception.message"] != "no such table" || !strings.Contains(about["exception.stacktrace"].(string), "trace/otlp/otlp_test.go:") {
		t.Errorf("event: %v", about)
	}
}

// What a collector refuses for now is sent again; what it refuses for good is counted.
func TestRefusal(t *testing.T) {
	for name, row := range map[string]struct {
		answers  []int
		exported uint64
	}{
		"for now":  {[]int{http.StatusServiceUnavailable}, 1},
		"for good": {[]int{http.StatusBadRequest}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			c := collect(t, row.answers...)
			tracer, err := trace.New(trace.Config{Exporter: judged{exporter(t, otlp.Config{Endpoint: c.server.URL + "/v1/traces"}), t}})
			if err != nil {
				t.Fatal(err)
			}
			_, seg := tracer.Begin(context.Background(), "", "", trace.BeginOptions{})
			seg.End(nil)
			for got := tracer.Counters(); got.Exported+got.NotExported == 0; got = tracer.Counters() {
				select {
				case <-t.Context().Done():
					t.Fatal("neither exported nor not")
				case <-time.After(time.Millisecond):
				}
			}
			if err := tracer.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := tracer.Counters(); got.Exported != row.exported || got.NotExported != 1-row.exported {
				t.Errorf("counters: %+v", got)
			}
		})
	}
}

// Links and nested subsegments come from documents of others; what is in progress is no span.
func TestExportOfADocument(t *testing.T) {
	c := collect(t)
	e := exporter(t, otlp.Config{Endpoint: c.server.URL + "/v1/traces"})
	const root = "1-6b02c013-53f32a3152d7d7da8d74ae88"
	err := e.Export(t.Context(), []trace.Document{{
		Name: "api", ID: "0000000000000001", TraceID: root, StartTime: 1.5, EndTime: 2.5, User: "u", Throttle: true, Error: true,
		HTTP: &trace.HTTP{
			Request:  &trace.HTTPRequest{Method: "GET", URL: "https://api/x", UserAgent: "curl", ClientIP: "127.0.0.1"},
			Response: &trace.HTTPResponse{Status: 429, ContentLength: 7},
		},
		Links: []trace.Link{{TraceID: root, ID: "00000000000000ff", Attributes: map[string]any{"why": "again", "share": 0.5}}},
		Subsegments: []trace.Document{
			{Name: "inner", ID: "0000000000000002", ParentID: "ffffffffffffffff", StartTime: 1.5, EndTime: 2},
			{Name: "open", ID: "0000000000000003", StartTime: 1.5, InProgress: true},
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	spans := c.spans()
	api, inner := spans["api"], spans["inner"]
	if len(spans) != 2 || api.Kind != tracepb.Span_SPAN_KIND_SERVER || string(inner.ParentSpanId) != string(api.SpanId) {
		t.Errorf("got %v", spans)
	}
	if diff := cmp.Diff(map[string]any{
		"aws.xray.throttle": true, "enduser.id": "u", "http.request.method": "GET", "url.full": "https://api/x", "user_agent.original": "curl",
		"client.address": "127.0.0.1", "http.response.status_code": int64(429), "http.response.body.size": int64(7),
	}, plain(api.Attributes)); diff != "" {
		t.Errorf("api (-want +got):\n%s", diff)
	}
	if l := api.Links[0]; hex.EncodeToString(l.SpanId) != "00000000000000ff" || plain(l.Attributes)["share"] != 0.5 {
		t.Errorf("link: %v", l)
	}
}

func TestNewRefuses(t *testing.T) {
	for _, endpoint := range []string{"localhost:4318", "grpc://localhost:4317", "http://", "http://u:secret@%zz"} {
		_, err := otlp.New(otlp.Config{Endpoint: endpoint})
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v", endpoint, err)
		}
	}
}
