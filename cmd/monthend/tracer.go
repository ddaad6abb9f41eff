package main

import (
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/monthend/monthend/trace"
	"github.com/monthend/monthend/trace/otlp"
	"github.com/monthend/monthend/trace/sampling"
)

// The exits that a trace may take.
const (
	exportXRay = "xray"
	exportOTLP = "otlp"
	exportBoth = "both"
)

// traceSettings say where traces go and which are kept.
type traceSettings struct {
	Exporter      string `env:"MONTHEND_TRACE_EXPORTER" envDefault:"xray"`
	OTLPEndpoint  string `env:"MONTHEND_OTLP_ENDPOINT"`
	OTLPHeaders   string `env:"MONTHEND_OTLP_HEADERS"`
	SampleRate    string `env:"MONTHEND_SAMPLE_RATE"`
	SamplingRules string `env:"MONTHEND_SAMPLING_RULES"`
	Central       bool   `env:"MONTHEND_CENTRAL_SAMPLING"`
	TailKeepMB    int64  `env:"MONTHEND_TAIL_KEEP_MB" envDefault:"16"`
	Header        string `env:"MONTHEND_TRACE_HEADER"`

	rate    *float64          // SampleRate read
	headers map[string]string // OTLPHeaders read
}

func (s *settings) traceFlags(fs *pflag.FlagSet) {
	t := &s.Trace
	flag(fs.StringVar, fs, &s.XRayAddress, "xray-address", "address of the X-Ray daemon, host:port; nothing is sent there when empty (MONTHEND_XRAY_ADDRESS)")
	flag(fs.StringVar, fs, &t.Exporter, "trace-exporter", "where traces go: xray, otlp or both, xray unless set (MONTHEND_TRACE_EXPORTER)")
	flag(fs.StringVar, fs, &t.OTLPEndpoint, "otlp-endpoint", "collector's URL for OTLP/HTTP, with path; OpenTelemetry's own variables when empty (MONTHEND_OTLP_ENDPOINT)")
	flag(fs.StringVar, fs, &t.OTLPHeaders, "otlp-headers", "headers of requests to the collector, name=value,name=value (MONTHEND_OTLP_HEADERS)")
	flag(fs.StringVar, fs, &t.SampleRate, "sample-rate", "share of traces kept, 0 to 1, where no caller has decided (MONTHEND_SAMPLE_RATE)")
}

// samplingFlags are for who decides about the traces of others.
func (s *settings) samplingFlags(fs *pflag.FlagSet) {
	t := &s.Trace
	flag(fs.StringVar, fs, &t.SamplingRules, "sampling-rules", "file of sampling rules, the X-Ray SDKs' JSON (MONTHEND_SAMPLING_RULES)")
	flag(fs.BoolVar, fs, &t.Central, "central-sampling", "ask X-Ray for sampling rules, through the daemon (MONTHEND_CENTRAL_SAMPLING)")
	flag(fs.Int64Var, fs, &t.TailKeepMB, "tail-keep-mb", "memory in MB for what runs that are not sampled tell, lest they fail; 16 unless set, 0 keeps none of them (MONTHEND_TAIL_KEEP_MB)")
}

// headerFlag is for who may be called within a trace.
func (s *settings) headerFlag(fs *pflag.FlagSet) {
	flag(fs.StringVar, fs, &s.Trace.Header, "trace-header", "trace header of the caller, to continue its trace (MONTHEND_TRACE_HEADER)")
}

func (s *settings) checkTrace() error {
	t := &s.Trace
	if s.XRayAddress != "" {
		_, port, err := net.SplitHostPort(s.XRayAddress)
		if err != nil || port == "" {
			return usage("", "MONTHEND_XRAY_ADDRESS %q is not of the form host:port", s.XRayAddress)
		}
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return usage("", "MONTHEND_XRAY_ADDRESS %q: port %q is not between 1 and 65535", s.XRayAddress, port)
		}
	}
	switch t.Exporter {
	case "", exportXRay, exportOTLP, exportBoth:
	default:
		return usage("", "MONTHEND_TRACE_EXPORTER %q is not xray, otlp or both", t.Exporter)
	}
	if t.OTLPEndpoint != "" {
		if err := checkURL("MONTHEND_OTLP_ENDPOINT", t.OTLPEndpoint, "http", "https"); err != nil {
			return err
		}
	}
	var err error
	if t.headers, err = readHeaders(t.OTLPHeaders); err != nil {
		return err
	}
	if t.SampleRate != "" {
		rate, err := strconv.ParseFloat(t.SampleRate, 64)
		if err != nil || !(rate >= 0 && rate <= 1) {
			return usage("", "MONTHEND_SAMPLE_RATE %q is not a number from 0 to 1", t.SampleRate)
		}
		t.rate = &rate
	}
	switch {
	case t.rate != nil && (t.SamplingRules != "" || t.Central):
		return usage("", "a sample rate and sampling rules are both given; want one of them")
	case t.Central && s.XRayAddress == "":
		return usage("", "central sampling asks the X-Ray daemon, and MONTHEND_XRAY_ADDRESS is not set")
	case t.TailKeepMB < 0:
		return usage("", "MONTHEND_TAIL_KEEP_MB %d is below 0", t.TailKeepMB)
	}
	return nil
}

