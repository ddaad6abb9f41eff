package api

import (
	"errors"
	"net/http"

	"github.com/monthend/monthend/console/problem"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/trace"
)

// cancelled is what became of asking for an end.
type cancelled struct {
	Status    string `json:"status"` // cancelled, or asked: its worker ends it within seconds
	RunID     string `json:"run_id,omitempty"`
	RequestID string `json:"request_id,omitempty"`
}

func (a *API) cancel(w http.ResponseWriter, r *http.Request, by ledger.Token) error {
	if err := errors.Join(readQuery(r, nil), readBody(r, false, nil)); err != nil {
		return err
	}
	ctx := r.Context()
	f, err := a.find(ctx, r, by)
	if err != nil {
		return err
	}
	out := cancelled{}
	if f.run != nil {
		out.RunID = f.run.RunID
		trace.Annotate(ctx, "run_id", out.RunID)
	}
	var said ledger.CancelAnswer
	if f.request == nil && f.posted == nil {
		said, err = a.cfg.Ledger.Cancel(ctx, f.id, by.Name)
	} else {
		out.RequestID = f.id
		// Only what was posted here is known to be on its way.
		said, err = a.cfg.Ledger.CancelRequest(ctx, f.id, by.Name, f.posted != nil)
	}
	switch {
	case err != nil:
		return err
	case said == ledger.CancelLate:
		return problem.New(problem.Conflict, "it had ended before")
	case said == ledger.CancelAsked:
		out.Status = string(said)
		return answer(w, http.StatusAccepted, out)
	}
	out.Status = string(said)
	return answer(w, http.StatusOK, out)
}
