// Package otlp sends finished trace documents to an OpenTelemetry collector over OTLP/HTTP. It stands beside trace on the
// ground floor, as the exit that stays when the X-Ray SDK ends: ids are kept, so a trace can go both ways and be one. It makes
// no spans of its own, samples nothing and signs nothing: a collector in front of CloudWatch does that.
package otlp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/monthend/monthend/trace"
)

// Config says where a collector listens and who speaks. What it leaves empty, the exporter of OpenTelemetry reads from its
// own variables, OTEL_EXPORTER_OTLP_ENDPOINT and its kin, and else goes to http://localhost:4318/v1/traces.
type Config struct {
	Endpoint string            // URL with path, such as http://localhost:4318/v1/traces
	Headers  map[string]string // of each request; they may be secret
	Service  string            // service.name; "" is trace.DefaultName
	Version  string            // service.version; may be empty
	Client   *http.Client      // nil is the exporter's own, which knows the variables on certificates
}

// Exporter is a trace.Exporter. What a collector asks to be sent again is sent again, for as long as Export may take.
type Exporter struct {
	client   otlptrace.Client
	resource *resourcepb.Resource
	scope    *commonpb.InstrumentationScope
}

var _ trace.Exporter = (*Exporter)(nil)

// New checks cfg; it reaches for nobody.
func New(cfg Config) (*Exporter, error) {
	options := []otlptracehttp.Option{otlptracehttp.WithRetry(otlptracehttp.RetryConfig{
		Enabled: true, InitialInterval: 500 * time.Millisecond, MaxInterval: 3 * time.Second, MaxElapsedTime: 9 * time.Second,
	})}
	if cfg.Endpoint != "" {
		u, err := url.Parse(cfg.Endpoint)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return nil, errors.New("OTLP endpoint is not of the form http://host:port/path or https://…") // it may hold a password
		}
		options = append(options, otlptracehttp.WithEndpointURL(cfg.Endpoint))
	}
	if len(cfg.Headers) > 0 {
		options = append(options, otlptracehttp.WithHeaders(cfg.Headers))
	}
	if cfg.Client != nil {
		options = append(options, otlptracehttp.WithHTTPClient(cfg.Client))
	}
	e := &Exporter{client: otlptracehttp.NewClient(options...), scope: &commonpb.InstrumentationScope{Name: "github.com/monthend/monthend/trace"}}
	var service attributes
	if cfg.Service == "" {
		cfg.Service = trace.DefaultName
	}
	service.text(semconv.ServiceNameKey, cfg.Service)
	service.text(semconv.ServiceVersionKey, cfg.Version)
	e.resource = &resourcepb.Resource{Attributes: service}
	if err := e.client.Start(context.Background()); err != nil {
		return nil, fmt.Errorf("start the OTLP exporter: %w", err)
	}
	return e, nil
}

// Export sends documents as one request.
func (e *Exporter) Export(ctx context.Context, documents []trace.Document) error {
	var spans []*tracepb.Span
	for _, d := range documents {
		spans = translate(spans, d, d.TraceID, d.ParentID, d.Type == "")
	}
	if len(spans) == 0 {
		return nil
	}
	err := e.client.UploadTraces(ctx, []*tracepb.ResourceSpans{{
		Resource:   e.resource,
		SchemaUrl:  semconv.SchemaURL,
		ScopeSpans: []*tracepb.ScopeSpans{{Scope: e.scope, Spans: spans, SchemaUrl: semconv.SchemaURL}},
	}})
	if err != nil {
		return fmt.Errorf("export %d spans: %w", len(spans), err)
	}
	return nil
}

// Close ends what is still being sent.
func (e *Exporter) Close(ctx context.Context) error { return e.client.Stop(ctx) }
