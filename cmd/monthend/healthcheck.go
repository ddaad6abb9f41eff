package main

import (
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// healthAge is how old the worker's last tick may be: a long poll of 20 s, and a retry of it.
const healthAge = time.Minute

func newHealthcheckCommand(a *app, s settings) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "healthcheck",
		Short: "Tell whether the worker still polls, by the file it rewrites",
		Args:  wants(),
		RunE:  func(*cobra.Command, []string) error { return runHealthcheck(s, time.Now()) },
	}
	flag(cmd.Flags().StringVar, cmd.Flags(), &s.HealthFile, "health-file", "file that the worker rewrites at each poll (MONTHEND_HEALTH_FILE)")
	return cmd
}

func runHealthcheck(s settings, now time.Time) error {
	if s.HealthFile == "" {
		return usage("export MONTHEND_HEALTH_FILE=/tmp/monthend.health", "MONTHEND_HEALTH_FILE is not set, and --health-file is not given")
	}
	data, err := os.ReadFile(s.HealthFile)
	if err != nil {
		return withCode(exitFailed, "", err)
	}
	tick, err := time.Parse(time.RFC3339, strings.TrimSpace(string(data)))
	if err != nil {
		return withCode(exitFailed, "", err)
	}
	if age := now.Sub(tick); age > healthAge {
		return withCode(exitFailed, "", &staleError{age: age})
	}
	return nil
}

type staleError struct{ age time.Duration }

func (e *staleError) Error() string {
	return "the worker has not polled for " + e.age.Round(time.Second).String()
}
