package main

import (
	"github.com/spf13/pflag"

	"github.com/monthend/monthend/report"
)

// jobOptions are the flags that say which month of which report is meant.
type jobOptions struct {
	year    int
	month   int
	tenant  string
	restate bool
	reason  string
	as      string
}

func (o *jobOptions) addFlags(fs *pflag.FlagSet) {
	fs.IntVar(&o.month, "month", 0, "month of the report, 1 to 12")
	fs.IntVar(&o.year, "year", 0, "year of the report")
	fs.StringVar(&o.tenant, "tenant", "", "tenant, where the report has tenants")
	fs.BoolVar(&o.restate, "restate", false, "read a published month again and publish a new version if its data changed")
	fs.StringVar(&o.reason, "reason", "", "why the month is restated")
	fs.StringVar(&o.as, "as", "", "who asks, for the record; the account by default")
}

// job checks the flags and makes the job they mean.
func (o *jobOptions) job(name string) (report.Job, error) {
	switch {
	case !report.ValidName(name):
		return report.Job{}, usage("monthend reports list", "%q is not the name of a report", name)
	case o.month == 0:
		return report.Job{}, usage("", "--month is missing")
	case o.year == 0:
		return report.Job{}, usage("", "--year is missing")
	case o.tenant != "" && !report.ValidTenant(o.tenant):
		return report.Job{}, usage("", "%q is not the name of a tenant", o.tenant)
	case o.restate && o.reason == "":
		return report.Job{}, usage("", "--restate needs a --reason")
	case !o.restate && o.reason != "":
		return report.Job{}, usage("", "--reason goes with --restate")
	}
	period, err := report.NewPeriod(o.year, o.month)
	if err != nil {
		return report.Job{}, usage("", "%w", err)
	}
	if o.as == "" {
		o.as = whoAsks()
	}
	return report.Job{
		Report:      name,
		Period:      period.String(),
		Tenant:      o.tenant,
		Restate:     o.restate,
		Reason:      o.reason,
		RequestedBy: o.as,
		RequestID:   newRequestID(),
	}, nil
}
