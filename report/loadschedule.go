package report

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/monthend/monthend/report/calendar"
)

// clockLength is that of a time of the day such as 06:00, whose form the schema has checked.
const clockLength = len("06:00")

// readSchedules reads schedule, one or a list, and due_by, which takes from the first schedule what it leaves out.
func (l *loader) readSchedules(schedule, dueBy *node) {
	usual := Schedule{Every: EveryMonth, YearStarts: time.January, Location: l.def.Location, PeriodEnds: l.def.Location}
	items := schedule.list()
	if schedule != nil && schedule.kind == mapNode {
		items = []*node{schedule}
	}
	names := map[string]bool{}
	for _, n := range items {
		if n.kind != mapNode {
			continue // the schema has complained
		}
		s, ok := l.readSchedule(n, usual)
		s.Name = n.get("name").str()
		switch {
		case len(items) > 1 && n.get("name") == nil:
			l.complain(n, "a schedule of several wants a name: what was asked for is remembered by it")
			continue
		case names[s.Name]:
			l.complain(n.get("name"), "schedule %q is given twice", clip(s.Name))
			continue
		}
		names[s.Name] = true
		if ok {
			l.def.Schedules = append(l.def.Schedules, s)
		}
	}
	if dueBy == nil || dueBy.kind != mapNode {
		return
	}
	if len(l.def.Schedules) > 0 {
		usual = l.def.Schedules[0]
		usual.Name = ""
	}
	if due, ok := l.readSchedule(dueBy, usual); ok {
		l.def.DueBy = &due
	}
}

// readSchedule reads one, beginning with what holds where nothing is said; ok when there was nothing to complain about.
func (l *loader) readSchedule(n *node, s Schedule) (_ Schedule, ok bool) {
	before := len(l.problems)
	if every := n.get("every"); every != nil {
		s.Every = Every(every.str())
	}
	if starts := n.get("year_starts"); starts != nil {
		for month := time.January; month <= time.December; month++ {
			if strings.ToLower(month.String()) == starts.str() {
				s.YearStarts = month
			}
		}
		if s.Every == EveryMonth {
			l.complain(starts, "year_starts: months are the same in every fiscal year; it goes with every: quarter or year")
		}
	}
	s.On = l.readDay(n.get("on"))
	if clock := n.get("at").str(); len(clock) == clockLength {
		s.Hour, _ = strconv.Atoi(clock[:2])
		s.Minute, _ = strconv.Atoi(clock[3:])
	}
	if zone := n.get("timezone"); zone != nil {
		s.Location = l.location(zone)
	}
	if days := n.get("calendar"); days != nil {
		s.Calendar = l.readCalendar(days)
	}
	return s, len(l.problems) == before && s.On != calendar.Day{} && s.Location != nil
}

// readDay says what a mistyped rule was likely meant to be.
func (l *loader) readDay(n *node) calendar.Day {
	text := n.str()
	if text == "" {
		return calendar.Day{}
	}
	day, err := calendar.ParseDay(text)
	if err == nil {
		return day
	}
	rule, _, orNext := strings.Cut(text, " or ")
	if near := Near(strings.TrimSpace(rule), calendar.Rules()); near != "" && errors.Is(err, calendar.ErrRule) {
		if orNext && !strings.HasSuffix(near, "business day") {
			near += calendar.NextBusinessDay
		}
		l.complain(n, "on: %q is not known; did you mean %q?", clip(text), near)
		return day
	}
	l.complain(n, "on: %q: %v", clip(text), err)
	return day
}

// readCalendar reads the name of holidays, or a mapping of what differs.
func (l *loader) readCalendar(n *node) calendar.Calendar {
	var cfg calendar.Config
	name := n
	if n.kind == mapNode {
		name = n.get("holidays")
		if weekend := n.get("weekend"); weekend != nil {
			cfg.Weekend = []time.Weekday{}
			for _, text := range weekend.strs() {
				if day, ok := calendar.ParseWeekday(text); ok {
					cfg.Weekend = append(cfg.Weekend, day)
				}
			}
		}
		cfg.Closed, cfg.Open = l.readDates(n.get("closed")), l.readDates(n.get("open"))
	}
	cfg.Holidays = name.str()
	c, err := calendar.New(cfg)
	var unknown *calendar.UnknownError
	switch {
	case errors.As(err, &unknown):
		l.complain(name, "calendar %q is not known%s", clip(unknown.Name), nearestCalendar(unknown.Name))
	case err != nil:
		l.complain(n, "calendar: %v", err)
	}
	return c
}

// otherNames are what people call calendars that have another name here.
var otherNames = map[string]string{
	"uk": "gb", "en": "gb", "usa": "us", "cs": "cz", "ja": "jp", "da": "dk", "sv": "se", "el": "gr", "eu": "ecb", "target": "ecb", "target2": "ecb",
}

// nearestCalendar ends the complaint about a name. Of two letters nearly any other is one slip away, so it is looked for among
// other names and among the parts of a country first.
func nearestCalendar(name string) string {
	name = strings.ToLower(name)
	country, _, _ := strings.Cut(name, "-")
	var parts, countries []string
	for _, known := range calendar.Names() {
		first, _, _ := strings.Cut(known, "-")
		if first == country {
			parts = append(parts, known)
		}
		countries = append(countries, first)
	}
	switch near := Near(name, calendar.Names()); {
	case otherNames[country] != "":
		return fmt.Sprintf("; did you mean %q?", otherNames[country])
	case slices.Contains(parts, name):
		return fmt.Sprintf("; did you mean %q?", name)
	case len(parts) > 0:
		return "; known are " + strings.Join(parts, ", ")
	case near != "" && len(name) > 2:
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return "; known are those of " + strings.Join(slices.Compact(countries), ", ")
}

// datePattern is the schema's.
var datePattern = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)

// readDates complains about days that no month has.
func (l *loader) readDates(n *node) []calendar.Date {
	var dates []calendar.Date
	for _, item := range n.list() {
		if !datePattern.MatchString(item.str()) {
			continue // the schema has complained
		}
		date, err := calendar.ParseDate(item.str())
		if err != nil {
			l.complain(item, "%v", err)
			continue
		}
		dates = append(dates, date)
	}
	return dates
}

// location reads the name of a time zone. "Local" is refused: what a report is does not depend on the machine.
func (l *loader) location(n *node) *time.Location {
	name := n.str()
	if name == "" {
		return nil
	}
	location, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		l.complain(n, "timezone %q is not known; want a name such as Europe/Prague", clip(name))
		return nil
	}
	return location
}
