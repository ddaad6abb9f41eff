package api

import (
	"context"
	"errors"
	"net/http"
	"path"
	"strings"

	"github.com/monthend/monthend/console"
	"github.com/monthend/monthend/console/problem"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/trace"
)

// Route is one thing that can be asked.
type Route struct {
	Method   string
	Path     string       // as the OpenAPI document has it
	Scope    ledger.Scope // that a token needs; "" asks for no token
	Untraced bool

	pattern string // Path as http.ServeMux has it
	stream  bool   // takes as long as it goes on
	handle  func(w http.ResponseWriter, r *http.Request, by ledger.Token) error
}

// table is everything that is served.
func (a *API) table() []Route {
	routes := []Route{
		{Method: "POST", Path: "/api/runs", Scope: ledger.ScopeTrigger, handle: a.ask},
		{Method: "GET", Path: "/api/runs", Scope: ledger.ScopeRead, handle: a.list},
		{Method: "GET", Path: "/api/runs/{id}", Scope: ledger.ScopeRead, handle: a.show},
		{Method: "POST", Path: "/api/runs/{id}/cancel", Scope: ledger.ScopeAdmin, handle: a.cancel},
		{Method: "POST", Path: "/api/runs/{id}/retry", Scope: ledger.ScopeTrigger, handle: a.retry},
		{Method: "GET", Path: "/api/runs/{id}/files", Scope: ledger.ScopeRead, handle: a.files},
		{Method: "GET", Path: "/api/runs/{id}/files/{name}", Scope: ledger.ScopeRead, handle: a.file, stream: true},
		{Method: "GET", Path: "/api/reports", Scope: ledger.ScopeRead, handle: a.reports},
		{Method: "GET", Path: "/api/versions/{report}/{tenant}/{period}", Scope: ledger.ScopeRead, handle: a.versions},
		{Method: "GET", Path: "/api/openapi.json", handle: a.openapi},
		{Method: "GET", Path: "/healthz", Untraced: true, handle: a.healthz},
		{Method: "GET", Path: "/readyz", Untraced: true, handle: a.readyz},
		{Method: "GET", Path: "/metrics", Scope: ledger.ScopeRead, Untraced: true, handle: a.metrics},
	}
	for i, route := range routes {
		// A file's name may have slashes, encoded or not.
		routes[i].pattern = strings.Replace(route.Path, "/files/{name}", "/files/{name...}", 1)
	}
	return routes
}

// Routes are what is served, in the order of the document.
func (a *API) Routes() []Route { return a.routes }

// ServeHTTP finds the route. What http.ServeMux would answer itself, in plain text, is told as a problem; a path that it would
// redirect to a tidier one is no path of ours.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != path.Clean(r.URL.Path) || r.Method == http.MethodConnect {
		problem.Write(w, nowhere(), "")
		return
	}
	handler, pattern := a.mux.Handler(r)
	if pattern != "" {
		a.mux.ServeHTTP(w, r) // which sets the values of the path
		return
	}
	said := &refusal{header: http.Header{}}
	handler.ServeHTTP(said, r)
	if allow := said.header.Get("Allow"); said.status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", allow)
		problem.Write(w, problem.New(problem.MethodNotAllowed, "allowed here: "+allow), "")
		return
	}
	problem.Write(w, nowhere(), "")
}

// refusal is what http.ServeMux says to what it has no route for.
type refusal struct {
	header http.Header
	status int
}

func (r *refusal) Header() http.Header         { return r.header }
func (r *refusal) WriteHeader(status int)      { r.status = status }
func (r *refusal) Write(p []byte) (int, error) { return len(p), nil }

func nowhere() *problem.Problem {
	return problem.New(problem.NotFound, "nothing is served under this path")
}

// serve answers one route: who asks, may he, the work, and what went wrong.
func (a *API) serve(route Route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		if !route.stream {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, workTime)
			defer cancel()
			r = r.WithContext(ctx)
		}
		by, err := a.admit(r, route)
		if err == nil {
			if by.Name != "" {
				console.Tell(r, by.Name)
				trace.Annotate(ctx, "asked_by", by.Name)
			}
			r.Body = http.MaxBytesReader(w, r.Body, MaxBody)
			err = route.handle(w, r, by)
		}
		if err != nil {
			problem.Write(w, a.problem(r, err), trace.ID(ctx))
		}
	}
}

// problem is what the caller is told of an error. What is not the caller's is for the log alone.
func (a *API) problem(r *http.Request, err error) *problem.Problem {
	if p := problem.Of(err); p != nil {
		return p
	}
	var large *http.MaxBytesError
	var gone *ledger.UnreachableError
	switch {
	case errors.As(err, &large):
		return problem.New(problem.TooLarge, "a body has at most 65,536 bytes")
	case errors.Is(err, context.Canceled) && r.Context().Err() != nil:
		return problem.New(problem.Unavailable, "the request was given up") // nobody reads it
	}
	a.cfg.Logger.ErrorContext(r.Context(), "request not answered", "method", r.Method, "error", err)
	if errors.As(err, &gone) || passing(err) {
		p := problem.New(problem.Unavailable, "what is needed does not answer; ask again")
		p.RetryAfter = 5
		return p
	}
	return problem.New(problem.Internal, "what happened is in the log")
}
