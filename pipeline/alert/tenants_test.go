package alert_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

// fanOut asks for March of all tenants and has the runs end as told; "" is not begun.
func (w *world) fanOut(parent string, outcomes map[string]report.Outcome) {
	w.t.Helper()
	month := report.Period{Year: 2026, Month: time.March}
	_, err := w.ledger.FanOut(w.t.Context(), ledger.FanOut{RequestID: parent, Job: report.Job{Report: "sales"}, Period: month,
		TraceID: "1-69b2a3c4-0123456789abcdef01234567", Tenants: slices.Sorted(maps.Keys(outcomes))})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, tenant := range slices.Sorted(maps.Keys(outcomes)) {
		if outcomes[tenant] == "" {
			continue
		}
		answer, err := w.ledger.Claim(w.t.Context(), ledger.Ask{RequestID: ledger.ChildID(parent, tenant, 1),
			Key: report.Key{Report: "sales", Period: month, Tenant: tenant}})
		if err != nil || answer.Kind != ledger.Claimed {
			w.t.Fatalf("claim: %+v, %v", answer, err)
		}
		w.end(answer.Claim, outcomes[tenant], tenant+" is broken")
	}
}

// closeAll closes the parents whose tenants have ended.
func (w *world) closeAll() {
	w.t.Helper()
	if _, err := w.ledger.CloseFanouts(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// What goes wrong with tenants of one asking is one alert a kind, when the last has ended; one of them alone is told as any run is.
func TestTenantsAreToldTogether(t *testing.T) {
	w := newWorld(t, report.AlertFailed, report.AlertDataFailed)
	outcomes := map[string]report.Outcome{"anna": report.DataFailed, "bert": report.Unchanged}
	for i := range 7 {
		outcomes[fmt.Sprintf("shop-%d", i)] = report.Failed
	}
	w.fanOut("parent", outcomes)
	if got := w.round(); len(got) != 0 {
		t.Fatalf("told before the parent is closed: %+v", got)
	}
	w.closeAll()
	got := w.round()
	if len(got) != 2 {
		t.Fatalf("got %d alerts, want one a kind: %+v", len(got), got)
	}
	slices.SortFunc(got, func(a, b told) int { return strings.Compare(a.body["event"].(string), b.body["event"].(string)) })
	alone, many := got[0].body, got[1].body
	if alone["title"] != "sales 2026-03 anna: the data failed its checks" || alone["tenant"] != "anna" || alone["run_id"] == nil || alone["tenants"] != nil {
		t.Errorf("got %+v, want what is told of any run", alone)
	}
	first := many["tenants"].(map[string]any)["first"].([]any)
	for i, one := range first {
		one := one.(map[string]any)
		if one["run_id"] == nil || many["condition"] != "failed/parent/"+one["run_id"].(string) && i == 0 {
			t.Errorf("got %+v in %v, want its run, and the first in the condition", one, many["condition"])
		}
		delete(one, "run_id")
	}
	delete(many, "at")
	delete(many, "condition")
	names := []any{}
	for i := range 5 {
		name := fmt.Sprintf("shop-%d", i)
		names = append(names, map[string]any{"tenant": name, "error": name + " is broken"})
	}
	want := map[string]any{"schema": 1.0, "event": "failed", "title": "sales 2026-03: the run failed, 7 of 9 tenants", "report": "sales",
		"report_title": "Sales", "tenant": "", "period": "2026-03", "error": "shop-0 is broken", "request_id": "parent",
		"trace_id": "1-69b2a3c4-0123456789abcdef01234567", "look": "monthend runs show parent", "rerun": "monthend runs retry parent",
		"tenants": map[string]any{"count": 7.0, "of": 9.0, "first": names}}
	if diff := cmp.Diff(want, many); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	if again := w.round(); len(again) != 0 {
		t.Errorf("told again: %+v", again)
	}
}

// A parent that stays open for long holds nothing back for longer than a quarter of an hour, and what comes after that is told apart,
// however many alerters look.
func TestTenantsOfALongParent(t *testing.T) {
	w := newWorld(t, report.AlertFailed)
	w.fanOut("parent", map[string]report.Outcome{"anna": report.Failed, "bert": report.Failed, "cleo": ""})
	w.exec(`UPDATE monthend.conditions SET next_at = next_at - interval '14 minutes'`)
	if got := w.round(); len(got) != 0 {
		t.Fatalf("told too early: %+v", got)
	}
	w.exec(`UPDATE monthend.conditions SET next_at = next_at - interval '2 minutes' WHERE tenant = 'anna'`)
	var all sync.WaitGroup
	for range 4 {
		a := w.alerter()
		all.Go(func() {
			if err := a.Round(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	got := w.round()
	if len(got) != 1 || got[0].body["title"] != "sales 2026-03: the run failed, 2 of 3 tenants" {
		t.Fatalf("got %+v, want both in one alert", got)
	}
	key := report.Key{Report: "sales", Period: report.Period{Year: 2026, Month: time.March}, Tenant: "cleo"}
	if _, err := w.ledger.Refuse(t.Context(), ledger.Refusal{RequestID: ledger.ChildID("parent", "cleo", 1), Report: key.Report, Tenant: key.Tenant,
		Period: key.Period.String(), Reason: "no such column"}); err != nil {
		t.Fatal(err)
	}
	w.closeAll()
	if got := w.round(); len(got) != 1 || got[0].body["tenant"] != "cleo" {
		t.Errorf("got %+v, want the third alone", got)
	}
}
