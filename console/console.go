// Package console is the door to whoever asks over HTTP: it listens, bounds what is asked at once, refuses what comes from
// other sites, and ends without cutting anybody off. It stands on the third floor; its rooms say what is answered (api) and
// to whom (bearer). It does not know reports.
package console

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// Config says how the door is kept. Handler is needed; a zero bound is the default that stands beside it.
type Config struct {
	Handler  http.Handler
	Loopback bool     // only names of loopback are answered to: another name there is a rebound one
	Hosts    []string // names that are answered to, without a port; any when empty, unless Loopback
	Logger   *slog.Logger

	Concurrent  int // requests in work; 64
	Connections int // 512
	HeaderBytes int // of a request; 16 KiB

	// HeaderTime is from the first byte to the end of the headers, 5 s; ReadTime to the end of the body, 15 s; WriteTime is for
	// an answer, 30 s, which a handler that sends much sets anew as it goes on; IdleTime is between two requests, 60 s.
	HeaderTime, ReadTime, WriteTime, IdleTime time.Duration

	Drain time.Duration // what requests in work have to end; 25 s
}

// Server is an open door.
type Server struct {
	cfg         Config
	http        *http.Server
	connections atomic.Int64
}

// New checks the configuration.
func New(cfg Config) (*Server, error) {
	if cfg.Handler == nil {
		return nil, errors.New("set up the server: no handler")
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	cfg.Concurrent = or(cfg.Concurrent, 64)
	cfg.Connections = or(cfg.Connections, 512)
	cfg.HeaderBytes = or(cfg.HeaderBytes, 16<<10)
	cfg.HeaderTime = or(cfg.HeaderTime, 5*time.Second)
	cfg.ReadTime = or(cfg.ReadTime, 15*time.Second)
	cfg.WriteTime = or(cfg.WriteTime, 30*time.Second)
	cfg.IdleTime = or(cfg.IdleTime, 60*time.Second)
	cfg.Drain = or(cfg.Drain, 25*time.Second)
	s := &Server{cfg: cfg}
	handler := logged(cfg.Logger, guarded(cfg, bounded(cfg.Concurrent, cfg.Handler)))
	s.http = &http.Server{
		Handler:                      handler,
		ReadHeaderTimeout:            cfg.HeaderTime,
		ReadTimeout:                  cfg.ReadTime,
		WriteTimeout:                 cfg.WriteTime,
		IdleTimeout:                  cfg.IdleTime,
		MaxHeaderBytes:               cfg.HeaderBytes,
		ConnState:                    s.count,
		ErrorLog:                     slog.NewLogLogger(cfg.Logger.Handler(), slog.LevelDebug), // what broken clients do is no news
		DisableGeneralOptionsHandler: true,
	}
	return s, nil
}

func or[T int | time.Duration](value, otherwise T) T {
	if value > 0 {
		return value
	}
	return otherwise
}

// count closes a connection that is one too many before anything is read from it.
func (s *Server) count(conn net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		if s.connections.Add(1) > int64(s.cfg.Connections) {
			conn.Close()
		}
	case http.StateClosed, http.StateHijacked:
		s.connections.Add(-1)
	}
}

// Serve answers on l until ctx ends. Requests in work then have Config.Drain to end, or until abort ends; what is not done by
// then is cut off and an error. TLS is spoken where l is a TLS listener.
func (s *Server) Serve(ctx, abort context.Context, l net.Listener) error {
	ended := make(chan error, 1)
	go func() { ended <- s.http.Serve(l) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve on %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	s.cfg.Logger.Info("draining", "cause", context.Cause(ctx).Error())
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.cfg.Drain)
	defer cancel()
	defer context.AfterFunc(abort, cancel)()
	err := s.http.Shutdown(drain)
	if err != nil {
		err = errors.Join(fmt.Errorf("requests were cut off: %w", err), s.http.Close())
	}
	<-ended // http.ErrServerClosed: Serve returns as soon as Shutdown begins
	return err
}
