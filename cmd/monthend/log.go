package main

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/lmittmann/tint"

	"github.com/monthend/monthend/trace"
)

// logger writes to stderr: lines for people on a terminal, JSON for machines otherwise. Every line of a run carries the
// id of its trace.
func (a *app) logger(level string) (*slog.Logger, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(strings.ToUpper(level))); err != nil {
		return nil, usage("", "log level %q is not one of debug, info, warn, error", level)
	}
	var handler slog.Handler
	if _, ok := terminal(a.stderr); ok {
		handler = tint.NewTextHandler(a.stderr, &tint.Options{Level: l, TimeFormat: time.TimeOnly, NoColor: !a.coloured(a.stderr)})
	} else {
		handler = slog.NewJSONHandler(a.stderr, &slog.HandlerOptions{Level: l})
	}
	return slog.New(traced{handler}), nil
}

// traced adds the trace id of the context to each record.
type traced struct{ slog.Handler }

func (t traced) Handle(ctx context.Context, record slog.Record) error {
	if id := trace.ID(ctx); id != "" {
		record.AddAttrs(slog.String("trace_id", id))
	}
	return t.Handler.Handle(ctx, record)
}

func (t traced) WithAttrs(attrs []slog.Attr) slog.Handler { return traced{t.Handler.WithAttrs(attrs)} }

func (t traced) WithGroup(name string) slog.Handler { return traced{t.Handler.WithGroup(name)} }
