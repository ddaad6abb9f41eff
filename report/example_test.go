package report_test

import (
	"fmt"
	"time"

	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/report/catalog"
)

// The month begins and ends where the report's zone says: March 2026 in Prague ends in summer time.
func ExamplePeriod_Bounds() {
	prague, err := time.LoadLocation("Europe/Prague")
	if err != nil {
		fmt.Println(err)
		return
	}
	start, end := report.Period{Year: 2026, Month: time.March}.Bounds(prague)
	fmt.Println(start.Format(time.RFC3339), "until before", end.Format(time.RFC3339))
	// Output: 2026-03-01T00:00:00+01:00 until before 2026-04-01T00:00:00+02:00
}

// A job is one message; what EventBridge Scheduler sends names the month by when it was due.
func ExampleDecodeJob() {
	job, err := report.DecodeJob([]byte(`{"v":1,"report":"monthly-financials","period":"previous-month",
		"schedule":"arn:aws:scheduler:eu-central-1:000000000000:schedule/default/close","scheduled_at":"2026-04-01T04:00:00Z"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	period, err := job.ResolvePeriod(time.UTC)
	fmt.Println(job.Report, period, err)

	_, err = report.DecodeJob([]byte(`{"v":1,"report":"monthly-financials","period":"2026-13"}`))
	fmt.Println(err)
	// Output:
	// monthly-financials 2026-03 <nil>
	// bad job: field "period" at offset 46: "2026-13" is neither YYYY-MM nor previous-month
}

// A catalog is layers of definitions; those that ship are the first.
func ExampleCatalog() {
	definitions, err := report.NewCatalog(catalog.FS)
	if err != nil {
		fmt.Println(err)
		return
	}
	def, err := definitions.Get("monthly-financials")
	fmt.Println(def.Title, def.Currency, def.Location, err)

	_, err = definitions.Get("monthly-finances")
	fmt.Println(err)
	// Output:
	// Monthly financial report CZK Europe/Prague <nil>
	// no report is called "monthly-finances"; known are bank-reconciliation, monthly-financials
}
