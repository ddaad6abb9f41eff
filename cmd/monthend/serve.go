package main

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/monthend/monthend/console"
	"github.com/monthend/monthend/pipeline/ledger"
)

// serveSettings say where the HTTP API listens, and to whom.
type serveSettings struct {
	Addr       string   `env:"MONTHEND_HTTP_ADDR" envDefault:"127.0.0.1:8080"`
	Hosts      []string `env:"MONTHEND_HTTP_HOSTS"`
	Insecure   bool     `env:"MONTHEND_HTTP_INSECURE"`
	TLSCert    string   `env:"MONTHEND_TLS_CERT"`
	TLSKey     string   `env:"MONTHEND_TLS_KEY"`
	Rate       float64  `env:"MONTHEND_HTTP_RATE" envDefault:"50"`
	Concurrent int      `env:"MONTHEND_HTTP_CONCURRENT" envDefault:"64"`
}

func (s *settings) serveFlags(fs *pflag.FlagSet) {
	h := &s.HTTP
	flag(fs.StringVar, fs, &h.Addr, "addr", "host:port to listen on, 127.0.0.1:8080 unless set (MONTHEND_HTTP_ADDR)")
	flag(fs.StringSliceVar, fs, &h.Hosts, "host", "name that requests may be for; any when none is given, but for loopback (MONTHEND_HTTP_HOSTS)")
	flag(fs.BoolVar, fs, &h.Insecure, "insecure", "ask nobody for a token, wherever it listens (MONTHEND_HTTP_INSECURE)")
	flag(fs.StringVar, fs, &h.TLSCert, "tls-cert", "file of the certificate chain, PEM; without it HTTP is spoken (MONTHEND_TLS_CERT)")
	flag(fs.StringVar, fs, &h.TLSKey, "tls-key", "file of its key, PEM (MONTHEND_TLS_KEY)")
	flag(fs.Float64Var, fs, &h.Rate, "rate", "requests a second of one token, or of one address without one; 50 unless set (MONTHEND_HTTP_RATE)")
	flag(fs.IntVar, fs, &h.Concurrent, "concurrent", "requests in work at a time, 64 unless set (MONTHEND_HTTP_CONCURRENT)")
}

func (s *settings) checkServe() error {
	h := &s.HTTP
	if _, port, err := net.SplitHostPort(h.Addr); err != nil || port == "" {
		return usage("", "MONTHEND_HTTP_ADDR %q is not of the form host:port", h.Addr)
	}
	switch {
	case !(h.Rate > 0 && h.Rate <= 1e6):
		return usage("", "MONTHEND_HTTP_RATE %v is not above 0", h.Rate)
	case h.Concurrent < 1:
		return usage("", "MONTHEND_HTTP_CONCURRENT %d is below 1", h.Concurrent)
	case (h.TLSCert == "") != (h.TLSKey == ""):
		return usage("", "MONTHEND_TLS_CERT and MONTHEND_TLS_KEY go together; one is not set")
	}
	return nil
}

func newServeCommand(a *app, s settings) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Answer other services over HTTP: ask for months, follow runs, fetch files",
		Long: "serve answers the HTTP API until it is stopped; GET /api/openapi.json describes it. It works no run: what it is\n" +
			"asked it posts in the ledger and brings to the queue. On loopback nobody needs a token until the first is made\n" +
			"with monthend tokens create. Elsewhere it listens only when there is a token, or with --insecure. The first\n" +
			"SIGTERM or Ctrl-C lets requests in work end, up to --drain; the second cuts them off.",
		Example: "monthend tokens create erp --scope read --scope trigger\n" +
			"monthend serve --addr 0.0.0.0:8443 --tls-cert tls.crt --tls-key tls.key",
		Args: wants(),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runServe(cmd.Context(), s) },
	}
	fs := cmd.Flags()
	s.serveFlags(fs)
	s.databaseFlags(fs)
	s.queueFlags(fs)
	s.outputFlags(fs)
	s.definitionFlags(fs)
	s.traceFlags(fs)
	s.samplingFlags(fs)
	s.drainFlags(fs)
	flag(fs.DurationVar, fs, &s.Drain, "drain", "how long requests in work may go on after the first signal, 25s unless set (MONTHEND_DRAIN)")
	flag(fs.StringVar, fs, &s.LogLevel, "log-level", "debug, info, warn or error (MONTHEND_LOG_LEVEL)")
	return cmd
}

