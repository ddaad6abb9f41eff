package ledger_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

func TestRuns(t *testing.T) {
	b := setup(t)
	var ids []string
	for _, key := range []report.Key{
		march, {Report: march.Report, Period: march.Period.Add(-1)}, {Report: march.Report, Period: march.Period, Tenant: "acme"},
		{Report: "bank-month", Period: march.Period},
	} {
		ask := b.ask()
		ask.Key = key
		ids = append(ids, mustClaim(t, b.Store, ask).RunID)
	}
	for name, test := range map[string]struct {
		filter ledger.Filter
		want   []string
	}{
		"all, newest first": {ledger.Filter{}, []string{ids[3], ids[2], ids[1], ids[0]}},
		"limit":             {ledger.Filter{Limit: 2}, []string{ids[3], ids[2]}},
		"report":            {ledger.Filter{Report: "bank-month"}, []string{ids[3]}},
		"period":            {ledger.Filter{Period: march.Period.Add(-1)}, []string{ids[1]}},
		"tenant":            {ledger.Filter{Tenant: "acme"}, []string{ids[2]}},
		"none":              {ledger.Filter{Report: "bank-month", Tenant: "acme"}, nil},
	} {
		runs, err := b.Runs(t.Context(), test.filter)
		var got []string
		for _, run := range runs {
			got = append(got, run.RunID)
		}
		if err != nil || !cmp.Equal(got, test.want, cmpopts.EquateEmpty()) {
			t.Errorf("%s: got %v, %v; want %v", name, got, err, test.want)
		}
	}
}

func TestUnended(t *testing.T) {
	b := setup(t)
	if run, ok, err := b.Unended(t.Context(), march); ok || err != nil {
		t.Errorf("got %+v, %v; want none", run, err)
	}
	c := mustClaim(t, b.Store, b.ask())
	if run, ok, err := b.Unended(t.Context(), march); !ok || err != nil || run.RunID != c.RunID {
		t.Errorf("got %+v, %v; want run %s", run, err, c.RunID)
	}
}

func TestNotFound(t *testing.T) {
	b := setup(t)
	if _, err := b.Run(t.Context(), "run_unheard_of"); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
	if _, err := b.Request(t.Context(), "unheard of"); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
}
