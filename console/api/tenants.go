package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/monthend/monthend/console/problem"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/trace"
)

// shownBad is how many tenants that ended badly are shown; the others are counted.
const shownBad = 100

// tenants is how far a request for all tenants of a report is.
type tenants struct {
	State    string         `json:"state"` // open, done, partial or failed
	Total    int            `json:"total"`
	Done     int            `json:"done"`     // those with a version to show
	Outcomes map[string]int `json:"outcomes"` // of those that have ended
	Rounds   int            `json:"rounds"`   // the asking, and each retry of what failed
	Failed   []child        `json:"failed"`
}

// child is one tenant that ended without a version.
type child struct {
	Tenant    string `json:"tenant"`
	Status    string `json:"status"`
	RequestID string `json:"request_id"`
	RunID     string `json:"run_id,omitempty"`
	Error     string `json:"error,omitempty"`
}

func (a *API) tenantsOf(ctx context.Context, f ledger.Fanout) (*tenants, error) {
	out := &tenants{State: string(f.State), Total: f.Tenants, Done: f.Good(), Outcomes: map[string]int{}, Rounds: f.Rounds, Failed: []child{}}
	for outcome, n := range f.Children {
		if outcome != "" {
			out.Outcomes[string(outcome)] = n
		}
	}
	bad, err := a.cfg.Ledger.Children(ctx, f.RequestID, ledger.ChildFilter{Bad: true, Limit: shownBad})
	for _, c := range bad {
		out.Failed = append(out.Failed, child{c.Tenant, string(c.Outcome), c.RequestID, c.RunID, c.Error})
	}
	return out, err
}

// forAll reports whether the job is one for all tenants of its report.
func (a *API) forAll(job report.Job) bool {
	d, err := a.cfg.Catalog.Get(job.Report)
	return err == nil && d.Tenants.SQL != "" && job.Tenant == "" && job.Retry == ""
}

// parentInTheWay is the request that asks for all tenants of a month already; "" for none. One that has ended is in nobody's way: who
// is published is not run again, and who came since is.
func (a *API) parentInTheWay(ctx context.Context, job report.Job, period report.Period) (string, error) {
	newest, err := a.cfg.Ledger.Fanouts(ctx, ledger.Filter{Report: job.Report, Period: period, Limit: 1})
	if err != nil || len(newest) == 0 || newest[0].State != ledger.FanoutOpen || newest[0].CancelAsked {
		return "", err
	}
	return newest[0].RequestID, nil
}

// retryParent asks once more for the tenants that ended badly. It needs no key: while they are asked for, they are not asked again.
func (a *API) retryParent(w http.ResponseWriter, r *http.Request, by ledger.Token, f ledger.Fanout) error {
	ctx := r.Context()
	trace.Annotate(ctx, "report", f.Report)
	trace.Annotate(ctx, "period", f.Period.String())
	trace.Annotate(ctx, "request_id", f.RequestID)
	n, err := a.cfg.Ledger.Again(ctx, f.RequestID, by.Name, trace.Header(ctx))
	switch {
	case errors.Is(err, ledger.ErrNotNextRound), err == nil && n == 0:
		return problem.New(problem.Conflict, "no tenant of the request has failed that is not asked for again already")
	case err != nil:
		return err
	}
	a.cfg.Posted()
	w.Header().Set("Location", "/api/runs/"+f.RequestID)
	return answer(w, http.StatusAccepted, asked{Status: posted, RequestID: f.RequestID, TraceID: trace.ID(ctx)})
}
