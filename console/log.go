package console

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/monthend/monthend/console/problem"
	"github.com/monthend/monthend/trace/httptrace"
)

// maxLogged is how much of a path is logged, in bytes.
const maxLogged = 200

// who asks, as a handler tells it.
type who struct{ name string }

type whoKey struct{}

func withWho(ctx context.Context, by *who) context.Context {
	return context.WithValue(ctx, whoKey{}, by)
}

// Tell says who asks, so that the line of the log names him.
func Tell(r *http.Request, name string) {
	if w, ok := r.Context().Value(whoKey{}).(*who); ok {
		w.name = name
	}
}

// logged writes one line a request: never a query, a header or a body, for they may hold secrets. A handler that panics has
// its stack there and its caller a 500 that says nothing.
func logged(logger *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		by := &who{}
		answer := &httptrace.Answer{ResponseWriter: w}
		defer func() {
			cause := recover()
			if cause != nil && cause != http.ErrAbortHandler {
				logger.Error("a handler panicked", "method", r.Method, "path", path(r), "panic", fmt.Sprint(cause), "stack", string(debug.Stack()))
				if answer.Status() == 0 {
					problem.Write(answer, problem.New(problem.Internal, "what happened is in the log"), traceID(answer))
					cause = nil
				} else {
					cause = http.ErrAbortHandler // what was begun must not look whole
				}
			}
			level := slog.LevelInfo
			if answer.Status() >= 500 {
				level = slog.LevelWarn
			}
			args := []any{"method", r.Method, "path", path(r), "status", answer.Status(), "bytes", answer.Bytes(),
				"ms", time.Since(began).Milliseconds(), "from", r.RemoteAddr}
			if by.name != "" {
				args = append(args, "by", by.name)
			}
			if id := traceID(answer); id != "" {
				args = append(args, "trace_id", id)
			}
			logger.Log(r.Context(), level, "request", args...)
			if cause != nil {
				panic(cause)
			}
		}()
		next.ServeHTTP(answer, r.WithContext(withWho(r.Context(), by)))
	})
}

func path(r *http.Request) string {
	p := r.URL.EscapedPath()
	if len(p) > maxLogged {
		p = p[:maxLogged] + "…"
	}
	return p
}

// traceID is the trace that the answer names.
func traceID(w http.ResponseWriter) string {
	_, rest, _ := strings.Cut(w.Header().Get(httptrace.Header), "Root=")
	id, _, _ := strings.Cut(rest, ";")
	return id
}
