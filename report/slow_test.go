package report_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/report"
)

func TestSlowAfter(t *testing.T) {
	for text, want := range map[string]report.SlowAfter{
		"10m":           {Total: 10 * time.Minute},
		"90s":           {Total: 90 * time.Second},
		"{publish: 2h}": {Stages: map[string]time.Duration{"publish": 2 * time.Hour}},
		"{total: 1h}":   {Total: time.Hour},
		"{total: 10m, data_extraction: 5m, data_validation: 10m}": {
			Total: 10 * time.Minute, Stages: map[string]time.Duration{"data_extraction": 5 * time.Minute, "data_validation": 10 * time.Minute},
		},
	} {
		t.Run(text, func(t *testing.T) {
			files := wholeFolder()
			files["sales/report.yaml"] = &fstest.MapFile{Data: []byte(strings.Replace(wholeDefinition, "currency: CZK\n", "currency: CZK\nslow_after: "+text+"\n", 1))}
			got, err := report.Load(files, "sales")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got.SlowAfter); diff != "" {
				t.Errorf("slow_after (-want +got):\n%s", diff)
			}
		})
	}
}
