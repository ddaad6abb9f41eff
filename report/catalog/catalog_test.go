package catalog_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/report/catalog"
)

func TestShippedDefinitionsAreWhole(t *testing.T) {
	c, err := report.NewCatalog(catalog.FS)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"bank-reconciliation", "monthly-financials"}, c.Names()); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	for _, listing := range c.List() {
		if listing.Err != nil {
			t.Errorf("%s: %v", listing.Name, listing.Err)
		}
	}
}

func TestMonthlyFinancials(t *testing.T) {
	def, err := report.Load(catalog.FS, "monthly-financials")
	if err != nil {
		t.Fatal(err)
	}
	want := report.Gate{Of: "transactions", Rejected: "0.02"}
	if diff := cmp.Diff(want, def.Gate); diff != "" {
		t.Errorf("gate (-want +got):\n%s", diff)
	}
	var severities []string
	for _, r := range def.Rules {
		severities = append(severities, r.Name+" "+string(r.Severity))
	}
	if diff := cmp.Diff([]string{
		"amount-present reject", "known-account reject", "unique-id reject", "known-currency reject",
		"counterparty-named warn", "fresh warn", "volume warn", "control-total fail", "control-count fail",
	}, severities); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
}
