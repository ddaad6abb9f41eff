package otlp

import (
	"encoding/json"
	"maps"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"

	"github.com/monthend/monthend/trace"
)

// attributes are OTLP's; empty values are left out.
type attributes []*commonpb.KeyValue

func (a *attributes) add(key attribute.Key, value *commonpb.AnyValue) {
	*a = append(*a, &commonpb.KeyValue{Key: string(key), Value: value})
}

func (a *attributes) text(key attribute.Key, value string) {
	if value != "" {
		a.add(key, &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: value}})
	}
}

func (a *attributes) number(key attribute.Key, value int64) {
	if value != 0 {
		a.add(key, &commonpb.AnyValue{Value: &commonpb.AnyValue_IntValue{IntValue: value}})
	}
}

func (a *attributes) texts(key attribute.Key, values []string) {
	all := &commonpb.ArrayValue{}
	for _, v := range values {
		all.Values = append(all.Values, &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: v}})
	}
	a.add(key, &commonpb.AnyValue{Value: &commonpb.AnyValue_ArrayValue{ArrayValue: all}})
}

// all adds values of JSON in the order of their keys; a whole number is an integer.
func (a *attributes) all(prefix string, values map[string]any) {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		key := attribute.Key(prefix + name)
		switch v := values[name].(type) {
		case string:
			a.text(key, v)
		case bool:
			a.add(key, &commonpb.AnyValue{Value: &commonpb.AnyValue_BoolValue{BoolValue: v}})
		case float64:
			if whole := int64(v); float64(whole) == v {
				a.add(key, &commonpb.AnyValue{Value: &commonpb.AnyValue_IntValue{IntValue: whole}})
				continue
			}
			a.add(key, &commonpb.AnyValue{Value: &commonpb.AnyValue_DoubleValue{DoubleValue: v}})
		}
	}
}

// attributesOf tells what a document holds by the semantic conventions; annotations keep their names and are listed, and
// metadata is JSON, both as the collector's own translation of X-Ray does it.
func attributesOf(d trace.Document) attributes {
	var a attributes
	a.all("", d.Annotations)
	if len(d.Annotations) > 0 {
		a.texts("aws.xray.annotations", slices.Sorted(maps.Keys(d.Annotations)))
	}
	for _, namespace := range slices.Sorted(maps.Keys(d.Metadata)) {
		if raw, err := json.Marshal(d.Metadata[namespace]); err == nil { // it was JSON before
			a.text(attribute.Key("aws.xray.metadata."+namespace), string(raw))
		}
	}
	if d.Throttle {
		a.all("aws.xray.", map[string]any{"throttle": true})
	}
	if d.Cause != nil && len(d.Cause.Exceptions) > 0 {
		a.text(semconv.ErrorTypeKey, d.Cause.Exceptions[0].Type)
	}
	a.text(semconv.EnduserIDKey, d.User)
	a.database(d.SQL)
	a.http(d.HTTP)
	if d.Namespace == "aws" {
		a.aws(d)
	}
	return a
}

func (a *attributes) database(q *trace.SQL) {
	if q == nil {
		return
	}
	a.text(semconv.DBSystemNameKey, strings.ToLower(q.DatabaseType))
	if u, err := url.Parse(q.URL); err == nil {
		a.text(semconv.DBNamespaceKey, strings.TrimPrefix(u.Path, "/"))
		a.server(u.Host)
	}
	a.text(semconv.DBQueryTextKey, q.SanitizedQuery)
}

func (a *attributes) server(host string) {
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	a.text(semconv.ServerAddressKey, name)
	if n, err := strconv.ParseUint(port, 10, 16); err == nil {
		a.number(semconv.ServerPortKey, int64(n))
	}
}

func (a *attributes) http(h *trace.HTTP) {
	if h == nil {
		return
	}
	if r := h.Request; r != nil {
		a.text(semconv.HTTPRequestMethodKey, r.Method)
		a.text(semconv.URLFullKey, r.URL)
		a.text(semconv.UserAgentOriginalKey, r.UserAgent)
		a.text(semconv.ClientAddressKey, r.ClientIP)
	}
	if r := h.Response; r != nil {
		a.number(semconv.HTTPResponseStatusCodeKey, int64(r.Status))
		a.number(semconv.HTTPResponseBodySizeKey, max(0, r.ContentLength))
	}
}

func (a *attributes) aws(d trace.Document) {
	field := func(name string) string {
		s, _ := d.AWS[name].(string)
		return s
	}
	a.text(semconv.RPCSystemNameKey, "aws-api")
	a.text(semconv.RPCMethodKey, d.Name+"/"+field("operation"))
	a.text(semconv.CloudRegionKey, field("region"))
	a.text(semconv.AWSRequestIDKey, field("request_id"))
	a.text(semconv.AWSSQSQueueURLKey, field("queue_url"))
	a.text(semconv.AWSS3BucketKey, field("bucket_name"))
	a.text(semconv.AWSS3KeyKey, field("key"))
	if retries, ok := d.AWS["retries"].(float64); ok {
		a.number(semconv.HTTPRequestResendCountKey, int64(retries))
	}
	if sends(d) {
		a.text(semconv.MessagingSystemKey, "aws_sqs")
		a.text(semconv.MessagingOperationTypeKey, "send")
		a.text(semconv.MessagingMessageIDKey, field("message_id"))
		if ids, ok := d.AWS["message_ids"].([]any); ok {
			a.number(semconv.MessagingBatchMessageCountKey, int64(len(ids)))
		}
	}
}
