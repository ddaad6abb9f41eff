package trace_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/monthend/monthend/trace"
)

// exporter is an Exporter made of a function.
type exporter struct {
	export func(ctx context.Context, documents []trace.Document) error
	closed atomic.Int32
}

func (e *exporter) Export(ctx context.Context, documents []trace.Document) error {
	for _, d := range documents {
		for _, v := range trace.Validate(d) {
			return fmt.Errorf("a document breaks the rules: %v", v)
		}
	}
	return e.export(ctx, documents)
}

func (e *exporter) Close(context.Context) error {
	e.closed.Add(1)
	return nil
}

func segmentsOf(tracer *trace.Tracer, n int) {
	for range n {
		_, seg := tracer.Begin(context.Background(), "worker", "", trace.BeginOptions{})
		seg.End(nil)
	}
}

// Documents take both exits, and each counts them.
func TestBothExits(t *testing.T) {
	d := listen(t)
	var got []trace.Document
	e := &exporter{export: func(_ context.Context, documents []trace.Document) error {
		got = append(got, documents...)
		return nil
	}}
	tracer := newTracer(t, trace.Config{Address: d.addr(), Exporter: e})
	segmentsOf(tracer, 600)
	sent := d.documents(tracer)
	if c := tracer.Counters(); len(sent) != 600 || len(got) != 600 || c.Exported != 600 || c.ExportDropped() != 0 {
		t.Errorf("%d by one exit, %d by the other: %+v", len(sent), len(got), c)
	}
	if err := tracer.Close(context.Background()); err != nil || e.closed.Load() != 1 {
		t.Errorf("closed %d times, %v", e.closed.Load(), err)
	}
}

func TestExporterRefuses(t *testing.T) {
	var log strings.Builder
	e := &exporter{export: func(context.Context, []trace.Document) error { return errors.New("no such tenant") }}
	tracer := newTracer(t, trace.Config{Exporter: e, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	segmentsOf(tracer, 600)
	if err := tracer.Close(context.Background()); err != nil {
		t.Error(err)
	}
	if c := tracer.Counters(); c.NotExported != 600 || c.Exported != 0 {
		t.Errorf("counters: %+v", c)
	}
	if got := strings.Count(log.String(), "\n"); got != 1 || !strings.Contains(log.String(), "no such tenant") {
		t.Errorf("log:\n%s", log.String())
	}
}

// An exporter that hangs blocks nobody: what it holds up is dropped, and the end does not wait for it.
func TestExporterHangs(t *testing.T) {
	hangs := make(chan struct{})
	var once atomic.Bool
	e := &exporter{export: func(ctx context.Context, _ []trace.Document) error {
		if once.CompareAndSwap(false, true) {
			close(hangs)
		}
		<-ctx.Done()
		return ctx.Err()
	}}
	tracer := newTracer(t, trace.Config{Exporter: e})
	segmentsOf(tracer, 512) // a batch
	<-hangs
	const more = 5000 // than the queue holds
	segmentsOf(tracer, more)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := tracer.Close(ctx); err == nil || !strings.HasPrefix(err.Error(), "export trace documents: ") {
		t.Errorf("close: got %v", err)
	}
	if c := tracer.Counters(); c.ExportFull == 0 || c.ExportFull+c.ExportClosed != 512+more {
		t.Errorf("counters: %+v", c)
	}
}