func (a *app) runServe(ctx context.Context, s settings) error {
	logger, err := a.logger(s.LogLevel)
	if err != nil {
		return err
	}
	for _, need := range []func() error{s.needQueue, s.needDatabase, s.needOutput, s.checkTrace, s.checkDrain, s.checkServe} {
		if err := need(); err != nil {
			return err
		}
	}
	cfg, err := awsConfig(ctx)
	if err != nil {
		return err
	}
	front, err := s.openReception(ctx, cfg, logger)
	if err != nil {
		return err
	}
	defer front.close(ctx)
	listener, err := s.listen(ctx, front.ledger, logger)
	if err != nil {
		return err
	}
	defer listener.Close()
	local := isLocal(listener)
	handler, err := s.openAPI(front, local, logger)
	if err != nil {
		return err
	}
	server, err := console.New(console.Config{
		Handler: handler, Loopback: local, Hosts: s.HTTP.Hosts, Concurrent: s.HTTP.Concurrent, Drain: s.Drain, Logger: logger,
	})
	if err != nil {
		return err
	}
	defer beside(ctx, logger, front.drain.loop(), forgetKeys(front.ledger, logger))()
	logger.Info("serving", "url", s.serveURL(listener))
	return server.Serve(ctx, a.abort, listener)
}

// listen takes the address. What other machines can reach asks for tokens, and so needs one that somebody has.
func (s *settings) listen(ctx context.Context, books *ledger.Store, logger *slog.Logger) (net.Listener, error) {
	h := &s.HTTP
	secure, err := h.tls()
	if err != nil {
		return nil, err
	}
	tokens, err := books.Tokens(ctx)
	if err != nil {
		return nil, unavailable("", "look for tokens: %w", err)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", h.Addr)
	if err != nil {
		return nil, unavailable("monthend serve --addr 127.0.0.1:0", "listen: %w", err)
	}
	// By where it listens and not by the name that was given: a name may resolve to anything.
	switch local, usable := isLocal(listener), anyUsable(tokens, time.Now()); {
	case h.Insecure:
		logger.Warn("nobody is asked for a token: whoever reaches this address may ask for and end runs", "addr", listener.Addr().String())
	case local && len(tokens) == 0:
		logger.Warn("no token was ever made: whoever works on this machine is answered; monthend tokens create shuts the door")
	case !local && !usable:
		listener.Close()
		return nil, usage("monthend tokens create NAME --scope read --scope trigger",
			"MONTHEND_HTTP_ADDR %q can be reached from other machines, and there is no token that could be asked for", h.Addr)
	case !local && secure == nil:
		logger.Warn("tokens travel unencrypted: give --tls-cert and --tls-key, or let a proxy on this machine speak TLS")
	}
	if secure != nil {
		listener = tls.NewListener(listener, secure)
	}
	return listener, nil
}

// tls is how TLS is spoken; nil where it is not.
func (h *serveSettings) tls() (*tls.Config, error) {
	if h.TLSCert == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(h.TLSCert, h.TLSKey)
	if err != nil {
		return nil, usage("", "read the certificate of MONTHEND_TLS_CERT and its key: %w", err)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}, NextProtos: []string{"http/1.1"}}, nil
}

// isLocal reports whether only this machine reaches the listener.
func isLocal(listener net.Listener) bool {
	host, _, err := net.SplitHostPort(listener.Addr().String())
	return err == nil && console.IsLoopback(host)
}

func anyUsable(tokens []ledger.Token, now time.Time) bool {
	for _, t := range tokens {
		if t.RevokedAt.IsZero() && (t.ExpiresAt.IsZero() || t.ExpiresAt.After(now)) {
			return true
		}
	}
	return false
}

func (s *settings) serveURL(listener net.Listener) string {
	if s.HTTP.TLSCert != "" {
		return "https://" + listener.Addr().String()
	}
	return "http://" + listener.Addr().String()
}

// Keys of requests are kept longer than the 24 hours that are promised.
const (
	keyAge   = 48 * time.Hour
	keyEvery = time.Hour
)

// forgetKeys forgets idempotency keys that nobody may rely on any more.
func forgetKeys(books *ledger.Store, logger *slog.Logger) loop {
	return loop{name: "old keys", run: func(ctx context.Context) error {
		for {
			if _, err := books.PruneOnce(ctx, keyAge); err != nil && ctx.Err() == nil {
				logger.WarnContext(ctx, "old idempotency keys are still kept", "error", err)
			}
			if !sleep(ctx, keyEvery) {
				return nil
			}
		}
	}}
}
