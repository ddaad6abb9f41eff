package report_test

import (
	"strings"
	"testing"
	"time"

	"github.com/monthend/monthend/report"
)

func TestParseVersionName(t *testing.T) {
	for text, want := range map[string]report.VersionName{
		"monthly-financials/_/2026-03/v2": {Key: report.Key{Report: "monthly-financials", Period: report.Period{Year: 2026, Month: time.March}}, Number: 2},
		"r/acme.eu/2024-12/v10":           {Key: report.Key{Report: "r", Tenant: "acme.eu", Period: report.Period{Year: 2024, Month: time.December}}, Number: 10},
	} {
		got, err := report.ParseVersionName(text)
		if err != nil || got != want || got.String() != text {
			t.Errorf("%s: got %+v, %v, which is written %s", text, got, err, got)
		}
	}
	for text, want := range map[string]string{
		"":                                  "not four parts",
		"r/_/2026-03":                       "not four parts",
		"r/_/2026-03/v1/x":                  "not four parts",
		"R/_/2026-03/v1":                    "its report",
		"r/../2026-03/v1":                   "its tenant",
		"r//2026-03/v1":                     "its tenant",
		"r/_/2026-13/v1":                    "13",
		"r/_/2026-03/1":                     "such as v1",
		"r/_/2026-03/v0":                    "such as v1",
		"r/_/2026-03/v01":                   "such as v1",
		"r/_/2026-03/v+1":                   "such as v1",
		"r/_/2026-03/v1-1a6d7bf0":           "such as v1",
		"r/_/2026-03/v99999999999999999999": "such as v1",
	} {
		if got, err := report.ParseVersionName(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %+v, %v, want an error that says %q", text, got, err, want)
		}
	}
}

func FuzzParseVersionName(f *testing.F) {
	f.Add("monthly-financials/_/2026-03/v2")
	f.Add("r/acme.eu/2024-12/v10")
	f.Add("r/_/2026-03/v1-1a6d7bf0")
	f.Fuzz(func(t *testing.T, text string) {
		if v, err := report.ParseVersionName(text); err == nil && v.String() != text {
			t.Errorf("%q is read as %q", text, v)
		}
	})
}
