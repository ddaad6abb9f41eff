package api

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/monthend/monthend/console/problem"
	"github.com/monthend/monthend/pipeline/ledger"
)

// The words of a check.
const (
	fine   = "ok"
	failed = "failed"
)

const (
	readyFor  = time.Second     // how long an answer of readyz is given again
	readyTime = 5 * time.Second // that a check may take
)

// health is what probes are told.
type health struct {
	Status string            `json:"status"`
	Checks map[string]string `json:"checks,omitempty"`
}

// healthz tells that the process answers, and nothing else: what it stands on coming back needs no restart of it.
func (a *API) healthz(w http.ResponseWriter, r *http.Request, _ ledger.Token) error {
	return answer(w, http.StatusOK, health{Status: fine})
}

// readiness is what the checks last said: probes, however many, ask each of them once a second.
type readiness struct {
	mu     sync.Mutex
	at     time.Time
	checks map[string]string
	ready  bool
}

func (a *API) readyz(w http.ResponseWriter, r *http.Request, _ ledger.Token) error {
	checks, ready := a.check(r.Context())
	if !ready {
		return &problem.Problem{Kind: problem.Unavailable, Detail: "not everything that is needed answers", Checks: checks, RetryAfter: 1}
	}
	return answer(w, http.StatusOK, health{Status: fine, Checks: checks})
}

func (a *API) check(ctx context.Context) (map[string]string, bool) {
	a.ready.mu.Lock()
	defer a.ready.mu.Unlock()
	if !a.ready.at.IsZero() && time.Since(a.ready.at) < readyFor {
		return a.ready.checks, a.ready.ready
	}
	// Whoever asked may go away meanwhile; the answer is for the others too.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readyTime)
	defer cancel()
	results := make([]error, len(a.cfg.Checks))
	var asking sync.WaitGroup
	for i, c := range a.cfg.Checks {
		asking.Go(func() { results[i] = c.Ask(ctx) })
	}
	asking.Wait()
	a.ready.checks, a.ready.ready, a.ready.at = map[string]string{}, true, time.Now()
	for i, c := range a.cfg.Checks {
		a.ready.checks[c.Name] = fine
		if results[i] != nil {
			a.ready.checks[c.Name], a.ready.ready = failed, false
			a.cfg.Logger.WarnContext(ctx, "not ready", "check", c.Name, "error", results[i])
		}
	}
	return a.ready.checks, a.ready.ready
}

// metrics are of all reports and tenants, so a token that reaches only some does not see them.
func (a *API) metrics(w http.ResponseWriter, r *http.Request, by ledger.Token) error {
	if a.cfg.Metrics == nil {
		return nowhere()
	}
	if len(by.Reports) > 0 || len(by.Tenants) > 0 {
		return problem.New(problem.Forbidden, "a token for some reports or tenants does not reach the figures of all")
	}
	a.cfg.Metrics.ServeHTTP(w, r)
	return nil
}
