package api_test

import (
	"net/http"
	"testing"
	"testing/fstest"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

// shops is a report for all tenants that its query finds.
var shops = fstest.MapFS{
	"shops/report.yaml": {Data: []byte(`name: shops
title: What the shops sold
timezone: Europe/Prague
currency: CZK
tenants: tenants.sql
extract:
  sales: {sql: sales.sql, key: [id]}
generate:
  datasets: {summary: summary.sql}
  formats: [json]
`)},
	"shops/tenants.sql": {Data: []byte("SELECT name FROM public.shops ORDER BY name")},
	"shops/sales.sql":   {Data: []byte("SELECT id, amount FROM public.sales WHERE shop = @tenant AND sold_at >= @period_start")},
	"shops/summary.sql": {Data: []byte("SELECT sum(amount) AS amount FROM sales")},
}

// Asked for without a tenant, a report is asked for each of its tenants; what failed is asked for again alone.
func TestTenants(t *testing.T) {
	w := newWorld(t, options{})
	ask := call{method: "POST", path: "/api/runs", token: w.trigger, body: `{"report": "shops", "period": "2026-03"}`}
	var got asked
	w.wants(http.StatusAccepted, ask).into(t, &got)
	state, err := w.books.FanOut(t.Context(), ledger.FanOut{RequestID: got.RequestID, Job: report.Job{Report: "shops", Period: "2026-03", RequestedBy: "erp"},
		Period: march, Tenants: []string{"alpha", "beta"}})
	if err != nil || state != ledger.FanoutOpen {
		t.Fatalf("got %q, %v", state, err)
	}
	var again asked
	if w.wants(http.StatusOK, ask).into(t, &again); again.Status != "already_running" || again.RequestID != got.RequestID {
		t.Errorf("got %+v while it goes on", again)
	}
	path := "/api/runs/" + got.RequestID
	w.wants(http.StatusConflict, call{method: "POST", path: path + "/retry", token: w.trigger})
	children, err := w.books.Children(t.Context(), got.RequestID, ledger.ChildFilter{})
	if err != nil || len(children) != 2 {
		t.Fatalf("got %+v, %v", children, err)
	}
	for i, child := range children {
		answer, err := w.books.Claim(t.Context(), ledger.Ask{RequestID: child.RequestID, Key: report.Key{Report: "shops", Tenant: child.Tenant, Period: march}})
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			w.publish(answer.Claim, map[string]string{"report.json": "{}"})
		} else {
			w.end(answer.Claim, report.DataFailed)
		}
	}
	if _, err := w.books.CloseFanouts(t.Context()); err != nil {
		t.Fatal(err)
	}
	var shown struct {
		Request map[string]any
		Tenants struct {
			State       string
			Total, Done int
			Failed      []map[string]any
		}
	}
	w.wants(http.StatusOK, call{method: "GET", path: path, token: w.read}).into(t, &shown)
	if shown.Tenants.State != "partial" || shown.Tenants.Total != 2 || shown.Tenants.Done != 1 || len(shown.Tenants.Failed) != 1 ||
		shown.Tenants.Failed[0]["tenant"] != "beta" || shown.Request["status"] != "data_failed" {
		t.Errorf("shown %+v", shown)
	}
	w.wants(http.StatusNotFound, call{method: "GET", path: path, token: w.alpha}) // it reaches one of them only
	w.wants(http.StatusAccepted, call{method: "POST", path: path + "/retry", token: w.trigger})
	w.wants(http.StatusConflict, call{method: "POST", path: path + "/retry", token: w.trigger})
	w.wants(http.StatusOK, call{method: "GET", path: path, token: w.read}).into(t, &shown)
	if shown.Tenants.State != "open" {
		t.Errorf("shown %+v", shown)
	}
	w.wants(http.StatusOK, call{method: "POST", path: path + "/cancel", token: w.admin})
}
