package report_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/report"
)

const delivered = `approve: true
deliver:
  - {directory: "s3://Finance-Shared/reports/", formats: [json]}
  - {directory: "file:///srv/reports"}
  - webhook: {url: "HTTPS://Hooks.Example.com/Month?team=finance", secret_env: MONTHEND_WEBHOOK_FINANCE}
  - webhook: {url: "http://127.0.0.1:8080", secret_env: MONTHEND_WEBHOOK_FINANCE}
  - email: {to: [cfo@Example.com, Board@example.com]}
`

func TestLoadDeliver(t *testing.T) {
	files := wholeFolder()
	files["sales/report.yaml"].Data = []byte(wholeDefinition + delivered)
	got, err := report.Load(files, "sales")
	if err != nil {
		t.Fatal(err)
	}
	want := []report.Delivery{
		{Directory: "s3://finance-shared/reports", Formats: []string{"json"}},
		{Directory: "file:///srv/reports"},
		{Webhook: &report.Webhook{URL: "https://hooks.example.com/Month?team=finance", SecretEnv: "MONTHEND_WEBHOOK_FINANCE"}},
		{Webhook: &report.Webhook{URL: "http://127.0.0.1:8080/", SecretEnv: "MONTHEND_WEBHOOK_FINANCE"}},
		{Email: &report.Email{To: "cfo@example.com"}},
		{Email: &report.Email{To: "Board@example.com"}},
	}
	if diff := cmp.Diff(want, got.Deliver); diff != "" || !got.Approve {
		t.Errorf("got approve %t, deliver (-want +got):\n%s", got.Approve, diff)
	}
}

// What the ledger keeps names the variable of a secret and nothing that is one.
func TestDeliveryJSON(t *testing.T) {
	for _, d := range []report.Delivery{
		{Directory: "s3://bucket/x", Formats: []string{"pdf"}},
		{Webhook: &report.Webhook{URL: "https://a.example.com/", SecretEnv: "MONTHEND_WEBHOOK_A"}},
		{Email: &report.Email{To: "a@example.com"}},
	} {
		data, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		var got report.Delivery
		if err := json.Unmarshal(data, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(d, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", data, diff)
		}
		if kind, _, _ := strings.Cut(d.Target(), " "); kind != d.Kind() {
			t.Errorf("target %q does not begin with %q", d.Target(), d.Kind())
		}
	}
}

// The key is a promise to those who get deliveries: it never changes between two builds.
func TestIdempotencyKey(t *testing.T) {
	hook := report.Delivery{Webhook: &report.Webhook{URL: "https://a.example.com/", SecretEnv: "MONTHEND_WEBHOOK_A"}}
	const name = "monthly-financials/_/2026-03/v1"
	got := hook.IdempotencyKey(name)
	// printf 'webhook https://a.example.com/\nmonthly-financials/_/2026-03/v1' | sha256sum
	if want := "e00bf56482e98892444430003f34e481f903e5d746087e5c24ecc5fafc9fb626"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	turned := hook
	turned.Webhook = &report.Webhook{URL: hook.Webhook.URL, SecretEnv: "MONTHEND_WEBHOOK_B"}
	turned.Formats = []string{"pdf"}
	if turned.IdempotencyKey(name) != got {
		t.Error("another secret or format makes another recipient")
	}
	if hook.IdempotencyKey("monthly-financials/_/2026-03/v2") == got {
		t.Error("another version has the same key")
	}
}
