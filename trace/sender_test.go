package trace_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/monthend/monthend/trace"
)

// The SDK hands a closed root over twice now and then, most often under the race detector.
func TestConcurrentSegments(t *testing.T) {
	const segments = 1000
	d := listen(t)
	tracer := newTracer(t, trace.Config{Address: d.addr()})
	var wg sync.WaitGroup
	for range segments {
		wg.Go(func() {
			ctx, seg := tracer.Begin(context.Background(), "worker", "", trace.BeginOptions{})
			defer seg.End(nil)
			_ = trace.Span(ctx, "phase", func(ctx context.Context) error {
				trace.Annotate(ctx, "k", 1)
				return trace.Remote(ctx, "db@localhost", func(context.Context) error { return nil })
			})
		})
	}
	wg.Wait()
	if err := tracer.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	ids := map[string]int{}
	for _, doc := range d.drain() {
		ids[doc.ID]++
	}
	if len(ids) < segments {
		t.Errorf("got %d documents, want about %d", len(ids), 3*segments)
	}
	for id, n := range ids {
		if n != 1 {
			t.Errorf("%s came %d times", id, n)
		}
	}
	if c := tracer.Counters(); c.Sent != 3*segments || c.Dropped() != 0 {
		t.Errorf("counters: %+v", c)
	}
}

// quiet is an address where nobody listens.
func quiet(tb testing.TB) string {
	// Of the ports that no system gives to whoever asks for any: nobody else takes it by chance.
	for range 1000 {
		conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 20_000 + rand.IntN(10_000)})
		if err != nil {
			continue
		}
		defer conn.Close()
		return conn.LocalAddr().String()
	}
	tb.Fatal("no port is free")
	return ""
}

func TestNobodyListens(t *testing.T) {
	for name, address := range map[string]string{
		"refused":      quiet(t),
		"no such host": "no-such-host.invalid:2000",
	} {
		t.Run(name, func(t *testing.T) {
			var log strings.Builder
			tracer := newTracer(t, trace.Config{Address: address, Logger: slog.New(slog.NewTextHandler(&log, nil))})
			const segments = 50
			for range segments {
				ctx, seg := tracer.Begin(context.Background(), "", "", trace.BeginOptions{})
				if err := trace.Span(ctx, "phase", func(context.Context) error { return nil }); err != nil {
					t.Fatal(err)
				}
				seg.End(nil)
			}
			if err := tracer.Close(context.Background()); err != nil {
				t.Fatal(err)
			}
			c := tracer.Counters()
			if c.Sent+c.Dropped() != 2*segments || c.Refused+c.Unreachable == 0 {
				t.Errorf("counters: %+v", c)
			}
			if got := strings.Count(log.String(), "\n"); got != 1 {
				t.Errorf("got %d lines in the log, want one:\n%s", got, log.String())
			}
		})
	}
}

func TestListenerComesBack(t *testing.T) {
	address := quiet(t)
	tracer := newTracer(t, trace.Config{Address: address})
	end := func() {
		_, seg := tracer.Begin(context.Background(), "worker", "", trace.BeginOptions{})
		seg.End(nil)
	}
	for tracer.Counters().Refused == 0 {
		end()
	}
	d := listenOn(t, address)
	end()
	if got := d.next().Name; got != "worker" {
		t.Errorf("got %q", got)
	}
}

func TestCloseIsBounded(t *testing.T) {
	d := listen(t)
	tracer := newTracer(t, trace.Config{Address: d.addr()})
	const segments = 400
	for range segments {
		_, seg := tracer.Begin(context.Background(), "worker", "", trace.BeginOptions{})
		seg.End(nil)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err := tracer.Close(ctx)
	c := tracer.Counters()
	if c.Sent+c.Dropped() != segments {
		t.Errorf("counters: %+v", c)
	}
	// The sender may have been faster than the test.
	if c.AfterClose == 0 {
		if err != nil {
			t.Errorf("close with nothing left: %v", err)
		}
		return
	}
	want := fmt.Sprintf("send trace documents to %q: %d left: context canceled", d.addr(), c.AfterClose)
	if err == nil || err.Error() != want {
		t.Errorf("close: got %v, want %s", err, want)
	}
}

func TestEndAfterClose(t *testing.T) {
	d, tracer, _, seg := begin(t, context.Background())
	if got := len(d.documents(tracer)); got != 0 {
		t.Fatalf("got %d documents", got)
	}
	seg.End(nil)
	if got := tracer.Counters().AfterClose; got != 1 {
		t.Errorf("after close: got %d, want 1", got)
	}
}

// Ending a span must not wait for the network, whatever the network does.
func BenchmarkSpan(b *testing.B) {
	d := listen(b)
	tracer := newTracer(b, trace.Config{Address: d.addr()})
	b.ReportAllocs()
	start := time.Now()
	for b.Loop() {
		ctx, seg := tracer.Begin(context.Background(), "worker", "", trace.BeginOptions{})
		_ = trace.Span(ctx, "phase", func(context.Context) error { return nil })
		seg.End(nil)
	}
	b.ReportMetric(float64(time.Since(start).Microseconds())/float64(b.N), "µs/segment")
}
