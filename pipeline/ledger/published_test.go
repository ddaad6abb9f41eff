package ledger_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

func TestPublished(t *testing.T) {
	b := setup(t)
	key := func(name, tenant string, month time.Month) report.Key {
		return report.Key{Report: name, Tenant: tenant, Period: report.Period{Year: 2026, Month: month}}
	}
	all := []report.Key{key("a", "", 1), key("a", "", 2), key("a", "T", 1), key("a", "t", 1), key("b", "", 1)}
	for _, k := range all {
		ask := b.ask()
		ask.Key = k
		mustPublish(t, b.Store, mustClaim(t, b.Store, ask))
	}
	unpublished := b.ask()
	unpublished.Key = key("c", "", 1)
	mustClaim(t, b.Store, unpublished)

	for _, test := range []struct {
		name   string
		filter ledger.Filter
		want   []report.Key
	}{
		{"all", ledger.Filter{}, all},
		{"by pages", ledger.Filter{Limit: 2}, all},
		{"report", ledger.Filter{Report: "a", Limit: 3}, all[:4]},
		{"tenant", ledger.Filter{Tenant: "t"}, all[3:4]},
		{"period", ledger.Filter{Period: report.Period{Year: 2026, Month: 2}}, all[1:2]},
		{"unpublished", ledger.Filter{Report: "c"}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []report.Key
			var after report.Key
			for {
				page, err := b.Published(t.Context(), test.filter, after)
				if err != nil {
					t.Fatal(err)
				}
				if len(page) == 0 {
					break
				}
				if test.filter.Limit > 0 && len(page) > test.filter.Limit {
					t.Errorf("got %d keys in a page of %d", len(page), test.filter.Limit)
				}
				got, after = append(got, page...), page[len(page)-1]
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("keys (-want +got):\n%s", diff)
			}
		})
	}
}
