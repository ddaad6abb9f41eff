package api

import (
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

// Sizes of a page of runs.
const (
	defaultPage = 50
	maxPage     = 200
)

// unended picks the runs that have no outcome yet.
const unended = "unended"

// outcomes are those that a run can have.
var outcomes = []report.Outcome{report.Published, report.Unchanged, report.DataFailed, report.Failed, report.Cancelled}

// runs is one page.
type runs struct {
	Runs []run  `json:"runs"`
	Next string `json:"next,omitempty"` // the cursor of the next page, if there is one
}

func (a *API) list(w http.ResponseWriter, r *http.Request, by ledger.Token) error {
	page := ledger.Page{Reports: by.Reports, Tenants: by.Tenants, Limit: defaultPage}
	none := false // what is asked for lies outside of what the token reaches
	pick := func(valid func(string) bool, reach *[]string, what string) func(string) error {
		return func(value string) error {
			if !valid(value) {
				return errors.New(what)
			}
			if value == report.NoTenant {
				value = ""
			}
			none = none || len(*reach) > 0 && !slices.Contains(*reach, value)
			*reach = []string{value}
			return nil
		}
	}
	err := readQuery(r, map[string]func(string) error{
		"report": pick(report.ValidName, &page.Reports, "not the name of a report"),
		"tenant": pick(validTenant, &page.Tenants, "not a tenant, nor _ for none"),
		"period": func(value string) (err error) {
			page.Period, err = report.ParsePeriod(value)
			return plain(err, "not of the form YYYY-MM")
		},
		"outcome": func(value string) error {
			page.Outcome, page.Unended = report.Outcome(value), value == unended
			if !page.Unended && !slices.Contains(outcomes, page.Outcome) {
				return errors.New("not published, unchanged, data_failed, failed, cancelled or unended")
			}
			return nil
		},
		"limit": func(value string) (err error) {
			page.Limit, err = strconv.Atoi(value)
			if err != nil || page.Limit < 1 || page.Limit > maxPage {
				return errors.New("not a number from 1 to 200")
			}
			return nil
		},
		"cursor": func(value string) (err error) {
			var ok bool
			if page.After, ok = readCursor(value); !ok {
				return errors.New("not what next has said")
			}
			return nil
		},
	})
	if err != nil {
		return err
	}
	out := runs{Runs: []run{}}
	if none {
		return answer(w, http.StatusOK, out)
	}
	size := page.Limit
	page.Limit++ // one more tells whether there is a next page
	found, err := a.cfg.Ledger.RunPage(r.Context(), page)
	if err != nil {
		return err
	}
	if len(found) > size {
		found = found[:size]
		out.Next = cursor(found[size-1].Place())
	}
	for _, f := range found {
		out.Runs = append(out.Runs, newRun(f))
	}
	return answer(w, http.StatusOK, out)
}

func validTenant(s string) bool { return s == report.NoTenant || report.ValidTenant(s) }

// plain says text in place of what an error says.
func plain(err error, text string) error {
	if err == nil {
		return nil
	}
	return errors.New(text)
}
