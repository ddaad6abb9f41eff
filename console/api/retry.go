package api

import (
	"errors"
	"net/http"

	"github.com/monthend/monthend/console/problem"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

// retry asks for a run once more: it keeps its id and what it was asked for.
func (a *API) retry(w http.ResponseWriter, r *http.Request, by ledger.Token) error {
	if err := errors.Join(readQuery(r, nil), readBody(r, false, nil)); err != nil {
		return err
	}
	f, err := a.find(r.Context(), r, by)
	switch {
	case err != nil:
		return err
	case f.parent != nil:
		return a.retryParent(w, r, by, *f.parent)
	case f.run == nil && f.request != nil && f.request.Outcome != "":
		return problem.New(problem.Conflict, "the request ended before it was a run; ask for the month anew")
	case f.run == nil:
		return problem.New(problem.Conflict, "the request is not a run yet; there is nothing to attempt again")
	}
	return a.post(w, r, by, report.Job{
		Report: f.run.Key.Report, Period: f.run.Key.Period.String(), Tenant: f.run.Key.Tenant,
		Restate: f.run.Restate, Reason: f.run.Reason, RequestedBy: by.Name, Retry: f.run.RunID,
	})
}
