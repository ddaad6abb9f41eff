package main

import (
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/report/calendar"
)

// nextOptions are the flags of schedule next.
type nextOptions struct {
	count int
	from  string
}

// mostNext is how many firings are shown at the most.
const mostNext = 1000

func newScheduleNextCommand(a *app, s settings) *cobra.Command {
	var o nextOptions
	cmd := &cobra.Command{
		Use:   "next [REPORT]",
		Short: "Show when the schedules fire next, from the definitions alone",
		Example: "  monthend schedule next monthly-financials --count 24\n" +
			"  monthend schedule next --from 2027-01-01",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage(cmd.CommandPath()+" --help", "%q is one argument too many", args[1])
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return a.runScheduleNext(s, o, args) },
	}
	fs := cmd.Flags()
	fs.IntVar(&o.count, "count", 12, "how many firings")
	fs.StringVar(&o.from, "from", "", "the first day, such as 2026-04-01; from now on when empty")
	s.definitionFlags(fs)
	return cmd
}

// nextLine is one firing to come.
type nextLine struct {
	At       time.Time `json:"at"` // with the offset of the schedule's zone
	Timezone string    `json:"timezone"`
	Schedule string    `json:"schedule"`
	Report   string    `json:"report"`
	Period   string    `json:"period"`
	On       string    `json:"on"`
}

func (a *app) runScheduleNext(s settings, o nextOptions, args []string) error {
	if err := a.checkFormat(formatTable, formatJSON, formatCSV); err != nil {
		return err
	}
	if o.count < 1 || o.count > mostNext {
		return usage("", "--count %d is not between 1 and %d", o.count, mostNext)
	}
	var first calendar.Date
	if o.from != "" {
		var err error
		if first, err = calendar.ParseDate(o.from); err != nil {
			return usage("", "--from: %w", err)
		}
	}
	definitions, err := s.openCatalog()
	if err != nil {
		return err
	}
	whole, broken := scheduled(definitions)
	if len(args) == 1 {
		def, err := definitions.Get(args[0])
		if err != nil {
			return definitionFailure(err)
		}
		whole, broken = []report.Definition{def}, nil
	}
	lines := upcoming(whole, first, time.Now(), o.count)
	g := grid{head: []string{"at", "schedule", "of", "on"}}
	for _, l := range lines {
		g.rows = append(g.rows, []string{a.clockText(l.At, l.At.Location()), l.Schedule, l.Period, l.On})
	}
	if len(lines) == 0 {
		a.announce("no report has a schedule; one begins with schedule: in its report.yaml")
	}
	if err := a.printGrid(g, lines); err != nil {
		return err
	}
	return brokenDefinitions(broken)
}

// upcoming are the first count firings of all schedules: from the beginning of a day on where the schedule's clock hangs, after
// now without one.
func upcoming(definitions []report.Definition, first calendar.Date, now time.Time, count int) []nextLine {
	lines := []nextLine{}
	for _, def := range definitions {
		for _, s := range def.Schedules {
			after := now
			if first != (calendar.Date{}) {
				after = first.At(0, 0, s.Location).Add(-time.Nanosecond)
			}
			for range count {
				f := s.Next(after)
				lines = append(lines, nextLine{
					At: f.At, Timezone: s.Location.String(), Schedule: report.ScheduleID(def.Name, s), Report: def.Name, Period: f.Period.String(),
					On: s.On.String(),
				})
				after = f.At
			}
		}
	}
	slices.SortStableFunc(lines, func(x, y nextLine) int {
		if by := x.At.Compare(y.At); by != 0 {
			return by
		}
		return strings.Compare(x.Schedule, y.Schedule)
	})
	return lines[:min(count, len(lines))]
}
