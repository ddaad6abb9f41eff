package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/monthend/monthend/console/problem"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

func (a *API) ask(w http.ResponseWriter, r *http.Request, by ledger.Token) error {
	if err := readQuery(r, nil); err != nil {
		return err
	}
	job := report.Job{RequestedBy: by.Name}
	var month, year int
	err := readBody(r, true, map[string]any{
		"report": &job.Report, "period": &job.Period, "month": &month, "year": &year, "tenant": &job.Tenant,
		"restate": &job.Restate, "reason": &job.Reason, "retry": &job.Retry,
	})
	if err != nil {
		return err
	}
	if err := spell(&job, month, year); err != nil {
		return err
	}
	if field, err := job.Check(); err != nil {
		return problem.Wrong(field, err.Error())
	}
	if !by.Covers(job.Report, job.Tenant) {
		return problem.New(problem.Forbidden, "the token does not reach this report and tenant")
	}
	return a.post(w, r, by, job)
}

// spell makes the period of a month and a year: one of the two forms is needed, and both could contradict each other.
func spell(job *report.Job, month, year int) error {
	switch {
	case job.Report == "":
		return problem.Wrong("report", "it is missing")
	case job.Period == report.PreviousMonthName:
		return problem.Wrong("period", "only a schedule knows which month is the previous one; want YYYY-MM")
	case job.Period != "" && (month != 0 || year != 0):
		return problem.Wrong("period", "given beside month and year; want one of them")
	case job.Period != "":
		return nil
	case month == 0 || year == 0:
		return problem.Wrong("period", "it is missing; want YYYY-MM, or month and year")
	}
	period, err := report.NewPeriod(year, month)
	if err != nil {
		return problem.Wrong("period", err.Error())
	}
	job.Period = period.String()
	return nil
}

// canBe refuses what no worker could run: a report that is not there, a month that has not ended.
func (a *API) canBe(ctx context.Context, job report.Job) error {
	def, err := a.cfg.Catalog.Get(job.Report)
	var unknown *report.UnknownReportError
	switch {
	case errors.As(err, &unknown):
		return problem.Wrong("report", fmt.Sprintf("no report is called %q", clip(job.Report)))
	case err != nil:
		return problem.New(problem.Conflict, "the definition of the report has mistakes: monthend reports check")
	}
	period, err := report.ParsePeriod(job.Period)
	if err != nil {
		return problem.Wrong("period", err.Error())
	}
	now, err := a.cfg.Ledger.Now(ctx) // the clock that workers go by
	if err != nil {
		return err
	}
	if _, end := period.Bounds(def.Location); end.Sub(now) > report.AskAhead {
		return problem.Wrong("period", fmt.Sprintf("the month has not ended: it does at %s", end.Format(time.RFC3339)))
	}
	return nil
}

// inTheWay is what makes a new request needless, in one word, and the run that it is about.
func (a *API) inTheWay(ctx context.Context, job report.Job, period report.Period) (word string, run ledger.Run, err error) {
	key := report.Key{Report: job.Report, Period: period, Tenant: job.Tenant}
	if job.Retry != "" {
		run, err = a.cfg.Ledger.Run(ctx, job.Retry)
		switch {
		case errors.Is(err, ledger.ErrNotFound):
			return "", run, problem.Wrong("retry", "there is no run of this id")
		case err != nil:
			return "", run, err
		case run.Key != key:
			return "", run, problem.Wrong("retry", "the run is not one of this report, period and tenant")
		case run.Outcome == report.Published, run.Outcome == report.Unchanged:
			return "", run, problem.New(problem.Conflict, "the run is done and cannot be attempted again: "+string(run.Outcome))
		case run.Running:
			return alreadyRunning, run, nil
		case run.Outcome == "":
			return "", run, nil // nobody works on it: its own message, or this one, whichever comes first
		}
		job.Restate = job.Restate || run.Restate
	}
	if job.Restate {
		return "", run, nil
	}
	current, ok, err := a.cfg.Ledger.Current(ctx, key)
	if err != nil {
		return "", run, err
	}
	if ok {
		run, err = a.cfg.Ledger.Run(ctx, current.RunID)
		return alreadyPublished, run, err
	}
	run, ok, err = a.cfg.Ledger.Unended(ctx, key)
	if ok && !run.CancelAsked { // whose end is asked for is waited for, and not joined
		word = alreadyRunning
	}
	return word, run, err
}
