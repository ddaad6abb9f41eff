package api

import (
	"context"
	"net/http"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

// shown is what there is under an id.
type shown struct {
	Request *request  `json:"request,omitempty"`
	Tenants *tenants  `json:"tenants,omitempty"` // of a request for all of them
	Run     *wholeRun `json:"run,omitempty"`
}

// wholeRun is a run with all that belongs to it.
type wholeRun struct {
	run
	Attempts []attempt `json:"attempts"`
	Files    []file    `json:"files"`
}

func (a *API) show(w http.ResponseWriter, r *http.Request, by ledger.Token) error {
	if err := readQuery(r, nil); err != nil {
		return err
	}
	f, err := a.find(r.Context(), r, by)
	if err != nil {
		return err
	}
	whole, err := a.whole(r.Context(), f)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, whole)
}

func (a *API) whole(ctx context.Context, f found) (shown, error) {
	var out shown
	switch {
	case f.request != nil:
		asked := newRequest(*f.request, f.run)
		if asked.Report == "" && f.posted != nil {
			asked.Report, asked.Tenant, asked.Period = f.key.Report, f.key.Tenant, period(f.key.Period)
		}
		out.Request = &asked
	case f.posted != nil:
		out.Request = &request{RequestID: f.id, Status: queued, Report: f.key.Report, Tenant: f.key.Tenant, Period: period(f.key.Period), CreatedAt: f.postedAt}
		if job, err := report.DecodeJob(f.posted.Body); err == nil {
			out.Request.Restate, out.Request.Reason = job.Restate, job.Reason
			out.Request.RequestedBy, out.Request.Schedule = job.RequestedBy, job.Schedule
		}
	}
	if f.parent != nil {
		all, err := a.tenantsOf(ctx, *f.parent)
		out.Tenants = all
		return out, err
	}
	if f.run == nil {
		return out, nil
	}
	attempts, err := a.cfg.Ledger.Attempts(ctx, f.run.RunID)
	if err != nil {
		return out, err
	}
	whole := &wholeRun{run: newRun(*f.run), Attempts: make([]attempt, len(attempts))}
	for i, t := range attempts {
		whole.Attempts[i] = newAttempt(t)
	}
	version, err := a.versionOf(ctx, *f.run)
	if err != nil {
		return out, err
	}
	whole.Files, err = a.filesOf(version)
	out.Run = whole
	return out, err
}

// period is a period on the wire; a message for the previous month has none yet.
func period(p report.Period) string {
	if p.IsZero() {
		return ""
	}
	return p.String()
}
