package main

import (
	"time"

	"github.com/spf13/cobra"
)

// healthAge is how old the worker's last tick may be: a long poll of 20 s, and a retry of it.
const healthAge = time.Minute

func newHealthcheckCommand(a *app, s settings) *cobra.Command {
	ready := false
	cmd := &cobra.Command{
		Use:   "healthcheck",
		Short: "Tell whether the worker still polls, by the file it rewrites",
		Long: "healthcheck tells by the file that the worker rewrites at each poll whether it is alive: a worker that is not\n" +
			"should be started anew. With --ready it also tells what a worker that lives cannot do at present: receive, or\n" +
			"find room in its spool. That passes without a restart.",
		Args: wants(),
		RunE: func(*cobra.Command, []string) error { return runHealthcheck(s, ready, time.Now()) },
	}
	flag(cmd.Flags().StringVar, cmd.Flags(), &s.HealthFile, "health-file", "file that the worker rewrites at each poll (MONTHEND_HEALTH_FILE)")
	cmd.Flags().BoolVar(&ready, "ready", false, "ask also whether it can work")
	return cmd
}

func runHealthcheck(s settings, ready bool, now time.Time) error {
	if s.HealthFile == "" {
		return usage("export MONTHEND_HEALTH_FILE=/tmp/monthend.health", "MONTHEND_HEALTH_FILE is not set, and --health-file is not given")
	}
	polled, troubles, err := readHealth(s.HealthFile)
	if err != nil {
		return withCode(exitFailed, "", err)
	}
	if age := now.Sub(polled); age > healthAge {
		return withCode(exitFailed, "", &staleError{age: age})
	}
	if ready && troubles != "" {
		return withCode(exitFailed, "", &unreadyError{troubles})
	}
	return nil
}

type unreadyError struct{ troubles string }

func (e *unreadyError) Error() string { return "the worker lives and cannot work: " + e.troubles }

type staleError struct{ age time.Duration }

func (e *staleError) Error() string {
	return "the worker has not polled for " + e.age.Round(time.Second).String()
}
