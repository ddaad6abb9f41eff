package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"charm.land/lipgloss/v2"
	"github.com/spf13/cobra"
)

// doctorTimeout bounds each check unless --timeout says otherwise: X-Ray takes some seconds to show what it was sent.
const doctorTimeout = 15 * time.Second

func newDoctorCommand(a *app, s settings) *cobra.Command {
	var only []string
	timeout := doctorTimeout
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Look at everything a worker needs, and say what mends what is wrong",
		Long: "doctor looks at everything that a worker needs, with the worker's own settings: a line each, what was seen, and\n" +
			"below what is not well the command that mends it. It changes nothing: rights are tried with requests that cannot\n" +
			"succeed, the output with a file of its own below .doctor, X-Ray with one trace; a folder that a worker would make\n" +
			"at its start is made. All checks go on when one fails.\n\n" +
			"wrong is what stops runs or hides them, warn what will one day; unknown could not be looked at because of what\n" +
			"is wrong before it; unset is what nobody asked for.\n\n" +
			"Exit code 0: nothing is wrong, warnings allowed; 1: something is; 2: usage and malformed settings.\n\n" +
			"The checks, in their order: " + strings.Join(checkNames(), ", ") + ".",
		Example: "  monthend doctor\n" +
			"  monthend doctor --only redrive,queue-rights -o json",
		Args: wants(),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runDoctor(cmd.Context(), s, only, timeout) },
	}
	fs := cmd.Flags()
	s.databaseFlags(fs)
	s.sourceFlags(fs)
	s.queueFlags(fs)
	s.outputFlags(fs)
	s.definitionFlags(fs)
	s.outsideFlags(fs)
	s.deliverFlags(fs)
	s.traceFlags(fs)
	s.samplingFlags(fs)
	s.engineFlags(fs)
	flag(fs.IntVar, fs, &s.Concurrency, "concurrency", "runs at the same time, 1 unless set (MONTHEND_CONCURRENCY)")
	flag(fs.StringVar, fs, &s.HealthFile, "health-file", "file that the worker rewrites at each poll (MONTHEND_HEALTH_FILE)")
	flag(fs.StringVar, fs, &s.Metric.Addr, "metrics-addr", "host:port where a worker tells its figures (MONTHEND_METRICS_ADDR)")
	fs.StringSliceVar(&only, "only", nil, "look at these only, and at what they need")
	fs.DurationVar(&timeout, "timeout", doctorTimeout, "how long a check may take")
	return cmd
}

// doctorLine is what one check found, as it is printed.
type doctorLine struct {
	Check  string `json:"check"`
	Status string `json:"status"` // ok, warn, wrong, unknown or unset
	Seen   string `json:"seen"`
	Mend   string `json:"mend,omitempty"` // a command
	TookMS int64  `json:"took_ms"`
}

func (a *app) runDoctor(ctx context.Context, s settings, only []string, timeout time.Duration) error {
	if err := a.checkFormat(formatTable, formatJSON); err != nil {
		return err
	}
	for _, name := range only {
		if !slices.Contains(checkNames(), name) {
			return usage("monthend doctor --help", "--only %q is not one of %s", name, strings.Join(checkNames(), ", "))
		}
	}
	if timeout <= 0 {
		return usage("", "--timeout %s is not above 0", timeout)
	}
	if err := s.checkDoctor(); err != nil {
		return err
	}
	d := &doctor{settings: s, now: time.Now, timeout: timeout, found: map[string]finding{}}
	defer d.close()
	var lines []doctorLine
	for _, c := range d.chosen(only) {
		began := time.Now()
		f := d.look(ctx, c)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		line := doctorLine{c.name, f.status, oneLine(f.seen), f.mend, time.Since(began).Milliseconds()}
		lines = append(lines, line)
		if err := a.printDoctorLine(line); err != nil {
			return err
		}
	}
	if a.format == formatJSON {
		if err := a.printJSON(map[string]any{"checks": lines}); err != nil {
			return err
		}
	}
	bad := 0
	for _, line := range lines {
		if line.Status == checkWrong || line.Status == checkUnknown {
			bad++
		}
	}
	if bad > 0 {
		return withCode(exitFailed, "", fmt.Errorf("not well: %d of %s", bad, things(len(lines), "check")))
	}
	return nil
}

// checkDoctor refuses what is set and cannot be right; what is not set at all is a line of its own.
func (s *settings) checkDoctor() error {
	for _, set := range []struct {
		value string
		check func() error
	}{
		{s.DatabaseURL, s.needDatabase}, {s.SourceURL, s.needSource}, {s.QueueURL, s.needQueue}, {s.Output, s.needOutput},
	} {
		if set.value == "" {
			continue
		}
		if err := set.check(); err != nil {
			return err
		}
	}
	if s.Concurrency < 1 || s.MemoryMB < 0 {
		return usage("", "MONTHEND_CONCURRENCY %d is below 1, or MONTHEND_MEMORY_MB %d below 0", s.Concurrency, s.MemoryMB)
	}
	if err := s.checkTrace(); err != nil {
		return err
	}
	_, err := s.Trace.readRules()
	return err
}

// doctorStyles colour the words of doctor.
var doctorStyles = map[string]lipgloss.Style{
	checkOK:      lipgloss.NewStyle().Foreground(lipgloss.Green),
	checkWarn:    lipgloss.NewStyle().Foreground(lipgloss.Yellow),
	checkWrong:   lipgloss.NewStyle().Foreground(lipgloss.Red),
	checkUnknown: lipgloss.NewStyle().Foreground(lipgloss.Magenta),
	checkUnset:   lipgloss.NewStyle().Faint(true),
}

// printDoctorLine prints a line as soon as it is known: a check that waits should be seen to wait.
func (a *app) printDoctorLine(l doctorLine) error {
	if a.format == formatJSON {
		return nil
	}
	text := fmt.Sprintf("%s  %-18s  %s\n", doctorStyles[l.Status].Render(fmt.Sprintf("%-7s", l.Status)), l.Check, l.Seen)
	if l.Mend != "" {
		text += strings.Repeat(" ", 9) + l.Mend + "\n"
	}
	_, err := lipgloss.Fprint(a.stdout, text)
	return err
}
