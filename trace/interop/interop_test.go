// Package interop_test shows that what a run emits is understood by others: it starts the real program and feeds OpenTelemetry's
// X-Ray receiver and an OTLP endpoint from it. It is a module of its own, for a collector's receiver brings a hundred and
// sixty modules along; it imports nothing of monthend, only the program's output.
package interop_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/receiver/awsxrayreceiver"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"go.opentelemetry.io/collector/receiver/receivertest"
)

// broken is a report whose one query asks for a table that is not there.
var broken = map[string]string{
	"report.yaml": `name: broken
title: Broken
timezone: Europe/Prague
currency: CZK
extract:
  nothing: {sql: nothing.sql, key: [id]}
generate:
  datasets: {all: all.sql}
  document: [{table: {dataset: all}}]
  formats: [json]
`,
	"nothing.sql": "SELECT id FROM finance.no_such_table WHERE booked_at < @period_end\n",
	"all.sql":     "SELECT id FROM nothing ORDER BY id\n",
}

func TestOthersUnderstandARun(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "monthend")
	build := exec.Command("go", "build", "-o", program, "./cmd/monthend")
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build monthend: %v\n%s", err, out)
	}
	for name, text := range broken {
		file := filepath.Join(dir, "definitions", "broken", name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	xray := &consumertest.TracesSink{}
	daemon := receive(t, xray)
	collector := collect(t)
	env := append(cloud(t, program, dir),
		"MONTHEND_DEFINITIONS="+filepath.Join(dir, "definitions"), "MONTHEND_TRACE_EXPORTER=both",
		"MONTHEND_XRAY_ADDRESS="+daemon, "MONTHEND_OTLP_ENDPOINT="+collector.url+"/v1/traces")
	run := func(want int, args ...string) {
		t.Helper()
		cmd := exec.Command(program, args...)
		cmd.Env = env
		if out, err := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != want {
			t.Fatalf("monthend %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	end := start(t, env, program, "work", "--drain", "10s")
	run(0, "trigger", "monthly-financials", "--month", "3", "--year", "2026", "--wait", "--timeout", "60s")
	run(1, "trigger", "broken", "--month", "3", "--year", "2026", "--wait", "--timeout", "60s")
	end()

	byXRay, byOTLP := spans(xray.AllTraces()), spans(collector.all())
	until := time.Now().Add(10 * time.Second)
	for len(byXRay) < len(byOTLP) && time.Now().Before(until) { // the receiver works on what it has taken
		<-time.After(20 * time.Millisecond)
		byXRay = spans(xray.AllTraces())
	}
	compare(t, byXRay, byOTLP)
	if good := tree(byOTLP, "monthly-financials"); !slices.Equal(good, published) {
		t.Errorf("the run that was published:\n%s\nwant:\n%s", strings.Join(good, "\n"), strings.Join(published, "\n"))
	}
	for name, all := range map[string]map[string]ptrace.Span{"x-ray": byXRay, "otlp": byOTLP} {
		failed(t, name, all)
	}
}

// receive starts the X-Ray receiver and gives its UDP address.
func receive(t *testing.T, sink *consumertest.TracesSink) string {
	t.Helper()
	factory := awsxrayreceiver.NewFactory()
	cfg := factory.CreateDefaultConfig().(*awsxrayreceiver.Config)
	cfg.Endpoint = free(t, "udp")
	cfg.ProxyServer.Endpoint = free(t, "tcp")
	cfg.ProxyServer.Region = "eu-central-1"
	cfg.ProxyServer.LocalMode = true
	receiver, err := factory.CreateTraces(t.Context(), receivertest.NewNopSettings(factory.Type()), cfg, sink)
	if err != nil {
		t.Fatal(err)
	}
	if err := receiver.Start(t.Context(), componenttest.NewNopHost()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := receiver.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return cfg.Endpoint
}

// free is an address of loopback that nobody has.
func free(t *testing.T, network string) string {
	t.Helper()
	if network == "udp" {
		conn, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		return conn.LocalAddr().String()
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// collector is an OTLP/HTTP endpoint that keeps what it gets.
type collector struct {
	url string
	mu  sync.Mutex
	got []ptrace.Traces
}

func collect(t *testing.T) *collector {
	c := &collector{}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var body io.Reader = r.Body
		if r.Header.Get("Content-Encoding") == "gzip" {
			unpacked, err := gzip.NewReader(r.Body)
			if err != nil {
				t.Error(err)
				return
			}
			body = unpacked
		}
		data, err := io.ReadAll(body)
		if err != nil {
			t.Error(err)
		}
		request := ptraceotlp.NewExportRequest()
		if err := request.UnmarshalProto(data); err != nil {
			t.Error(err)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.got = append(c.got, request.Traces())
	}))
	t.Cleanup(server.Close)
	c.url = server.URL
	return c
}

func (c *collector) all() []ptrace.Traces {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.got)
}

// cloud starts the laptop's cloud and gives the environment that finds it.
func cloud(t *testing.T, program, dir string) []string {
	t.Helper()
	cmd := exec.Command(program, "local", "-o", "env", "--dir", filepath.Join(dir, "cloud"))
	var trouble bytes.Buffer
	cmd.Stderr = &trouble
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	})
	env := os.Environ()
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		name, value, found := strings.Cut(strings.TrimPrefix(lines.Text(), "export "), "=")
		if !found {
			continue
		}
		env = append(env, name+"="+strings.Trim(value, `'"`))
		if name == "MONTHEND_XRAY_ADDRESS" { // the last one
			return env
		}
	}
	_ = cmd.Wait()
	t.Fatalf("monthend local ended: %s", trouble.String())
	return nil
}

// start runs the program until end is called, which lets it drain.
func start(t *testing.T, env []string, program string, args ...string) (end func()) {
	t.Helper()
	cmd := exec.Command(program, args...)
	var log bytes.Buffer
	cmd.Env, cmd.Stderr = env, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	end = func() {
		once.Do(func() {
			_ = cmd.Process.Signal(os.Interrupt)
			if err := cmd.Wait(); err != nil {
				t.Errorf("monthend %s: %v\n%s", strings.Join(args, " "), err, log.String())
			}
		})
	}
	t.Cleanup(end)
	return end
}

// spans are all of them by span id.
func spans(all []ptrace.Traces) map[string]ptrace.Span {
	found := map[string]ptrace.Span{}
	for _, traces := range all {
		for _, resource := range traces.ResourceSpans().All() {
			for _, scope := range resource.ScopeSpans().All() {
				for _, span := range scope.Spans().All() {
					found[span.SpanID().String()] = span
				}
			}
		}
	}
	return found
}

// text is an attribute as text, "" when it is not there.
func text(attributes pcommon.Map, key string) string {
	value, ok := attributes.Get(key)
	if !ok {
		return ""
	}
	return value.AsString()
}

func sorted(all map[string]ptrace.Span) []string { return slices.Sorted(maps.Keys(all)) }
