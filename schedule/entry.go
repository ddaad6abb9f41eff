// Package schedule asks for reports when they are due: it looks what the definitions say, by the clock of the ledger's database,
// and promises the message of each period once. It stands beside console, above the ledger, report and trace. It does not know
// queues (whoever drains the ledger's outbox brings the messages there), and it runs nothing.
//
// Any number of schedulers may look at the same definitions. What was asked for is a row of the ledger, which one function writes
// together with the message: a scheduler that was paused, or whose clock or whose plan is wrong, asks for nothing twice and for
// nothing early.
package schedule

import "github.com/monthend/monthend/report"

// entry is one schedule of a definition.
type entry struct {
	report.Schedule
	id     string // what it is remembered by
	report string
}

// entries are all schedules, in the order of the definitions.
func entries(definitions []report.Definition) []entry {
	var out []entry
	for _, def := range definitions {
		for _, s := range def.Schedules {
			out = append(out, entry{Schedule: s, id: report.ScheduleID(def.Name, s), report: def.Name})
		}
	}
	return out
}

// dueByRhythm is what a due_by is met as. It is no schedule: since when it is known is all that is remembered of it.
func dueByRhythm(s report.Schedule) string { return "due by, " + s.Rhythm() }
