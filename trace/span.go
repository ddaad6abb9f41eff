package trace

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"time"

	"github.com/aws/aws-xray-sdk-go/v2/xray"
)

// The namespaces of a subsegment that is a call to somebody else; only those make nodes in a service map.
const (
	namespaceRemote = "remote"
	namespaceAWS    = "aws"
)

// Span runs fn as a subsegment called name, flagged and explained by fn's error as Class says, and returns that error
// unchanged. A panic is recorded and goes on. Without a segment in ctx, fn just runs.
func Span(ctx context.Context, name string, fn func(context.Context) error) error {
	return span(ctx, name, "", fn)
}

// Remote is Span for a call to a service or database that is not AWS's; name is how the service map calls it.
func Remote(ctx context.Context, name string, fn func(context.Context) error) error {
	return span(ctx, name, namespaceRemote, fn)
}

// AWS is Span for a call to an AWS service; name is the service's, such as SQS.
func AWS(ctx context.Context, name string, fn func(context.Context) error) error {
	return span(ctx, name, namespaceAWS, fn)
}

func span(ctx context.Context, name, namespace string, fn func(context.Context) error) (err error) {
	ctx, s := start(ctx, name, namespace)
	if s == nil {
		return fn(ctx)
	}
	s.n.running = reflect.ValueOf(fn).Pointer()
	returned := false
	defer func() {
		if returned {
			s.end(err, nil)
			return
		}
		// Nothing is unwound yet, so the stack still holds the line that panicked. A nil value is runtime.Goexit.
		value := recover()
		s.end(panicked{value}, callers())
		if value != nil {
			panic(value)
		}
	}()
	err = fn(ctx)
	returned = true
	return err
}

// panicked is a recovered panic as the error that a trace records.
type panicked struct{ value any }

func (p panicked) Error() string {
	if p.value == nil {
		return "the goroutine exited"
	}
	return fmt.Sprint(p.value)
}

// Subsegment is one piece of a segment's work, for callers that cannot wrap it in a function. All methods are safe on nil and
// for concurrent use.
type Subsegment struct{ n *node }

// Start begins a subsegment; its work runs under the context returned, and its End must be called. Nil without a segment.
func Start(ctx context.Context, name string) (context.Context, *Subsegment) {
	return start(ctx, name, "")
}

// Past tells of work that is over and went well, from began to ended, as a subsegment called name.
func Past(ctx context.Context, name string, began, ended time.Time) {
	_, s := Start(ctx, name)
	if s != nil {
		s.n.mu.Lock()
		s.n.began, s.n.over = began, ended
		s.n.mu.Unlock()
		s.End(nil)
	}
}

// StartRemote is Start for a call to a service or database that is not AWS's.
func StartRemote(ctx context.Context, name string) (context.Context, *Subsegment) {
	return start(ctx, name, namespaceRemote)
}

// StartAWS is Start for a call to an AWS service.
func StartAWS(ctx context.Context, name string) (context.Context, *Subsegment) {
	return start(ctx, name, namespaceAWS)
}

func start(ctx context.Context, name, namespace string) (context.Context, *Subsegment) {
	parent := current(ctx)
	if parent == nil {
		return ctx, nil
	}
	ctx, seg := xray.BeginSubsegment(context.WithValue(ctx, xray.ContextKey, parent.seg), cleanName(name))
	seg.Lock()
	seg.Namespace = namespace
	seg.Unlock()
	n := parent.rec.node(seg, parent)
	return n.attach(ctx), &Subsegment{n}
}

// End closes and sends the subsegment, flagged and explained by err as Class says. The first End counts.
func (s *Subsegment) End(err error) { s.end(err, nil) }

func (s *Subsegment) end(err error, stack []uintptr) {
	if s != nil && s.n.conclude(err, stack) {
		s.n.seg.CloseAndStream(nil)
	}
}

// Guard, deferred, ends the subsegment when the work panics, tells of the panic and lets it go on.
func (s *Subsegment) Guard() {
	value := recover()
	if value == nil {
		return
	}
	s.end(panicked{value}, callers())
	panic(value)
}

// Metadata sets metadata of the subsegment, as the function Metadata does.
func (s *Subsegment) Metadata(key string, value any) {
	if s != nil {
		s.n.metadata(key, value)
	}
}

// Header is the trace header with this subsegment as Parent, "" for nil.
func (s *Subsegment) Header() string {
	if s == nil {
		return ""
	}
	return s.n.header()
}

// SetSQL tells of the query that the subsegment is.
func (s *Subsegment) SetSQL(q SQL) {
	if s != nil {
		s.n.mu.Lock()
		defer s.n.mu.Unlock()
		s.n.sql = &q
	}
}

// SetHTTP tells of the request that the subsegment is.
func (s *Subsegment) SetHTTP(h HTTP) {
	if s != nil {
		s.n.mu.Lock()
		defer s.n.mu.Unlock()
		s.n.http = h.fitting()
	}
}

// SetAWS adds to the aws block; values are strings, numbers or lists of strings and must not be changed afterwards.
func (s *Subsegment) SetAWS(block map[string]any) {
	if s != nil {
		s.n.mu.Lock()
		defer s.n.mu.Unlock()
		if s.n.aws == nil {
			s.n.aws = map[string]any{}
		}
		maps.Copy(s.n.aws, block)
	}
}