// readHeaders reads name=value,name=value, percent-encoded as OpenTelemetry has it. What it says never holds a value: one may be
// secret.
func readHeaders(text string) (map[string]string, error) {
	if text == "" {
		return nil, nil
	}
	headers := map[string]string{}
	for i, pair := range strings.Split(text, ",") {
		name, value, found := strings.Cut(pair, "=")
		value, err := url.PathUnescape(strings.TrimSpace(value))
		if name = strings.TrimSpace(name); !found || name == "" || err != nil {
			return nil, usage("", "MONTHEND_OTLP_HEADERS: entry %d is not of the form name=value", i+1)
		}
		headers[name] = value
	}
	return headers, nil
}

// forced reports whether a trace that a person begins is kept: unless a rate is given, or the caller's trace is continued.
func (t *traceSettings) forced() bool { return t.rate == nil && t.Header == "" }

// openTracer begins tracing as service; without an exit nothing is sent and everything works. checkTrace comes before.
func (s *settings) openTracer(service string, logger *slog.Logger) (*trace.Tracer, error) {
	t := &s.Trace
	cfg := trace.Config{Name: service, Version: version(), SampleRate: t.rate, HoldBytes: t.TailKeepMB << 20, Logger: logger}
	if cfg.HoldBytes == 0 {
		cfg.HoldBytes = -1
	}
	if t.Exporter != exportOTLP {
		cfg.Address = s.XRayAddress
	}
	if t.Exporter == exportOTLP || t.Exporter == exportBoth {
		exporter, err := otlp.New(otlp.Config{Endpoint: t.OTLPEndpoint, Headers: t.headers, Service: service, Version: version()})
		if err != nil {
			return nil, usage("", "%w", err)
		}
		cfg.Exporter = exporter
	}
	rules, err := t.readRules()
	if err != nil {
		return nil, err
	}
	if rules != nil {
		cfg.Sampler = rules
	}
	if t.Central {
		central, err := sampling.NewCentral(sampling.CentralConfig{Address: s.XRayAddress, Fallback: rules, Logger: logger})
		if err != nil {
			return nil, usage("", "%w", err)
		}
		cfg.Sampler = central
	}
	tracer, err := trace.New(cfg)
	if err != nil {
		return nil, usage("", "%w", err)
	}
	return tracer, nil
}

// tellLoss logs at the end what of the traces did not arrive, beside what was left out on purpose.
func tellLoss(logger *slog.Logger, tracer *trace.Tracer) {
	c := tracer.Counters()
	lost := c.TooBig + c.HoldFull + c.QueueFull + c.Unreachable + c.Refused + c.AfterClose + c.NotExported + c.ExportFull + c.ExportClosed
	if lost > 0 {
		logger.Warn("traces are incomplete", "documents_lost", lost, "counters", c)
	}
}

// readRules reads the file of sampling rules, nil when none is given.
func (t *traceSettings) readRules() (*sampling.Local, error) {
	if t.SamplingRules == "" {
		return nil, nil
	}
	data, err := os.ReadFile(t.SamplingRules)
	var at *fs.PathError
	if errors.As(err, &at) {
		return nil, usage("", "MONTHEND_SAMPLING_RULES %q: %w", t.SamplingRules, at.Err)
	}
	if err != nil {
		return nil, usage("", "MONTHEND_SAMPLING_RULES %q: %w", t.SamplingRules, err)
	}
	rules, err := sampling.ParseLocal(data, nil)
	if err != nil {
		return nil, usage("", "MONTHEND_SAMPLING_RULES %q: %s", t.SamplingRules, strings.TrimPrefix(err.Error(), "sampling rules: "))
	}
	return rules, nil
}
