package trace

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"time"
	"unicode/utf8"
)

// Annotate sets an annotation of ctx's current segment or subsegment: an indexed value to search by. Characters of key that
// X-Ray does not index become '_'. Booleans and numbers stay what they are, a time.Duration becomes milliseconds, a
// time.Time RFC 3339, anything else its text, cut to 1,000 characters. Past X-Ray's 50 annotations a value becomes metadata.
func Annotate(ctx context.Context, key string, value any) {
	if n := current(ctx); n != nil {
		n.annotate(key, value)
	}
}

// AnnotateSegment is Annotate for the whole segment, from however deep in it.
func AnnotateSegment(ctx context.Context, key string, value any) {
	n := current(ctx)
	if n == nil {
		return
	}
	for n.parent != nil {
		n = n.parent
	}
	n.annotate(key, value)
}

// Metadata sets metadata of ctx's current segment or subsegment: any value that JSON can hold, to read and not to search by.
// It is encoded at once, so the caller may go on changing it.
func Metadata(ctx context.Context, key string, value any) {
	if n := current(ctx); n != nil {
		n.metadata(key, value)
	}
}

func (n *node) annotate(key string, value any) {
	key = cleanKey(key)
	if key == "" || value == nil {
		return
	}
	plain := annotation(value)
	n.seg.RLock()
	_, known := n.seg.Annotations[key]
	full := len(n.seg.Annotations) >= maxAnnotationCount && !known
	n.seg.RUnlock()
	// The SDK refuses every integer type but int and uint; annotation makes no other.
	if full || n.seg.AddAnnotation(key, plain) != nil {
		n.metadata(key, plain)
	}
}

// metadata leaves the key out only when the SDK itself is switched off.
func (n *node) metadata(key string, value any) {
	raw, err := encode(value)
	switch {
	case err != nil:
		raw = note("not encodable: %v", err)
	case len(raw) > maxDocument:
		raw = note("cut: %d bytes", len(raw))
	}
	_ = n.seg.AddMetadata(key, json.RawMessage(raw))
}

// encode turns a panic in a value's own MarshalJSON into an error: what is told must not fail the work.
func encode(value any) (raw []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = panicked{r}
		}
	}()
	return json.Marshal(value)
}

// note is a remark in place of a value.
func note(format string, args ...any) json.RawMessage {
	raw, err := json.Marshal(fmt.Sprintf(format, args...))
	if err != nil {
		return json.RawMessage(`""`) // not reached: a string always encodes
	}
	return raw
}

// encoded is the SDK's metadata, whose values are all json.RawMessage by the method metadata, as a document holds it.
func encoded(metadata map[string]map[string]any) map[string]map[string]json.RawMessage {
	if metadata == nil {
		return nil
	}
	out := map[string]map[string]json.RawMessage{}
	for namespace, values := range metadata {
		out[namespace] = map[string]json.RawMessage{}
		for key, value := range values {
			if raw, ok := value.(json.RawMessage); ok {
				out[namespace][key] = raw
			}
		}
	}
	return out
}

// cleanKey makes s a key that X-Ray indexes.
func cleanKey(s string) string {
	if annotationKeyPattern.MatchString(s) {
		return s
	}
	var key []byte
	for _, r := range s {
		if r >= utf8.RuneSelf || !annotationKeyPattern.MatchString(string(r)) {
			r = '_'
		}
		if len(key) < 500 {
			key = append(key, byte(r))
		}
	}
	return string(key)
}

// annotation is value as a bool, int, uint, float64 or string.
func annotation(value any) any {
	switch v := value.(type) {
	case time.Duration:
		return float64(v) / float64(time.Millisecond)
	case time.Time:
		return v.Format(time.RFC3339Nano)
	case fmt.Stringer:
		return cut(text(value), maxAnnotation)
	case error:
		return cut(message(v), maxAnnotation)
	}
	switch v := reflect.ValueOf(value); v.Kind() {
	case reflect.Bool:
		return v.Bool()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return int(v.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return uint(v.Uint())
	case reflect.Float32, reflect.Float64:
		if f := v.Float(); !math.IsNaN(f) && !math.IsInf(f, 0) {
			return f
		}
	}
	return cut(text(value), maxAnnotation)
}

// text is value printed; fmt catches a panic of its String method.
func text(value any) string { return fmt.Sprint(value) }

// cut shortens s to at most limit characters.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	count := 0
	for i := range s {
		if count == limit {
			return s[:i]
		}
		count++
	}
	return s
}
