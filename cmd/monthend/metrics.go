package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/spf13/pflag"

	"github.com/monthend/monthend/metric"
)

// exitEMF is the way of the figures to CloudWatch.
const exitEMF = "emf"

// metricSettings say by which exits a process shows its figures.
type metricSettings struct {
	Addr     string `env:"MONTHEND_METRICS_ADDR"`
	Exit     string `env:"MONTHEND_METRICS"`
	Insecure bool   `env:"MONTHEND_METRICS_INSECURE"`
}

func (s *settings) metricFlags(fs *pflag.FlagSet) {
	m := &s.Metric
	flag(fs.StringVar, fs, &m.Addr, "metrics-addr", "host:port that answers /metrics, /healthz and /readyz, such as 127.0.0.1:9464; none when empty (MONTHEND_METRICS_ADDR)")
	flag(fs.BoolVar, fs, &m.Insecure, "metrics-insecure", "allow --metrics-addr to be reached from other machines; it asks nobody who he is (MONTHEND_METRICS_INSECURE)")
	flag(fs.StringVar, fs, &m.Exit, "metrics", "how figures are written to stdout every minute: emf, CloudWatch's embedded metric format; not at all when empty (MONTHEND_METRICS)")
}

func (s *settings) checkMetric() error {
	m := &s.Metric
	if m.Exit != "" && m.Exit != exitEMF {
		return usage("", "MONTHEND_METRICS %q is not emf", m.Exit)
	}
	if m.Addr == "" {
		return nil
	}
	host, port, err := net.SplitHostPort(m.Addr)
	if err != nil || port == "" {
		return usage("", "MONTHEND_METRICS_ADDR %q is not of the form host:port", m.Addr)
	}
	if !m.Insecure && !loopback(host) {
		return usage("--metrics-insecure, where a firewall stands before it", "MONTHEND_METRICS_ADDR %q can be reached from other machines, and whoever comes is answered", m.Addr)
	}
	return nil
}

// loopback reports whether only this machine reaches host.
func loopback(host string) bool {
	at, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && at.IsLoopback()
}

// watchPage is what is answered to whoever watches the process: the figures, whether it lives and whether it can work.
type watchPage struct {
	figures *metric.Set
	live    func() error // nil: it lives
	ready   func() error // nil: it can work
}

func (p watchPage) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", p.figures.Handler())
	mux.Handle("GET /healthz", answerWhether(p.live))
	mux.Handle("GET /readyz", answerWhether(p.ready))
	return mux
}

// answerWhether answers 200 and ok, or 503 and why not.
func answerWhether(well func() error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		if err := well(); err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprintln(w, oneLine(err.Error()))
			return
		}
		fmt.Fprintln(w, "ok")
	})
}

// watchEnd is how long an answer under way may take when the process ends.
const watchEnd = 2 * time.Second

// listenMetrics answers at addr while the loop runs. The address is taken here and now: one that is in use is a mistake to be told
// before the work begins. Where the loop is begun anew, it takes the address again.
func listenMetrics(ctx context.Context, addr string, page watchPage, logger *slog.Logger) (loop, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return loop{}, unavailable("monthend work --metrics-addr 127.0.0.1:0", "listen for whoever reads the metrics: %w", err)
	}
	logger.Info("answering", "metrics", "http://"+listener.Addr().String()+"/metrics")
	return loop{"metrics", func(ctx context.Context) error {
		if listener == nil {
			if listener, err = (&net.ListenConfig{}).Listen(ctx, "tcp", addr); err != nil {
				return err
			}
		}
		server := &http.Server{
			Handler: page.handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second,
			IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
		}
		served := make(chan error, 1)
		go func() { served <- server.Serve(listener) }()
		select {
		case err := <-served:
			listener = nil
			return err
		case <-ctx.Done():
		}
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), watchEnd)
		defer cancel()
		if server.Shutdown(end) != nil {
			_ = server.Close() // whoever still reads has had his time
		}
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	}}, nil
}
