package main

import (
	"fmt"

	"github.com/spf13/pflag"

	"github.com/monthend/monthend/report"
)

// monthOptions are the flags that say which month of a report is meant.
type monthOptions struct {
	year   int
	month  int
	tenant string
	flags  *pflag.FlagSet
}

func (o *monthOptions) addFlags(fs *pflag.FlagSet) {
	fs.IntVar(&o.month, "month", 0, "month of the report, 1 to 12")
	fs.IntVar(&o.year, "year", 0, "year of the report")
	fs.StringVar(&o.tenant, "tenant", "", "tenant, where the report has tenants")
	o.flags = fs
}

// key checks the flags and makes the key they mean.
func (o *monthOptions) key(name string) (report.Key, error) {
	switch {
	case !report.ValidName(name):
		return report.Key{}, usage("monthend reports list", "%q is not the name of a report", name)
	case !o.flags.Changed("month"):
		return report.Key{}, usage("", "--month is missing")
	case !o.flags.Changed("year"):
		return report.Key{}, usage("", "--year is missing")
	case o.tenant != "" && !report.ValidTenant(o.tenant):
		return report.Key{}, usage("", "%q is not the name of a tenant", o.tenant)
	}
	period, err := report.NewPeriod(o.year, o.month)
	if err != nil {
		return report.Key{}, usage("", "%w", err)
	}
	return report.Key{Report: name, Period: period, Tenant: o.tenant}, nil
}

// restating is the command that reads a published month of a key again, and of nobody else.
func restating(key report.Key) string {
	command := fmt.Sprintf("monthend trigger %s --month %d --year %d", key.Report, int(key.Period.Month), key.Period.Year)
	if key.Tenant != "" {
		command += " --tenant " + key.Tenant
	}
	return command + " --restate --reason …"
}
