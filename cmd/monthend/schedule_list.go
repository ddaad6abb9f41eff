package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/schedule"
)

// clockTime is how a time is shown where its place matters.
const clockTime = "Mon 2006-01-02 15:04 MST"

func newScheduleListCommand(a *app, s settings) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the schedules: when each one fires, when it last did, and what came of it",
		Long: "list shows every schedule by the clock of the ledger's database. A schedule is waiting when all that was due has\n" +
			"been asked for, due when a period will be in a moment, overdue when nobody has asked for it for five minutes, and\n" +
			"unseen when no scheduler has met it yet.",
		Args: wants(),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runScheduleList(cmd.Context(), s) },
	}
	s.databaseFlags(cmd.Flags())
	s.definitionFlags(cmd.Flags())
	return cmd
}

// scheduleLine is one schedule as lists show it.
type scheduleLine struct {
	Schedule    string    `json:"schedule"`
	Report      string    `json:"report"`
	Every       string    `json:"every"`
	On          string    `json:"on"`
	At          string    `json:"at"`
	Timezone    string    `json:"timezone"`
	State       string    `json:"state"`
	NextPeriod  string    `json:"next_period"`
	NextAt      time.Time `json:"next_at"` // with the offset of the schedule's zone
	DuePeriods  []string  `json:"due_periods"`
	LastPeriod  string    `json:"last_period,omitempty"`
	LastFired   time.Time `json:"last_fired_at,omitzero"`
	LastMissed  bool      `json:"last_missed,omitempty"` // found too late, and not asked for
	LastStands  string    `json:"last_stands,omitempty"`
	LastSuccess time.Time `json:"last_success_at,omitzero"`
	Days        *int      `json:"days_since_last_success,omitempty"`
}

func newScheduleLine(s schedule.Status) scheduleLine {
	zone := s.Schedule.Location
	line := scheduleLine{
		Schedule: s.ID, Report: s.Report, Every: s.Schedule.Rhythm(), On: s.Schedule.On.String(),
		At: fmt.Sprintf("%02d:%02d", s.Schedule.Hour, s.Schedule.Minute), Timezone: zone.String(), State: string(s.State),
		NextPeriod: s.Next.Period.String(), NextAt: s.Next.At.In(zone), DuePeriods: []string{}, LastSuccess: s.LastSuccess,
	}
	for _, f := range s.Due {
		line.DuePeriods = append(line.DuePeriods, f.Period.String())
	}
	if s.Last != nil {
		line.LastPeriod, line.LastFired, line.LastMissed = s.Last.Period.String(), s.Last.FiredAt, s.Last.RequestID == ""
		line.LastStands = string(s.LastAnswered)
	}
	if !s.LastSuccess.IsZero() {
		days := int(s.SinceSuccess / (24 * time.Hour))
		line.Days = &days
	}
	return line
}

func (a *app) runScheduleList(ctx context.Context, s settings) error {
	if err := a.checkFormat(formatTable, formatJSON, formatCSV); err != nil {
		return err
	}
	definitions, err := s.openCatalog()
	if err != nil {
		return err
	}
	books, err := s.openLedger(ctx, "")
	if err != nil {
		return err
	}
	defer books.Close()
	whole, broken := scheduled(definitions)
	statuses, err := schedule.Statuses(ctx, books, whole)
	if err != nil {
		return unavailable("", "list the schedules: %w", err)
	}
	g := grid{
		head:  []string{"schedule", "every", "on", "next", "of", "last", "fired", "stands", "last success", "days", "state"},
		right: map[int]bool{9: true},
	}
	lines := make([]scheduleLine, len(statuses))
	for i, status := range statuses {
		l := newScheduleLine(status)
		lines[i] = l
		zone := status.Schedule.Location
		days := ""
		if l.Days != nil {
			days = strconv.Itoa(*l.Days)
		}
		stands := l.LastStands
		if l.LastMissed && stands != "published" {
			stands = "missed"
		}
		g.rows = append(g.rows, []string{
			l.Schedule, l.Every, l.On + " " + l.At, a.clockText(l.NextAt, zone), l.NextPeriod, l.LastPeriod, a.clockText(l.LastFired, zone), stands,
			a.clockText(l.LastSuccess, zone), days, l.State,
		})
	}
	if err := a.printGrid(g, lines); err != nil {
		return err
	}
	return brokenDefinitions(broken)
}

// clockText is a time as a clock there shows it, "" for none; in CSV a program reads it, and its offset says where.
func (a *app) clockText(at time.Time, zone *time.Location) string {
	switch {
	case at.IsZero():
		return ""
	case a.format == formatCSV:
		return at.In(zone).Format(time.RFC3339)
	}
	return at.In(zone).Format(clockTime)
}

// brokenDefinitions is the end of a command that has shown what could be shown.
func brokenDefinitions(broken []error) error {
	if len(broken) == 0 {
		return nil
	}
	var mistakes *report.DefinitionError
	if errors.As(broken[0], &mistakes) {
		return withCode(exitFailed, "monthend reports check", broken[0])
	}
	return withCode(exitFailed, "", broken[0])
}
