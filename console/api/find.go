package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/monthend/monthend/console/problem"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

// maxID is how long the id of a run or a request may be.
const maxID = 128

// found is what an id stands for: a run, or a request and the run that it led to, if it did.
type found struct {
	id       string
	key      report.Key
	run      *ledger.Run
	request  *ledger.Request
	parent   *ledger.Fanout  // of a request for all tenants
	posted   *ledger.Posting // it waits to be sent, or is on its way; no worker has met it
	postedAt time.Time
}

// find looks for a run, then for a request that a worker has met, then for one that is on its way. What the token does not
// reach is not there.
func (a *API) find(ctx context.Context, r *http.Request, by ledger.Token) (found, error) {
	f := found{id: r.PathValue("id")}
	unknown := problem.New(problem.NotFound, "there is no run and no request of this id")
	if !visible(f.id, maxID) {
		return f, unknown
	}
	for _, look := range []func(context.Context, *found) error{a.findRun, a.findRequest, a.findPosted} {
		err := look(ctx, &f)
		if errors.Is(err, ledger.ErrNotFound) {
			continue
		}
		if err != nil {
			return f, err
		}
		if !by.Covers(f.key.Report, f.key.Tenant) {
			return f, unknown
		}
		return f, nil
	}
	return f, unknown
}

func (a *API) findRun(ctx context.Context, f *found) error {
	run, err := a.cfg.Ledger.Run(ctx, f.id)
	if err == nil {
		f.run, f.key = &run, run.Key
	}
	return err
}

func (a *API) findRequest(ctx context.Context, f *found) error {
	request, err := a.cfg.Ledger.Request(ctx, f.id)
	if err != nil {
		return err
	}
	f.request = &request
	f.key = report.Key{Report: request.Report, Tenant: request.Tenant}
	if request.Report == "" { // cancelled before a worker met it: only its message says what it was about
		if err := a.findPosted(ctx, f); err != nil && !errors.Is(err, ledger.ErrNotFound) {
			return err
		}
	}
	if request.RunID == "" {
		parent, err := a.cfg.Ledger.Fanout(ctx, f.id)
		if errors.Is(err, ledger.ErrNotFound) {
			return nil
		}
		f.parent = &parent
		return err
	}
	run, err := a.cfg.Ledger.Run(ctx, request.RunID)
	if err == nil {
		f.run, f.key = &run, run.Key
	}
	return err
}

func (a *API) findPosted(ctx context.Context, f *found) error {
	posting, at, err := a.cfg.Ledger.Posted(ctx, f.id)
	if err == nil {
		f.posted, f.postedAt, f.key = &posting, at, posting.Key
	}
	return err
}
