package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/monthend/monthend/trace"
)

// A person's trace is kept unless a rate or a caller says otherwise.
func TestForced(t *testing.T) {
	for name, row := range map[string]struct {
		t    traceSettings
		want bool
	}{
		"neither":  {traceSettings{}, true},
		"a rate":   {traceSettings{SampleRate: "0.5"}, false},
		"a caller": {traceSettings{Header: "Root=1-6b02c013-53f32a3152d7d7da8d74ae88"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := settings{Trace: row.t}
			if err := s.checkTrace(); err != nil {
				t.Fatal(err)
			}
			if got := s.Trace.forced(); got != row.want {
				t.Errorf("got %v, want %v", got, row.want)
			}
		})
	}
}

func TestReadHeaders(t *testing.T) {
	got, err := readHeaders("authorization=Bearer%20x=y, tenant=a")
	if err != nil || len(got) != 2 || got["authorization"] != "Bearer x=y" || got["tenant"] != "a" {
		t.Errorf("got %v, %v", got, err)
	}
	for _, text := range []string{"secret", "a=1,=secret", "a=%zzsecret"} {
		if _, err := readHeaders(text); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v", text, err)
		}
	}
}

// Rules of a file decide where no header does; a worker tells at its end what did not arrive.
func TestOpenTracer(t *testing.T) {
	rules := filepath.Join(t.TempDir(), "rules.json")
	if err := os.WriteFile(rules, []byte(`{"version": 2, "default": {"rate": 0},
		"rules": [{"host": "monthend", "http_method": "*", "url_path": "/monthly-*", "rate": 1}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	s := settings{XRayAddress: "no-such-host.invalid:2000", Trace: traceSettings{Exporter: exportXRay, SamplingRules: rules, TailKeepMB: 1}}
	if err := s.checkTrace(); err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	logger := slog.New(slog.NewTextHandler(&log, nil))
	tracer, err := s.openTracer(trace.DefaultName, logger)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{"/monthly-financials": true, "/weekly": false} {
		_, segment := tracer.Begin(context.Background(), "", "", trace.BeginOptions{Path: path})
		if got := segment.Sampled(); got != want {
			t.Errorf("%s: sampled %v, want %v", path, got, want)
		}
		segment.End(nil)
	}
	flush(t.Context(), tracer)
	tellLoss(logger, tracer)
	if !strings.Contains(log.String(), "traces are incomplete") || !strings.Contains(log.String(), "documents_lost=1") {
		t.Errorf("log:\n%s", log.String())
	}
}
