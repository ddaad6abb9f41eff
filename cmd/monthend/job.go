package main

import (
	"github.com/spf13/pflag"

	"github.com/monthend/monthend/report"
)

// jobOptions are the flags that say which month is asked for, by whom and why.
type jobOptions struct {
	monthOptions
	restate bool
	reason  string
	as      string
}

func (o *jobOptions) addFlags(fs *pflag.FlagSet) {
	o.monthOptions.addFlags(fs)
	fs.BoolVar(&o.restate, "restate", false, "read a published month again and publish a new version if its data changed")
	fs.StringVar(&o.reason, "reason", "", "why the month is restated")
	fs.StringVar(&o.as, "as", "", "who asks, for the record; the account by default")
}

// job checks the flags and makes the job they mean.
func (o *jobOptions) job(name string) (report.Job, error) {
	key, err := o.key(name)
	switch {
	case err != nil:
		return report.Job{}, err
	case o.restate && o.reason == "":
		return report.Job{}, usage("", "--restate needs a --reason")
	case !o.restate && o.reason != "":
		return report.Job{}, usage("", "--reason goes with --restate")
	}
	if o.as == "" {
		o.as = whoAsks()
	}
	return report.Job{
		Report:      name,
		Period:      key.Period.String(),
		Tenant:      key.Tenant,
		Restate:     o.restate,
		Reason:      o.reason,
		RequestedBy: o.as,
		RequestID:   newRequestID(),
	}, nil
}
