// Package api is the HTTP API: asking for months, following what became of it, fetching what was published. It stands in the
// console above the ledger and the vocabulary of report; where files lie and how they are opened it is handed. It listens
// nowhere, and it never works a run: what it is asked it posts, and a drain brings that to the queue.
package api

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/monthend/monthend/console/bearer"
	"github.com/monthend/monthend/console/limit"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/trace"
	"github.com/monthend/monthend/trace/httptrace"
)

// File is one file of a version, as its manifest names it.
type File struct {
	Name   string // relative to the version's folder
	Format string
	Bytes  int64
	SHA256 string // hex
}

// Check is one thing that must answer before anything can be asked.
type Check struct {
	Name string
	Ask  func(ctx context.Context) error
}

// Config is what the API stands on. All of it is needed but Tracer, Metrics, Posted and Logger.
type Config struct {
	Ledger       *ledger.Store
	Catalog      *report.Catalog
	Files        func(ledger.Version) ([]File, error)                          // those that people fetch
	Open         func(ctx context.Context, path string) (io.ReadCloser, error) // below the output; fs.ErrNotExist when it is gone
	NewRequestID func() string
	Tokens       *bearer.Tokens
	ByToken      *limit.Buckets // how often a token may ask
	ByAddress    *limit.Buckets // how often an address may ask without a token that is known to be good
	Checks       []Check        // of readyz
	Tracer       *trace.Tracer
	Metrics      http.Handler // nil: there are none
	Posted       func()       // told that a message waits to be sent
	Logger       *slog.Logger
}

// Service is what the segments of the API are called.
const Service = "monthend-api"

// MaxBody is how large the body of a request may be, in bytes.
const MaxBody = 64 << 10

// Times that a request may take.
const (
	workTime  = 20 * time.Second // to be answered, but for a file
	writeTime = 30 * time.Second // for each part of a file that is sent
)

// API answers requests. It is an http.Handler.
type API struct {
	cfg    Config
	mux    *http.ServeMux
	doc    []byte // the OpenAPI document, JSON
	ready  readiness
	routes []Route
}

// New checks the configuration.
func New(cfg Config) (*API, error) {
	switch {
	case cfg.Ledger == nil, cfg.Catalog == nil, cfg.Files == nil, cfg.Open == nil, cfg.NewRequestID == nil:
		return nil, errors.New("set up the api: the ledger, the catalog, the files or the ids are missing")
	case cfg.Tokens == nil, cfg.ByToken == nil, cfg.ByAddress == nil:
		return nil, errors.New("set up the api: nothing says who may ask, and how often")
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Posted == nil {
		cfg.Posted = func() {}
	}
	doc, err := document()
	if err != nil {
		return nil, err
	}
	a := &API{cfg: cfg, doc: doc, mux: http.NewServeMux()}
	a.routes = a.table()
	for _, route := range a.routes {
		handler := http.Handler(a.serve(route))
		if !route.Untraced {
			handler = httptrace.Handler(cfg.Tracer, Service, handler)
		}
		a.mux.Handle(route.Method+" "+route.pattern, handler)
	}
	return a, nil
}
