package deliver_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/pipeline/deliver"
	"github.com/monthend/monthend/report"
)

func hookTo(url string) report.Delivery {
	return report.Delivery{Webhook: &report.Webhook{URL: url, SecretEnv: secretEnv}}
}

func mailTo(address string) report.Delivery {
	return report.Delivery{Email: &report.Email{To: address}}
}

func TestAllow(t *testing.T) {
	allow, err := deliver.ParseAllow("file:///srv/reports/, s3://shared/finance,https://hooks.example.com/month,http://127.0.0.1:8080," +
		"mailto:@example.com,mailto:cfo@partner.example.org,")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []report.Delivery{
		{Directory: "file:///srv/reports"}, {Directory: "file:///srv/reports/a/b"}, {Directory: "s3://shared/finance/x"},
		hookTo("https://hooks.example.com/month"), hookTo("https://hooks.example.com/month/end?team=1"), hookTo("https://HOOKS.example.com:443/month/"),
		hookTo("http://127.0.0.1:8080/anything"), mailTo("anybody@example.com"), mailTo("CFO@partner.example.org"),
	} {
		if !allow.Permits(d) {
			t.Errorf("%s is not allowed", d.Target())
		}
	}
	for _, d := range []report.Delivery{
		{Directory: "file:///srv/reports2"}, {Directory: "file:///srv"}, {Directory: "s3://shared/finance2"}, {Directory: "s3://shared"}, {Directory: "s3://other/finance"},
		hookTo("https://hooks.example.com/monthly"), hookTo("https://hooks.example.com/"), hookTo("http://hooks.example.com/month"),
		hookTo("https://hooks.example.com:8443/month"), hookTo("https://hooks.example.com.evil.org/month"), hookTo("https://hooks.example.com/month/../year"),
		hookTo("https://hooks.example.com/month/%2e%2e/year"), hookTo("https://hooks.example.com/month/..%2fyear"), hookTo("http://127.0.0.1:8081/"),
		mailTo("anybody@example.org"), mailTo("x@sub.example.com"), mailTo("ceo@partner.example.org"), mailTo("evil@notexample.com"),
	} {
		if allow.Permits(d) {
			t.Errorf("%s is allowed", d.Target())
		}
	}
}

func TestParseAllow(t *testing.T) {
	for _, bad := range []string{
		"/srv/reports", "file:///", "file://host/x", "file:///srv/../etc", "s3://", "https://", "https://user:hunter2@host/", "http://hooks.example.com",
		"mailto:example.com", "mailto:*@example.com", "mailto:a@b@c", "ftp://host/", "https://host/?a=1", "%zz", "*",
	} {
		allow, err := deliver.ParseAllow("s3://shared," + bad)
		if err == nil {
			t.Errorf("%q is taken: %v", bad, allow)
			continue
		}
		if !strings.Contains(err.Error(), "entry 2 of MONTHEND_DELIVER_ALLOW") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: got %q", bad, err)
		}
	}
	for _, none := range []string{"", " , "} {
		got, err := deliver.ParseAllow(none)
		if diff := cmp.Diff(deliver.Allow(nil), got); diff != "" || err != nil {
			t.Errorf("%q: got %v, %v; want nothing allowed", none, got, err)
		}
	}
}

func FuzzAllow(f *testing.F) {
	f.Add("https://hooks.example.com/month", "https://hooks.example.com/month/%2e%2e/x")
	f.Add("http://127.0.0.1:80", "http://127.0.0.1@evil.example.org/")
	f.Add("mailto:@example.com", "mailto:x@example.com")
	f.Fuzz(func(t *testing.T, entry, address string) {
		allow, err := deliver.ParseAllow(entry)
		if err != nil || len(allow) != 1 {
			return
		}
		if allow.Permits(hookTo(address)) && !strings.HasPrefix(allow[0], "http") {
			t.Errorf("%q allows the webhook %q", entry, address)
		}
	})
}
