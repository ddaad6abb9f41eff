package report_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/report"
)

func TestLoadAlerts(t *testing.T) {
	const alerts = `slow_after: 10m
schedule: {every: month, on: 3rd business day, at: "06:00"}
due_by: {on: 5th business day, at: "12:00"}
alerts:
  - {webhook: {url: "https://Hooks.example.com/finance", secret_env: MONTHEND_WEBHOOK_FINANCE}}
  - {email: {to: [ops@example.com, cfo@example.com]}, on: [overdue, failed]}
`
	files := wholeFolder()
	files["sales/report.yaml"].Data = []byte(wholeDefinition + alerts)
	got, err := report.Load(files, "sales")
	if err != nil {
		t.Fatal(err)
	}
	some := []report.AlertKind{report.AlertFailed, report.AlertOverdue}
	want := []report.Alert{
		{To: report.Delivery{Webhook: &report.Webhook{URL: "https://hooks.example.com/finance", SecretEnv: "MONTHEND_WEBHOOK_FINANCE"}}, On: report.AlertKinds},
		{To: report.Delivery{Email: &report.Email{To: "ops@example.com"}}, On: some},
		{To: report.Delivery{Email: &report.Email{To: "cfo@example.com"}}, On: some},
	}
	if diff := cmp.Diff(want, got.Alerts); diff != "" {
		t.Errorf("alerts (-want +got):\n%s", diff)
	}
}
